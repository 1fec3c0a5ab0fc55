"""Familiarity: its formula, the refusal, the finding before it, and that both can be forced, seen and recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from edgecad import Classifier
from edgecad.answer.familiarity import distances, unit, words_about
from edgecad.answer.findings import doubts_about
from edgecad.answer.records import json_line
from edgecad.cli.infer.printing import printer_of
from edgecad.contract import Contract, Familiarity, GoldenAnswer
from edgecad.errors import InputRefused
from edgecad.inference.answering import answer
from edgecad.inference.predicting import ANSWER_OUTPUTS, outputs_for
from edgecad.inference.replaying import golden_answers


@pytest.fixture
def limited(tiny_model: Callable[..., bytes], tiny_contract: Contract, tmp_path: Path) -> Callable[..., Path]:
    """The tiny model with these limits; `golden` of its own where they are asked for."""

    def write(noted: float, limit: float, golden: tuple[GoldenAnswer, ...] = ()) -> Path:
        limits = Familiarity(centres=1, patients=100, noted=noted, limit=limit)
        path = tmp_path / "model.onnx"
        path.write_bytes(tiny_model(replace(tiny_contract, familiarity=limits, golden=golden)))
        return path

    return write


def distance_of(image: np.ndarray) -> float:
    """The tiny model's: its features are mean colours, and its one centre is grey."""
    pooled = image.reshape(-1, 3).mean(axis=0)
    return 1 - float(pooled.sum() / np.linalg.norm(pooled) / 3**0.5)


def test_the_distance_is_one_minus_the_cosine_to_the_nearest_centre() -> None:
    draw = np.random.default_rng(0)
    pooled, centres = draw.normal(size=(5, 7)), unit(draw.normal(size=(3, 7)))
    by_hand = [min(1 - row @ c / np.linalg.norm(row) for c in centres) for row in pooled]
    np.testing.assert_allclose(distances(pooled, centres), by_hand, atol=1e-12)
    np.testing.assert_allclose(distances(1e6 * centres, centres), 0, atol=1e-12)
    assert distances(np.zeros((1, 7)), centres) == [1.0]


def test_the_answer_holds_the_graph_s_distance(model_folder: Path, phantom_jpeg: Path) -> None:
    with Classifier(model_folder, device="cpu") as classifier:
        seen = classifier(phantom_jpeg)
    assert seen.familiarity == pytest.approx(distance_of(seen.image), abs=1e-5)
    assert 0.001 < seen.familiarity < 1.9


def test_beyond_the_limit_a_scan_is_refused_and_the_message_says_what_to_do(
    limited: Callable[..., Path], phantom_jpeg: Path
) -> None:
    with (
        Classifier(limited(1e-5, 1e-4), device="cpu") as classifier,
        pytest.raises(
            InputRefused, match=r"unlike the training scans: distance 0\.\d+, at most 0\.0001 allowed; "
        ) as raised,
    ):
        classifier(phantom_jpeg)
    assert raised.value.reason == "unfamiliar"


def test_who_insists_gets_an_answer_that_says_it(limited: Callable[..., Path], phantom_jpeg: Path) -> None:
    with Classifier(limited(1e-5, 1e-4), device="cpu") as classifier:
        forced = classifier(phantom_jpeg, force=True)
    assert any("unlike the training scans" in words for words in forced.overruled)
    assert forced.stamp.startswith("FORCED")
    assert "unfamiliar" in {finding.code for finding in forced.findings}


@pytest.mark.parametrize(("noted", "told"), [(1e-5, True), (1.9, False)])
def test_near_the_limit_an_answer_has_a_finding(
    limited: Callable[..., Path], phantom_jpeg: Path, noted: float, told: bool
) -> None:
    with Classifier(limited(noted, 1.95), device="cpu") as classifier:
        seen = classifier(phantom_jpeg)
    texts = [finding.text for finding in seen.findings if finding.code == "unfamiliar"]
    assert len(texts) == told
    assert all(text.startswith("UNLIKE THE TRAINING SCANS: distance ") for text in texts)


