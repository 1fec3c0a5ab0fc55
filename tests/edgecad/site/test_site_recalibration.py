"""A recalibration in a site's file: the probability moves, and no answer; it belongs to one network."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from scipy.special import expit, logit
from typer.testing import CliRunner

from edgecad import Classifier, Prediction
from edgecad.answer.records import Record, json_line, record_of_answer
from edgecad.cli.program import app
from edgecad.contract import Contract, Decision, network_digest
from edgecad.decision.zone import Zone
from edgecad.errors import UsageError
from edgecad.site import read_site

Write = Callable[..., Path]
Screens = Callable[[int], Any]
ZONE = Zone(low=0.45, high=0.55, alpha=0.1, cad=50, other=50, part="out-of-fold", wrong_up_to=0.15)


@pytest.fixture
def site(tmp_path: Path, tiny_contract: Contract) -> Write:
    """Write a site's file with a recalibration of the tiny network: `site(intercept, slope, more, network)`."""

    def write(intercept: float = -1.0, slope: float = 0.5, more: str = "", network: str | None = None) -> Path:
        path = tmp_path / "site.toml"
        path.write_text(
            f"[recalibration]\nintercept = {intercept}\nslope = {slope}\npatients = 140\n"
            f'network = "{network or network_digest(tiny_contract)}"\ndate = 2026-11-30\n{more}'
        )
        return path

    return write


@pytest.fixture
def zoned(tiny_model: Callable[..., bytes], tiny_contract: Contract, tmp_path: Path) -> Callable[..., Path]:
    """A file of the tiny model with a threshold, a zone and a temperature: the network is the same but for these."""

    def write(**fields: Any) -> Path:
        decision = Decision(**{"threshold": 0.5, "rule": "given", "zone": ZONE, **fields})
        path = tmp_path / "zoned.onnx"
        path.write_bytes(tiny_model(replace(tiny_contract, decision=decision)))
        return path

    return write


def answers(model: Path, screens: Screens, count: int = 6, **options: Any) -> list[Prediction]:
    with Classifier(model, device="cpu", **options) as classifier:
        return [classifier(screens(index)) for index in range(count)]


@pytest.mark.parametrize(("intercept", "slope"), [(-1.0, 0.5), (2.0, 3.0), (-20.0, 100.0), (20.0, 0.01)])
def test_the_probability_moves_and_every_answer_stays(
    site: Write, zoned: Callable[..., Path], phantom_screen: Screens, intercept: float, slope: float
) -> None:
    """At the contract's own threshold, and where a score lies exactly upon threshold or bound of the zone."""
    plain = answers(zoned(), phantom_screen)
    assert {answer.label for answer in plain} == {"CAD", "nonCAD"}
    scores = sorted(answer.probability for answer in plain)
    low, at, high = scores[1], scores[3], scores[4]
    for fields in ({}, {"threshold": at, "zone": replace(ZONE, low=low, high=high)}):
        model = zoned(**fields)
        before = answers(model, phantom_screen)
        after = answers(model, phantom_screen, site=site(intercept, slope))
        for one, other in zip(before, after, strict=True):
            assert (other.label, other.above, other.certainty) == (one.label, one.above, one.certainty)
            assert (other.own_probability, other.own_threshold) == (one.probability, one.threshold)
            assert other.threshold_from == one.threshold_from == "contract"
            log_odds = float(np.float64(one.logits[0]) - np.float64(one.logits[1]))
            assert other.probability == pytest.approx(float(expit(intercept + slope * log_odds)), abs=2e-5)
            assert one.zone_bounds is not None
            assert other.zone_bounds is not None
            assert (other.certainty == "uncertain") == (
                other.zone_bounds[0] <= other.probability <= other.zone_bounds[1]
            ), "who reads a record finds the same by its figures"
            np.testing.assert_array_equal(other.heatmap, one.heatmap)
            assert [finding.code for finding in other.findings] == [finding.code for finding in one.findings]


