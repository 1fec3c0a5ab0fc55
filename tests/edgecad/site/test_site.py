"""A site's file: what it may say, what is refused, and what it changes for a model."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from edgecad import Classifier
from edgecad.answer.findings import doubts_about
from edgecad.answer.records import Record
from edgecad.cli.program import app
from edgecad.contract import Contract, Decision
from edgecad.decision.evidence import Evidence, OperatingPoint, Share
from edgecad.decision.recalibration import Threshold
from edgecad.errors import ModelInvalid, UsageError
from edgecad.modelfiles.sums import write_sums
from edgecad.site import MAX_BYTES, SiteChoices, read_site
from edgecad.spool.index import SpoolRecord

Write = Callable[..., Path]
RULE = "sensitivity>=0.95"


@pytest.fixture
def site_file(tmp_path: Path) -> Write:
    """Write a site's file, from its text or its bytes."""

    def write(content: str | bytes, name: str = "site.toml") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def answers(*words: object) -> tuple[int, list[Record], str]:
    done = CliRunner().invoke(app, ["infer", *map(str, words), "--json", "--device", "cpu"])
    return done.exit_code, [msgspec.json.decode(line, type=Record) for line in done.stdout.splitlines()], done.stderr


# --- reading -----------------------------------------------------------------------------------------------


def test_an_empty_file_chooses_nothing(site_file: Write) -> None:
    site = read_site(site_file(""))
    assert site.choices == SiteChoices()
    assert (site.key, site.threshold_for(None)) == (None, None)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "as Windows' editors write it"])
def test_it_is_known_by_the_hash_of_its_bytes(site_file: Write, mark: bytes) -> None:
    content = mark + b"# ours\r\n[decision]\r\nthreshold = 0.42\r\n"
    site = read_site(str(site_file(content)))
    assert site.sha256 == hashlib.sha256(content).hexdigest()
    assert site.threshold_for(None) == Threshold(0.42, 0.42)


@pytest.mark.parametrize(
    ("text", "seen", "known"),
    [
        ("[decision]\ntreshold = 0.4", "decision.treshold", "[decision] knows threshold, rule"),
        ("[signature]\nkeys = 'a'", "signature.keys", "[signature] knows key"),
        ("threshold = 0.4", "threshold", "the file knows decision, signature, colours"),
        ("[tables]\n", "tables", "the file knows decision, signature"),
        ("[decision]\nthreshold = '0.4'", "decision.threshold", "Expected `float | null`, got `str`"),
        ("[decision]\nthreshold = true", "decision.threshold", "got `bool`"),
        ("[decision]\nthreshold = 1", "decision", "threshold 1.0 is not above 0 and below 1"),
        ("[decision]\nthreshold = 0.0", "decision", "is not above 0 and below 1"),
        ("[decision]\nthreshold = nan", "decision", "is not above 0 and below 1"),
        ("[decision]\nthreshold = inf", "decision", "is not above 0 and below 1"),
        ("[decision]\nrule = 'best'", "'best'", "give balanced, equal-costs, sensitivity>=S"),
        ("[decision]\nrule = 'balanced'\nthreshold = 0.4", "both given", "give one of them"),
        ("decision = 1", "decision", "got `int`"),
        ("[[decision]]\n", "decision", "got `array`"),
        ("[signature]\nkey = ''", "signature", "path is empty"),
        ("[decision", "not TOML", "mend"),
        ("a = " + "[" * 5000, "not TOML", "mend"),
        (b"\xff\xfe[\x00", "not TOML", "mend"),
        ("#" * (MAX_BYTES + 1), "more than 65536 bytes", "name another"),
    ],
)
def test_what_cannot_be_meant_is_said_with_what_is_known(
    site_file: Write, text: str | bytes, seen: str, known: str
) -> None:
    path = site_file(text)
    with pytest.raises(UsageError) as caught:
        read_site(path)
    for word in (str(path), seen, known):
        assert word in str(caught.value)


def test_what_is_no_file_is_never_waited_for(tmp_path: Path) -> None:
    places = [tmp_path / "absent", tmp_path, tmp_path / "a\0b"]
    if os.name != "nt":
        os.mkfifo(tmp_path / "pipe")
        places.append(tmp_path / "pipe")
    for place in places:
        with pytest.raises(UsageError, match="--site"):
            read_site(place)


# --- thresholds --------------------------------------------------------------------------------------------


def point(rule: str, threshold: float, found: int = 90, cleared: int = 70) -> OperatingPoint:
    def share(count: int) -> Share:
        return Share(count=count, n=100, low=0.0, high=1.0)

    return OperatingPoint(
        rule=rule, threshold=threshold, sensitivity=share(found), specificity=share(cleared), rests_on=5
    )


EVIDENCE = Evidence(
    part="out-of-fold",
    point=point("balanced", 0.5),
    refused=point("specificity>=0.99", 0.97, 20, 99),
    scores_differ=True,
    scores_rise=True,
    table=(point(RULE, 0.25, 96), point("sensitivity>=0.9", 0.35, 91, 40)),
)