def test_record_and_refusal_say_it(limited: Callable[..., Path], phantom_jpeg: Path) -> None:
    with Classifier(limited(1.0, 1.9), device="cpu") as classifier:
        record = json.loads(json_line(answer(classifier, phantom_jpeg, "scan", draw=False).record))
    assert record["familiarity"] == pytest.approx(0.02, abs=0.5)
    assert record["familiarity_limit"] == 1.9
    with Classifier(limited(1e-5, 1e-4), device="cpu") as classifier:
        outcome = answer(classifier, phantom_jpeg, "scan", draw=False)
    assert (outcome.record.status, outcome.record.reason, outcome.exit_code) == ("refused", "unfamiliar", 3)
    assert outcome.record.familiarity is None


@pytest.mark.parametrize(("noted", "told"), [(1e-5, True), (1.9, False)])
def test_the_line_that_infer_prints_says_it(
    limited: Callable[..., Path], phantom_jpeg: Path, capsys: pytest.CaptureFixture[str], noted: float, told: bool
) -> None:
    with Classifier(limited(noted, 1.95), device="cpu") as classifier:
        record = answer(classifier, phantom_jpeg, "scan", draw=False).record
    printer_of(json=False, csv=False)(record)
    line = capsys.readouterr().out
    assert line.startswith(
        f"scan: {record.words}; UNLIKE THE TRAINING SCANS  [" if told else f"scan: {record.words}  ["
    )


def test_golden_samples_are_never_refused_for_it(limited: Callable[..., Path]) -> None:
    recorded = golden_answers(limited(1e-5, 1e-4))
    assert any(entry.familiarity is not None and entry.familiarity > 1e-4 for entry in recorded)
    with Classifier(limited(1e-5, 1e-4, recorded), device="cpu") as classifier:
        assert all(entry.holds for entry in classifier.replay_golden())


def test_an_engine_whose_distances_moved_fails_its_golden_samples(limited: Callable[..., Path]) -> None:
    recorded = golden_answers(limited(0.1, 0.2))
    for moved, holds in ((0.009, True), (0.011, False)):
        other = tuple(replace(entry, familiarity=(entry.familiarity or 0.0) + moved) for entry in recorded)
        with Classifier(limited(0.1, 0.2, other), device="cpu", replay="never") as classifier:
            assert [entry.holds for entry in classifier.replay_golden()] == [holds] * len(recorded)


def test_a_model_without_limits_answers_and_says_that_nothing_was_checked(
    tiny_model: Callable[..., bytes], tiny_contract: Contract, tmp_path: Path, phantom_jpeg: Path
) -> None:
    contract = replace(tiny_contract, familiarity=None)
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_model(contract))
    with Classifier(path, device="cpu") as classifier:
        seen = classifier(phantom_jpeg)
    assert seen.familiarity is None
    assert "familiarity-unmeasured" in {finding.code for finding in seen.findings}
    assert "familiarity-unmeasured" not in {doubt.code for doubt in doubts_about(tiny_contract)}
    assert outputs_for(contract) == ANSWER_OUTPUTS
    assert outputs_for(tiny_contract) == (*ANSWER_OUTPUTS, "familiarity")


def test_words_say_what_set_the_limits_and_that_few_patients_did() -> None:
    enough = words_about(Familiarity(centres=21, patients=99, noted=0.05, limit=0.07))
    assert "21 centres" in enough
    assert "beyond" not in enough
    assert "fewer than 99 patients, so the limit is wider" not in enough
    assert "fewer than 99 patients, so the limit is wider" in words_about(
        Familiarity(centres=6, patients=98, noted=0.05, limit=0.07)
    )
    assert words_about(None).startswith("not measured")


def test_inspect_says_it(model_folder: Path) -> None:
    from typer.testing import CliRunner

    from edgecad.cli.program import app

    told = CliRunner().invoke(app, ["inspect", str(model_folder)])
    assert told.exit_code == 0
    assert "familiarity" in told.stdout
    assert "1 centres" in " ".join(told.stdout.split())