def test_a_temperature_is_before_it(site: Write, zoned: Callable[..., Path], phantom_screen: Screens) -> None:
    model = zoned(temperature=3.0)
    with Classifier(model, device="cpu") as classifier:
        network = network_digest(classifier.contract)
    (answer,) = answers(model, phantom_screen, 1, site=site(-1.0, 0.5, network=network))
    log_odds = float(answer.logits[0] - answer.logits[1]) / 3
    assert answer.probability == pytest.approx(float(expit(-1.0 + 0.5 * log_odds)), abs=1e-6)


def test_a_record_holds_both_scores_and_says_so(
    site: Write, zoned: Callable[..., Path], phantom_screen: Screens, tiny_contract: Contract
) -> None:
    (answer,) = answers(zoned(), phantom_screen, 1, site=site())
    record = msgspec.json.decode(json_line(record_of_answer("scan", answer, tiny_contract)), type=Record)
    assert record.recalibration == answer.recalibration
    assert (record.own_probability, record.own_threshold) == (answer.own_probability, 0.5)
    assert (record.probability, record.threshold) == (answer.probability, answer.threshold)
    assert record.threshold == pytest.approx(float(expit(-1.0)))
    powers = np.exp(np.array(record.logits) / record.temperature)
    assert record.own_probability == pytest.approx(powers[0] / powers.sum(), abs=1e-6)
    assert record.words is not None
    assert "recalibrated on 140 patients of this site" in record.words
    assert f"threshold {record.threshold:.2f}" in record.words


def test_without_one_a_record_says_nothing_of_it(zoned: Callable[..., Path], phantom_screen: Screens,
                                                 tiny_contract: Contract) -> None:  # fmt: skip
    (answer,) = answers(zoned(), phantom_screen, 1)
    record = record_of_answer("scan", answer, tiny_contract)
    assert (record.recalibration, record.own_probability, record.own_threshold) == (None, None, None)
    assert record.words is not None
    assert "recalibrated" not in record.words


def test_a_picture_says_it(site: Write, zoned: Callable[..., Path], phantom_screen: Screens,
                           drawn_words: list[str]) -> None:  # fmt: skip
    with Classifier(zoned(), device="cpu", site=site()) as classifier:
        picture = classifier.figure(classifier(phantom_screen(0)))
    assert picture.shape == (900, 1600, 3)
    assert "Recalibrated on 140 patients of this site." in drawn_words
    assert any(words.startswith("score ") and words.endswith(" (recalibrated)") for words in drawn_words)


# --- whose threshold ---------------------------------------------------------------------------------------


def test_a_threshold_that_somebody_gives_is_on_the_score_that_is_shown(
    site: Write, zoned: Callable[..., Path], phantom_screen: Screens
) -> None:
    model, moved = zoned(), float(expit(-1.0))
    ours = site(more="[decision]\nthreshold = 0.3\n")
    for answer in answers(model, phantom_screen, site=ours):
        assert (answer.threshold, answer.threshold_from) == (0.3, "site")
        assert answer.own_threshold == pytest.approx(float(expit((logit(0.3) + 1.0) / 0.5)))
        assert answer.above == (answer.own_probability >= answer.own_threshold)
    for answer in answers(model, phantom_screen, 2, site=ours, threshold=0.25):
        assert (answer.threshold, answer.threshold_from) == (0.25, "user")
    for answer in answers(model, phantom_screen, 2, site=ours, threshold=moved):
        assert (answer.own_threshold, answer.threshold_from) == (0.5, "contract"), "the contract's, where it is shown"
    for answer in answers(model, phantom_screen, 2, site=site(more="[decision]\nrule = 'equal-costs'\n")):
        assert (answer.threshold, answer.threshold_from) == (0.5, "site"), "costs are about the probability"


# --- which network -----------------------------------------------------------------------------------------


def test_every_precision_of_the_network_is_recalibrated_and_no_other_model(
    site: Write, folder_of: Callable[..., Path], phantom_screen: Screens, tiny_contract: Contract
) -> None:
    folder, path = folder_of("fp32", "int8"), site()
    for precision in ("fp32", "int8"):
        with Classifier(folder, device="cpu", precision=precision, site=path) as classifier:  # type: ignore[arg-type]
            assert classifier.recalibration == read_site(path).choices.recalibration
    site(network="b" * 64)
    with pytest.raises(UsageError) as caught:
        Classifier(folder, device="cpu", site=path)
    words = str(caught.value)
    for part in ("network bbbbbbbbbbbb (140 patients, 2026-11-30)", network_digest(tiny_contract)[:12], "tiny",
                 "take [recalibration] out"):  # fmt: skip
        assert part in words