@pytest.mark.parametrize(
    ("rule", "threshold"),
    [
        (RULE, 0.25), ("sensitivity>=.950", 0.25), ("balanced", 0.5), ("specificity>=0.99", 0.97),
        ("equal-costs", 0.5), ("costs=3", 0.25),
    ],
)  # fmt: skip
def test_a_rule_takes_its_threshold_from_the_models_evidence(site_file: Write, rule: str, threshold: float) -> None:
    site = read_site(site_file(f"[decision]\nrule = '{rule}'"))
    assert site.threshold_for(EVIDENCE) == Threshold(threshold, threshold)
    if rule in ("equal-costs", "costs=3"):
        assert site.threshold_for(None) == Threshold(threshold, threshold), "which needs no patients"
    else:
        with pytest.raises(UsageError, match=r"no threshold for it \(it has: none\)"):
            site.threshold_for(None)


def test_a_rule_without_a_threshold_is_said_with_those_that_have_one(site_file: Write) -> None:
    site = read_site(site_file("[decision]\nrule = 'sensitivity>=0.8'"))
    with pytest.raises(UsageError, match=r"it has: balanced, sensitivity>=0.95, sensitivity>=0.9, specificity>=0.99"):
        site.threshold_for(EVIDENCE)


@pytest.fixture
def doubted(tiny_contract: Contract) -> Contract:
    decision = Decision(threshold=0.5, rule="any", asked="balanced", evidence=EVIDENCE)
    return replace(tiny_contract, decision=decision)


@pytest.mark.parametrize(
    ("threshold", "told"),
    [
        (0.25, set()), (0.35, {"operating-point-useless"}),
        (0.97, {"operating-point-useless", "operating-point-not-shown"}), (0.3, {"site-threshold-unmeasured"}),
    ],
)  # fmt: skip
def test_a_threshold_of_the_evidence_was_measured_and_is_judged_by_its_figures(
    doubted: Contract, threshold: float, told: set[str]
) -> None:
    assert {doubt.code for doubt in doubts_about(doubted, threshold)} == told


@pytest.fixture
def own_rules(doubted: Contract, tiny_model: Callable[..., bytes], tmp_path: Path) -> Path:
    """A model with evidence."""
    path = tmp_path / "rules.onnx"
    path.write_bytes(tiny_model(doubted))
    return path


def test_the_command_line_overrules_the_file_and_the_file_the_contract(
    site_file: Write, own_rules: Path, phantom_jpeg: Path
) -> None:
    path = site_file(f"[decision]\nrule = '{RULE}'")
    seen = []
    for more in ((), ("--site", path), ("--site", path, "--threshold", 0.3), ("--site", path, "--threshold", 0.5)):
        code, (record,), _ = answers(phantom_jpeg, "--model", own_rules, *more)
        assert code == 0
        seen.append((record.threshold, record.threshold_from, record.site is not None))
    assert seen == [(0.5, "contract", False), (0.25, "site", True), (0.3, "user", True), (0.5, "contract", True)]


def test_every_record_has_the_hash_of_the_file(site_file: Write, model_folder: Path, phantom_jpeg: Path) -> None:
    path = site_file("[decision]\nthreshold = 0.999")
    code, records, complained = answers(phantom_jpeg, path, "absent.jpg", "--model", model_folder, "--site", path)
    assert code == 3
    assert [record.status for record in records] == ["answered", "refused", "refused"]
    assert {record.site for record in records} == {hashlib.sha256(path.read_bytes()).hexdigest()}
    assert "the site's own threshold >0.99" in (records[0].words or "")
    assert "its sensitivity and specificity were not measured" in complained


