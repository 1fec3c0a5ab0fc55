"""What people see and programs read: stamps, words, pictures without the screen's text, JSON."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

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


@pytest.fixture
def drawn_words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that is drawn from now on."""
    words: list[str] = []
    draw = cv2.putText

    def put_text(canvas: Pixels, text: str, *rest: object) -> Pixels:
        words.append(text)
        return draw(canvas, text, *rest)

    monkeypatch.setattr(cv2, "putText", put_text)
    return words


def refused(message: str) -> Record:
    return record_of_failure("scan.jpg", InputRefused("blank", message), PROVENANCE)


# --- stamps and words --------------------------------------------------------------------------------------


def test_only_a_model_of_patients_alone_is_without_the_phantom_stamp() -> None:
    assert stamp_of("phantom") == stamp_of("mixed") == PHANTOM_STAMP == "PHANTOM MODEL - NOT FOR PATIENTS"
    assert stamp_of("patients") == RESEARCH_STAMP
    assert "RESEARCH" in RESEARCH_STAMP


@pytest.mark.parametrize(
    ("origin", "stamp"), [("phantom", PHANTOM_STAMP), ("mixed", PHANTOM_STAMP), ("patients", RESEARCH_STAMP)]
)
def test_the_figure_of_an_answer_bears_the_stamp_of_its_model(
    answer: Prediction, tiny_contract: Contract, drawn_words: list[str], origin: str, stamp: str
) -> None:
    answer_figure(dataclasses.replace(answer, origin=origin), replace(tiny_contract, origin=origin), LINE)
    assert stamp in drawn_words
    assert len({PHANTOM_STAMP, RESEARCH_STAMP} & set(drawn_words)) == 1


def test_the_figure_of_a_refusal_bears_the_stamp_and_the_reason(drawn_words: list[str]) -> None:
    refusal_figure(refused("the screen is blank"), LINE)
    assert {PHANTOM_STAMP, "NOT ANALYSED", "the screen is blank"} <= set(drawn_words)


@pytest.mark.parametrize("threshold", [0.05, 0.95])
def test_words_say_score_and_threshold_and_never_normal_or_healthy(
    answer: Prediction, tiny_contract: Contract, drawn_words: list[str], threshold: float
) -> None:
    shown = dataclasses.replace(answer, threshold=threshold)
    side = "above" if threshold < 0.5 else "below"
    assert f"score {answer.probability:.2f}, {side} threshold {threshold:.2f}" in shown.words
    answer_figure(shown, tiny_contract, LINE)
    refusal_figure(refused("the screen is blank"), LINE)
    assert shown.words in drawn_words
    for text in [*drawn_words, json_line(record_of_answer("scan.jpg", shown, tiny_contract))]:
        assert not FORBIDDEN.search(text), text


@pytest.mark.parametrize(("probability", "words"), [(0.0004, "<0.01"), (0.9996, ">0.99"), (0.124, "0.12")])
def test_rounding_never_makes_a_certainty_of_a_score(answer: Prediction, probability: float, words: str) -> None:
    said = dataclasses.replace(answer, probability=probability).words
    assert f"score {words}, " in said
    assert "0.00" not in said
    assert "1.00" not in said


def test_the_figure_says_who_labelled_how_many_and_what_the_colours_are_not(
    answer: Prediction, tiny_contract: Contract, drawn_words: list[str]
) -> None:
    answer_figure(answer, tiny_contract, LINE)
    words = "\n".join(drawn_words)
    assert "40% of the training patients were CAD; labelled by simulated reader" in words
    assert "4x4 cells; not uptake, ischaemia or an artery" in words


# --- pictures ----------------------------------------------------------------------------------------------


def test_nothing_written_beside_the_disc_reaches_the_figure(
    classifier: Classifier, draw_map: Callable[..., Pixels]
) -> None:
    bare = draw_map()
    written = bare.copy()
    pattern = np.random.default_rng(0).integers(0, 2, (40, 500, 1)).astype(np.uint8) * 255
    written[20:60, 40:540] = pattern
    cv2.putText(written, "DOE JOHN 1950-01-01", (900, 1040), cv2.FONT_HERSHEY_DUPLEX, 1.0, (255,) * 3, 2)
    assert not np.array_equal(bare, written)
    figures = [answer_figure(classifier(screen), classifier.contract, LINE) for screen in (bare, written)]
    assert np.array_equal(*figures)


def test_what_is_on_the_disc_does_reach_the_figure(classifier: Classifier, draw_map: Callable[..., Pixels]) -> None:
    figures = [answer_figure(classifier(draw_map(seed=seed)), classifier.contract, LINE) for seed in (0, 1)]
    assert not np.array_equal(*figures)