@pytest.mark.parametrize("command", ["infer", "watch", "verify"])
def test_another_models_recalibration_ends_a_command_with_code_2_and_one_line(
    site: Write, model_folder: Path, phantom_jpeg: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "in").mkdir()
    words = {
        "infer": [phantom_jpeg, "--model", model_folder, "--json"],
        "watch": [tmp_path / "in", tmp_path / "out", "--model", model_folder, "--once"],
        "verify": [model_folder],
    }[command]
    path = site(network="c" * 64)
    done = CliRunner().invoke(app, [command, *map(str, words), "--device", "cpu", "--site", str(path)])
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = [line for line in done.stderr.splitlines() if "recalibrates the network" in line]
    assert "cccccccccccc" in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[recalibration]\nslope = 1.0\n", "missing required field `intercept`"),
        ("[recalibration]\nintercept = 0\nslope = 0\npatients = 9\nnetwork = '{n}'\ndate = 2026-01-01\n", "the slope"),
        ("[recalibration]\nintercept = 0\nslope = -1\npatients = 9\nnetwork = '{n}'\ndate = 2026-01-01\n", "the slope"),
        ("[recalibration]\nintercept = nan\nslope = 1\npatients = 9\nnetwork = '{n}'\ndate = 2026-01-01\n", "inter"),
        ("[recalibration]\nintercept = 0\nslope = 1\npatients = 9\nnetwork = '{n}'\ndate = 'soon'\n", "date"),
        ("[recalibration]\nintercept = 0\nslope = 1\npatients = 9\nnetwork = 'abc'\ndate = 2026-01-01\n", "no digest"),
        ("[recalibration]\ninterzept = 0\n", "recalibration.interzept, which is not known; [recalibration] knows "),
    ],
)  # fmt: skip
def test_a_section_that_cannot_be_meant_is_refused_by_its_key(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(text.replace("{n}", "a" * 64))
    with pytest.raises(UsageError) as caught:
        read_site(path)
    assert words in str(caught.value)


# --- programs ----------------------------------------------------------------------------------------------


def test_infer_prints_both_scores_as_json_and_as_csv(site: Write, model_folder: Path, phantom_jpeg: Path) -> None:
    words = ["infer", str(phantom_jpeg), "--model", str(model_folder), "--device", "cpu", "--site", str(site())]
    done = CliRunner().invoke(app, [*words, "--json"])
    record = json.loads(done.stdout)
    assert record["recalibration"]["patients"] == 140
    assert record["recalibration"]["date"] == "2026-11-30"
    (row,) = csv.DictReader(io.StringIO(CliRunner().invoke(app, [*words, "--csv"]).stdout))
    assert row["recalibrated_on"] == "140"
    for name in ("own_probability", "own_threshold", "probability", "threshold"):
        assert float(row[name]) == record[name]


def test_verify_compares_engines_on_the_models_own_score(
    site: Write, folder_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is near a threshold is recorded for the model's own score, and a map of it must not widen or narrow that."""
    from edgecad.verification import against

    seen: list[tuple[list[float], float]] = []
    whole = against.compare

    def compare(one: Any, other: Any, threshold: float, *more: Any, **named: Any) -> Any:
        seen.append((one.scores.tolist(), threshold))
        return whole(one, other, threshold, *more, **named)

    monkeypatch.setattr(against, "compare", compare)
    words = ["verify", str(folder_of("fp32", "int8")), "--precision", "int8", "--against-precision", "fp32"]
    for more in ([], ["--site", str(site(-3.0, 0.1))]):
        done = CliRunner().invoke(app, [*words, "--device", "cpu", *more])
        assert done.exit_code == 0, done.stderr
    assert seen[0] == seen[1]
