"""A recalibration gets into a site's file, and everything else in it stays."""

from __future__ import annotations

import datetime
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from edgecad.contract import Contract, network_digest
from edgecad.decision.recalibration import Recalibration, threshold_on_shown
from edgecad.errors import UsageError
from edgecad.site import MAX_BYTES, SiteDecision, read_site
from edgecad_train.judgement.sitefile import write_recalibration

Write = Callable[..., list[str]]
OURS = """# our hospital
[colours]  # of our screens
tables = ["warm"]

[decision]
threshold = 0.42  # the board's, 2026
# the last line
"""
FORMS = {
    "table": "# a\n[recalibration] # b\nintercept = 1 # c\nslope = 2.0\npatients = 90\nnetwork = '{n}'\n"
    "date = 2025-01-31\n",
    "inline": "recalibration = {{intercept = 1.0, slope = 2.0, patients = 90, network = '{n}', date = 2025-01-31}}\n",
    "dotted": "recalibration.intercept = 1\nrecalibration.slope = 2\nrecalibration.patients = 90\n"
    "recalibration.network = '{n}'\nrecalibration.date = 2025-01-31\n",
}


@pytest.fixture
def by(tiny_contract: Contract) -> Recalibration:
    return Recalibration(
        intercept=-0.1234567890123456, slope=0.7, patients=120, network=network_digest(tiny_contract),
        date=datetime.date(2026, 11, 30),
    )  # fmt: skip


@pytest.fixture
def write(tiny_contract: Contract, by: Recalibration) -> Write:
    def into(path: Path, replace: bool = False) -> list[str]:
        return write_recalibration(path, tiny_contract, by, replace=replace)

    return into


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_keys_comments_and_their_order_stay(
    write: Write, by: Recalibration, tmp_path: Path, mark: bytes, ends: str
) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(mark + OURS.replace("\n", ends).encode())
    told = write(path)
    after = path.read_bytes()
    assert after.startswith(mark)
    text = after.decode("utf-8-sig")
    assert text.count("\n") == text.count(ends)
    lines = text.split(ends)
    kept = [line for line in OURS.splitlines() if line and not line.startswith("threshold")]
    assert [line for line in lines if line in kept] == kept
    (moved,) = [line for line in lines if line.startswith("threshold")]
    assert moved.endswith("  # the board's, 2026")
    assert told == [f"its own threshold 0.42 became {by.moved(0.42):.6g}, which gives the same answers"]
    site = read_site(path)
    assert [table.name for table in site.tables] == ["warm"]
    assert site.choices.recalibration == by
    assert site.choices.decision.threshold == by.moved(0.42)
    assert threshold_on_shown(by.moved(0.42), by).own == pytest.approx(0.42, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "", "decision.threshold = 0.3\n", "[decision]\nrule = 'costs=3'", "\n\n# nothing\n",
        "colours = {tables = ['warm']}", "[decision]\nthreshold = 3e-1\n[signature]\nkey = 'x.pem'\n",
        "[decision]\n\n[colours]\ntables = [\n  'warm', # a\n]", "[decision]\nrule = 'balanced' # b",
        "[signature]\nkey = 'unser Schlüssel.pem'\n",
    ],
)  # fmt: skip
def test_every_form_of_toml_is_kept(write: Write, by: Recalibration, tmp_path: Path, text: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    before = read_site(path).choices
    write(path)
    site, own = read_site(path), before.decision.threshold
    assert site.choices.recalibration == by
    assert site.choices.decision == (before.decision if own is None else SiteDecision(threshold=by.moved(own)))
    assert (site.choices.colours, site.choices.signature) == (before.colours, before.signature)
    for line in text.splitlines():
        assert line in path.read_text(encoding="utf-8") or "threshold" in line


@pytest.mark.parametrize("form", FORMS)
def test_another_recalibration_is_written_over_only_if_asked(
    write: Write, by: Recalibration, tmp_path: Path, form: str
) -> None:
    text = FORMS[form].format(n=by.network) + "# about the next\n[decision]\nthreshold = 0.4\n"
    path = tmp_path / "site.toml"
    path.write_text(text)
    old = read_site(path).choices.recalibration
    assert old is not None
    with pytest.raises(UsageError, match=r"has a recalibration already .90 patients, 2025-01-31, network .* --replace"):
        write(path)
    assert path.read_text() == text
    write(path, replace=True)
    new = read_site(path).choices
    assert new.recalibration == by
    assert new.decision.threshold == by.moved(old.moved_back(0.4)), "the answers stay"
    assert "# about the next" in path.read_text()


def test_a_threshold_on_the_score_of_another_network_is_not_moved_by_guess(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    text = FORMS["table"].format(n="b" * 64)
    path.write_text(text + "[decision]\nthreshold = 0.4\n")
    with pytest.raises(UsageError, match=r"a threshold of its own, on the score of another network .bbbbbbbbbbbb"):
        write(path, replace=True)
    path.write_text(text + "[decision]\nrule = 'balanced'\n")
    assert write(path, replace=True) == [], "a rule takes its threshold from the model"


@pytest.mark.parametrize("threshold", [0.3, 0.9, 1e-300])
@pytest.mark.parametrize(("intercept", "slope"), [(20.0, 1.5), (-20.0, 100.0), (20.0, 100.0)])
def test_a_threshold_that_would_leave_the_scores_is_not_moved_and_the_file_stays(
    by: Recalibration, tiny_contract: Contract, tmp_path: Path, threshold: float, intercept: float, slope: float
) -> None:
    path = tmp_path / "site.toml"
    path.write_text(f"[decision]\nthreshold = {threshold!r}\n")
    before = path.read_bytes()
    far = msgspec.structs.replace(by, intercept=intercept, slope=slope)
    with pytest.raises(UsageError, match=r"cannot be moved so that answers stay.*take the threshold out"):
        write_recalibration(path, tiny_contract, far, replace=False)
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions, and links want a privilege")
def test_a_link_stays_one_and_who_could_read_the_file_still_can(write: Write, tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "site.toml"
    real.write_text(OURS)
    real.chmod(0o664)
    link.symlink_to(real)
    before = os.umask(0o077)
    try:
        write(link)
    finally:
        os.umask(before)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o664
    assert read_site(real).choices.recalibration is not None
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_file_that_would_become_too_large_stays_as_it_is(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    text = "# x\n" * ((MAX_BYTES - 40) // 4)
    path.write_text(text)
    with pytest.raises(UsageError, match="more than 65536 bytes"):
        write(path)
    assert path.read_text() == text