def test_refusal_and_answer_are_of_one_size_and_unlike(answer: Prediction, tiny_contract: Contract) -> None:
    answered = answer_figure(answer, tiny_contract, LINE)
    drawn = refusal_figure(refused("the screen is blank"), LINE)
    assert answered.shape == drawn.shape == (726, 1312, 3)
    assert answered.dtype == drawn.dtype == np.uint8
    # No panel is drawn where an answer has three.
    assert answered[110:480].std() > 2 * drawn[110:480].std()
    assert not np.array_equal(drawn, refusal_figure(refused("another reason"), LINE))


def test_many_objections_that_were_overruled_stay_legible(
    answer: Prediction, tiny_contract: Contract, drawn_words: list[str]
) -> None:
    seen = tuple(
        f"objection {number} is {'a long sentence ' * 5}(of 17; and more) here; do this" for number in range(6)
    )
    figure = answer_figure(dataclasses.replace(answer, overruled=seen), tiny_contract, LINE)
    told = [words for words in drawn_words if "objection" in words or words.endswith(" more")]
    assert 1 < len(told) <= 2
    assert max(map(len, told)) <= 150
    assert " ".join(told).startswith("refused: objection 0 is a long sentence")
    assert "do this" not in "".join(told)
    assert told[-1].endswith("; and 4 more")
    assert (figure[-3:] == figure[-1, 0]).all()  # nothing is cut off below


def test_few_objections_that_were_overruled_are_all_told(
    answer: Prediction, tiny_contract: Contract, drawn_words: list[str]
) -> None:
    answer_figure(dataclasses.replace(answer, overruled=("one; do this", "two")), tiny_contract, LINE)
    assert "refused: one; two" in drawn_words


@pytest.mark.parametrize("identity", ["Patient Ü-7", "患者 12", "\x00\n", "🫀", "x" * 4000])
def test_any_name_for_a_scan_can_be_drawn(
    answer: Prediction, tiny_contract: Contract, drawn_words: list[str], identity: str
) -> None:
    plain = answer_figure(answer, tiny_contract, LINE)
    assert answer_figure(answer, tiny_contract, dataclasses.replace(LINE, identity=identity)).shape == plain.shape
    assert refusal_figure(refused("Größe " * 200), dataclasses.replace(LINE, identity=identity)).shape == plain.shape
    # OpenCV draws nothing else.
    assert all(text.isascii() for text in drawn_words)


def test_a_name_is_printed_only_if_it_is_given(
    answer: Prediction, tiny_contract: Contract, drawn_words: list[str]
) -> None:
    answer_figure(answer, tiny_contract, LINE)
    assert "case-17" not in drawn_words
    answer_figure(answer, tiny_contract, dataclasses.replace(LINE, identity="case-17"))
    assert "case-17" in drawn_words


# --- records -----------------------------------------------------------------------------------------------

PROVENANCE = Provenance(PHANTOM_STAMP, "m" * 64, "c" * 64, "cpu", "CPUExecutionProvider", "fp32")
FIELDS = {
    "schema", "scan", "frame", "id", "status", "stamp", "reason", "message", "label", "positive", "probability",
    "threshold", "logits", "findings", "overruled", "scan_sha256", "model", "contract", "device", "provider",
    "precision", "milliseconds", "figure", "words", "classes", "temperature", "threshold_from", "time", "site",
    "heatmap", "full_scale", "region_threshold", "view", "disc", "screen", "colour_table", "segments", "layout",
    "familiarity", "familiarity_limit", "certainty", "zone", "recalibration", "own_probability", "own_threshold",
    "remarks", "uids",
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


@pytest.mark.parametrize("count", [1, 2, 4, 9])
def test_findings_stay_on_the_picture_and_the_gravest_has_the_colour_of_a_warning(
    answer: Prediction, tiny_contract: Contract, count: int
) -> None:
    """However many there are: nothing is cut off below, and one that says DO NOT DEPLOY is not like the others."""
    quiet = tuple(
        Finding(f"code-{i}", 0.5, f"something that is said of this model at length, number {i}") for i in range(count)
    )
    grave = (*quiet, Finding("operating-point-useless", 0.2, "DO NOT DEPLOY: a specificity of 0.2"))
    below = slice(642, None)
    plain = answer_figure(dataclasses.replace(answer, findings=quiet), tiny_contract, LINE)[below]
    warned = answer_figure(dataclasses.replace(answer, findings=grave), tiny_contract, LINE)[below]
    warm = [int(((part[..., 0] > 200) & (part[..., 2] < 120)).sum()) for part in (plain, warned)]
    assert warm[0] == 0
    assert warm[1] > 200
    assert (plain[-8:] == plain[-1, 0]).all()
    assert (warned[-8:] == warned[-1, 0]).all()