def test_a_watch_under_another_file_answers_the_same_scan_again(
    site_file: Write, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    words = ["watch", tmp_path / "in", tmp_path / "out", "--model", model_folder, "--device", "cpu", "--once", "-q"]
    hashes = []
    for name, text in (("a", "[decision]\nthreshold = 0.4"), ("b", "[decision]\nthreshold = 0.3"), ("b", None)):
        path = tmp_path / name if text is None else site_file(text, name)
        hashes.append(hashlib.sha256(path.read_bytes()).hexdigest())
        shutil.copy(phantom_jpeg, tmp_path / "in" / "scan.jpg")
        done = CliRunner().invoke(app, [*map(str, words), "--site", str(path)])
        assert done.exit_code == 0, done.stderr
    found = [msgspec.json.decode(path.read_bytes(), type=SpoolRecord) for path in tmp_path.glob("out/*/*/*.json")]
    found.sort(key=lambda record: record.recorded)
    assert [(record.status, record.threshold, record.site) for record in found] == [
        ("answered", 0.4, hashes[0]), ("answered", 0.3, hashes[1]), ("copy", None, hashes[1]),
    ]  # fmt: skip


def test_pictures_under_two_files_have_two_names(site_file: Write, model_folder: Path, phantom_jpeg: Path) -> None:
    from edgecad.inference.answering import name_of

    names = set()
    for text in ("", "# once more"):
        with Classifier(model_folder, device="cpu", site=site_file(text)) as classifier:
            names.add(name_of("0" * 64, classifier))
    with Classifier(model_folder, device="cpu") as classifier:
        names.add(name_of("0" * 64, classifier))
    assert len(names) == 3


@pytest.mark.parametrize("command", ["infer", "watch", "verify"])
def test_a_wrong_file_ends_a_command_with_code_2_and_one_line_before_its_model_is_opened(
    site_file: Write, tmp_path: Path, phantom_jpeg: Path, command: str
) -> None:
    (tmp_path / "in").mkdir()
    words = {"infer": [phantom_jpeg], "watch": [tmp_path / "in", tmp_path / "out"], "verify": []}[command]
    model = [tmp_path / "no model"] if command == "verify" else ["--model", tmp_path / "no model"]
    path = site_file("[decision]\ntreshold = 0.4")
    done = CliRunner().invoke(app, [command, *map(str, [*words, *model, "--site", path])])
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.endswith("decision.treshold, which is not known; [decision] knows threshold, rule")


def test_python_takes_the_file_or_the_choices(site_file: Write, model_folder: Path, phantom_jpeg: Path) -> None:
    path = site_file("[decision]\nthreshold = 0.4")
    for site in (path, str(path), read_site(path)):
        with Classifier(model_folder, device="cpu", site=site) as classifier:
            answer = classifier(phantom_jpeg)
        assert (answer.threshold, answer.threshold_from) == (0.4, "site")
        assert answer.site_sha256 == read_site(path).sha256


# --- verify and signatures ---------------------------------------------------------------------------------


def test_verify_counts_flips_at_the_sites_threshold(
    site_file: Write, folder_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgecad.verification import against

    seen: list[tuple[float, float | None]] = []
    whole = against.compare

    def compare(one: Any, other: Any, threshold: float, near: float, other_threshold: float, **named: Any) -> Any:
        seen.append((threshold, other_threshold))
        return whole(one, other, threshold, near, other_threshold, **named)

    monkeypatch.setattr(against, "compare", compare)
    folder = folder_of("fp32", "int8")
    words = ["verify", str(folder), "--precision", "int8", "--against-precision", "fp32", "--device", "cpu"]
    for more in ([], ["--site", str(site_file("[decision]\nthreshold = 0.125"))]):
        done = CliRunner().invoke(app, [*words, *more])
        assert done.exit_code == 0, done.stderr
    assert seen[0][0] != 0.125
    assert seen[1] == (0.125, 0.125)


@pytest.fixture
def signed(model_folder: Path, tmp_path: Path, site_file: Write) -> tuple[Path, Path]:
    """A signed model folder, and a site's file that demands its signature, by a key beside it."""
    pytest.importorskip("cryptography", reason="signatures need the extra edgecad[sign]")
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    folder = tmp_path / "signed"
    shutil.copytree(model_folder, folder)
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    (folder / "SHA256SUMS.sig").write_bytes(key.sign(write_sums(folder).read_bytes()))
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "signer.pem").write_bytes(pem)
    return folder, site_file("[signature]\nkey = 'signer.pem'")


def test_only_a_model_with_the_signature_that_a_site_demands_answers(
    signed: tuple[Path, Path], model_folder: Path, phantom_jpeg: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder, site = signed
    monkeypatch.chdir(tmp_path.parent)  # the key is found beside the file, from anywhere
    assert answers(phantom_jpeg, "--model", folder, "--site", site)[0] == 0
    for model in (model_folder, model_folder / "model.onnx"):
        code, records, complained = answers(phantom_jpeg, "--model", model, "--site", site)
        assert (code, records) == (6, [])
        assert "sign" in complained
    for name, change in {"model.onnx": b"x", "SHA256SUMS": b"\n"}.items():
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole + change)
        with pytest.raises(ModelInvalid):
            Classifier(folder, device="cpu", site=site)
        (folder / name).write_bytes(whole)


def test_a_file_that_changes_between_its_check_and_its_opening_is_not_used(
    signed: tuple[Path, Path], tiny_model: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgecad.inference import opening

    folder, site = signed
    load = opening.load_model

    def swapped(*words: Any, **more: Any) -> Any:
        (folder / "model.onnx").write_bytes(tiny_model(off_logits=1.0))
        (folder / "SHA256SUMS").unlink()
        return load(*words, **more)

    monkeypatch.setattr(opening, "load_model", swapped)
    with pytest.raises(ModelInvalid, match="nobody signed it"):
        Classifier(folder, device="cpu", precision="fp32", site=site)


def test_verify_checks_the_sites_key_and_the_command_lines_own_instead(
    signed: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, site = signed
    words = ["verify", str(folder), "--device", "cpu", "--json", "--site", str(site)]
    done = CliRunner().invoke(app, words)
    assert json.loads(done.stdout)["integrity"]["signature"] == "holds"
    (tmp_path / "other.pem").write_text("no key")
    done = CliRunner().invoke(app, [*words, "--key", str(tmp_path / "other.pem")])
    assert done.exit_code == 2
    assert "other.pem is no public key" in done.stderr
