"""What people see and programs read: stamps, words, pictures without the screen's text, JSON."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgecad import Classifier, Contract, Prediction
from edgecad.answer.prediction import PHANTOM_STAMP, RESEARCH_STAMP, Finding, stamp_of
from edgecad.answer.records import SCHEMA, Provenance, Record, json_line, record_of_answer, record_of_failure
from edgecad.errors import GateFailed, InputRefused
from edgecad.picture.figure import answer_figure, refusal_figure
from edgecad.picture.line import IdLine

Pixels = np.ndarray
LINE = IdLine(model="tiny", model_sha256="m" * 64, precision="fp32", device="cpu")
FORBIDDEN = re.compile(r"normal|healthy|disease probability|chance of disease is", re.IGNORECASE)


@pytest.fixture(scope="module")
def classifier(model_folder: Path) -> Classifier:
    return Classifier(model_folder, device="cpu")


@pytest.fixture(scope="module")
def answer(classifier: Classifier, phantom_screen: Callable[[int], Pixels]) -> Prediction:
    return classifier(phantom_screen(1))


def refused(message: str) -> Record:
    return record_of_failure("scan.jpg", InputRefused("blank", message), PROVENANCE)


# --- stamps and words --------------------------------------------------------------------------------------


def test_only_a_model_of_patients_alone_is_without_the_phantom_stamp() -> None:
    assert stamp_of("phantom") == stamp_of("mixed") == PHANTOM_STAMP == "PHANTOM MODEL - NOT FOR PATIENTS"
    assert stamp_of("patients") == RESEARCH_STAMP
    assert "RESEARCH" in RESEARCH_STAMP


@pytest.mark.parametrize("threshold", [0.05, 0.95])
def test_words_say_score_and_threshold_and_never_normal_or_healthy(
    answer: Prediction, tiny_contract: Contract, drawn_words: list[str], threshold: float
) -> None:
    shown = dataclasses.replace(answer, threshold=threshold)
    side = "above" if threshold < 0.5 else "below"
    assert f"score {answer.probability:.2f}, {side} threshold {threshold:.2f}" in shown.words
    answer_figure(shown, tiny_contract, LINE)
    refusal_figure(refused("the screen is blank"), LINE)
    assert {f"{side} threshold", f"score {answer.probability:.2f}", f"threshold {threshold:.2f}"} <= set(drawn_words)
    for text in [" ".join(drawn_words), json_line(record_of_answer("scan.jpg", shown, tiny_contract))]:
        assert not FORBIDDEN.search(text), text


@pytest.mark.parametrize(("probability", "words"), [(0.0004, "<0.01"), (0.9996, ">0.99"), (0.124, "0.12")])
def test_rounding_never_makes_a_certainty_of_a_score(answer: Prediction, probability: float, words: str) -> None:
    said = dataclasses.replace(answer, probability=probability).words
    assert f"score {words}, " in said
    assert "0.00" not in said
    assert "1.00" not in said


# --- records -----------------------------------------------------------------------------------------------

PROVENANCE = Provenance(PHANTOM_STAMP, "m" * 64, "c" * 64, "cpu", "CPUExecutionProvider", "fp32")
FIELDS = {
    "schema", "scan", "frame", "id", "status", "stamp", "reason", "message", "label", "positive", "probability",
    "threshold", "logits", "findings", "overruled", "scan_sha256", "model", "contract", "device", "provider",
    "precision", "chosen", "milliseconds", "figure", "words", "classes", "temperature", "threshold_from", "time",
    "site",
    "heatmap", "full_scale", "region_threshold", "view", "disc", "screen", "colour_table", "segments", "layout",
    "familiarity", "familiarity_limit", "certainty", "zone", "recalibration", "own_probability", "own_threshold",
    "remarks", "uids", "clinical",
}  # fmt: skip


def test_the_record_of_an_answer_holds_what_was_answered(answer: Prediction, tiny_contract: Contract) -> None:
    shown = dataclasses.replace(answer, findings=(Finding("overlay", 0.0123, "text was painted over"),))
    record = json.loads(json_line(record_of_answer("scan.jpg", shown, tiny_contract, "case-17", "a.png")))
    assert set(record) == FIELDS
    assert record["schema"] == SCHEMA == 2
    assert (record["status"], record["label"], record["id"]) == ("answered", answer.label, "case-17")
    assert record["stamp"] == PHANTOM_STAMP
    assert record["probability"] == pytest.approx(answer.probability)
    assert record["logits"] == pytest.approx(list(answer.logits))
    assert record["findings"] == [{"code": "overlay", "value": 0.0123, "text": "text was painted over"}]
    assert record["reason"] is record["message"] is None
    assert (record["model"], record["scan_sha256"]) == (answer.model_sha256, answer.scan_sha256)


def test_the_record_of_a_refusal_has_the_same_fields_and_no_score() -> None:
    error = InputRefused("blank", "the screen is blank")
    record = json.loads(json_line(record_of_failure("scan.jpg", error, PROVENANCE)))
    assert set(record) == FIELDS
    assert (record["status"], record["reason"]) == ("refused", "blank")
    assert record["message"] == "the screen is blank"
    assert record["probability"] is record["label"] is record["logits"] is None
    assert record["stamp"] == PHANTOM_STAMP


def test_a_check_that_failed_is_not_recorded_as_a_refusal() -> None:
    record = json.loads(json_line(record_of_failure("scan.jpg", GateFailed("not finite"), PROVENANCE)))
    assert (record["status"], record["reason"]) == ("failed", "GateFailed")


def test_a_record_is_one_line_whatever_the_scan_is_called() -> None:
    error = InputRefused("blank", "two\nlines")
    line = json_line(record_of_failure("a\nb ü 患.jpg", error, PROVENANCE, identity="x\ny"))
    assert "\n" not in line
    assert json.loads(line)["scan"] == "a\nb ü 患.jpg"
