"""What the picture says first: shape, word, side of the threshold, stamp; and its colours, which come second."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from msgspec.structs import replace

from edgecad.answer.prediction import FORCED_STAMP, PHANTOM_STAMP, RESEARCH_STAMP, Finding
from edgecad.contract import Decision
from edgecad.picture.colours import GROUND, LOWERED, RAISED
from edgecad.picture.figure import answer_figure, refusal_figure
from edgecad.picture.line import line_of
from edgecad.picture.verdict import UNPROVEN, headline_of

from .gallery import CONTRACT, LINE, RECALIBRATION, answered, dataclass_zone, refused

Pixels = np.ndarray
ICON = (slice(74, 202), slice(40, 168))
VERDICT = (slice(60, 205), slice(30, 1570))


def coloured(picture: Pixels, colour: tuple[int, int, int], where: tuple[slice, slice] = VERDICT) -> bool:
    return bool((picture[where] == np.array(colour)).all(axis=-1).any())


def in_grey(picture: Pixels) -> Pixels:
    return picture[ICON].astype(int).max(axis=-1)


@pytest.mark.parametrize(
    ("score", "word", "side", "hue"),
    [
        (0.91, "CAD", "above threshold", RAISED),
        (0.04, "nonCAD", "below threshold", LOWERED),
        (0.16, "UNCERTAIN", "just above threshold", None),
        (0.09, "UNCERTAIN", "just below threshold", None),
        (0.12, "UNCERTAIN", "exactly at the threshold", None),
    ],
)
def test_an_answer_says_class_and_side_and_only_a_clear_one_has_a_hue(
    drawn_words: list[str], score: float, word: str, side: str, hue: tuple[int, int, int] | None
) -> None:
    picture = answer_figure(answered(score), CONTRACT, LINE)
    assert [word, side] == drawn_words[drawn_words.index(word) :][:2]
    for colour in (RAISED, LOWERED):
        assert coloured(picture, colour) == (colour == hue)
    assert (word == "UNCERTAIN") == any("counts as" in words for words in drawn_words)


def test_every_state_has_a_shape_of_its_own_without_any_colour() -> None:
    objections = ("the file says that it is a rest study; send another",)
    grave = (Finding("model-unmeasured", 1.0, "NOBODY MEASURED THIS MODEL HERE"),)
    pictures = {
        f"{name} {trust}": in_grey(answer_figure(answered(score, **more), CONTRACT, LINE))
        for name, score in (("above", 0.91), ("below", 0.04), ("uncertain", 0.16))
        for trust, more in (("plain", {}), ("forced", {"overruled": objections}), ("unproven", {"findings": grave}))
    }
    pictures["refused"] = in_grey(refusal_figure(refused("the screen is blank"), LINE))
    names = list(pictures)
    for index, one in enumerate(names):
        for other in names[index + 1 :]:
            # Forced and unproven share their shapes; their stamps and sides tell them apart.
            alike = one.split()[0] == other.split()[0] and "plain" not in one + other
            # Shapes, not shades: where one is bright and the other dark.
            far = np.abs((pictures[one] > 100).astype(int) - (pictures[other] > 100)).mean()
            assert (far == 0) if alike else far > 0.05, (one, other, far)


@pytest.mark.parametrize("score", [0.91, 0.04, 0.16])
@pytest.mark.parametrize("code", sorted(UNPROVEN))
def test_a_model_that_is_not_proven_gives_no_answer_a_colour_and_its_stamp_says_so(
    drawn_words: list[str], score: float, code: str
) -> None:
    finding = Finding(code, 0.4, "WHAT SPEAKS AGAINST THE MODEL")
    picture = answer_figure(answered(score, findings=(finding,), origin="patients"), CONTRACT, LINE)
    assert f"UNPROVEN MODEL - {RESEARCH_STAMP}" in drawn_words
    assert not any(coloured(picture, colour) for colour in (RAISED, LOWERED))
    assert (picture[100:800, :20] == np.array(GROUND)).all()


@pytest.mark.parametrize("score", [0.91, 0.04, 0.16])
def test_a_forced_answer_is_hatched_at_its_sides_and_has_no_colour(drawn_words: list[str], score: float) -> None:
    picture = answer_figure(answered(score, overruled=("the disc is cut off; send all of it",)), CONTRACT, LINE)
    assert f"{FORCED_STAMP} - {PHANTOM_STAMP}" in drawn_words
    assert "Overruled: the disc is cut off" in drawn_words
    assert not any(coloured(picture, colour) for colour in (RAISED, LOWERED))
    for side in (picture[100:800, 2:20], picture[100:800, -20:-2]):
        assert np.ptp(side, axis=(0, 1)).min() > 100


@pytest.mark.parametrize(
    ("origin", "stamp", "other"),
    [("phantom", PHANTOM_STAMP, RESEARCH_STAMP), ("mixed", PHANTOM_STAMP, RESEARCH_STAMP),
     ("patients", RESEARCH_STAMP, PHANTOM_STAMP)],
)  # fmt: skip
def test_the_stamp_of_the_model_stands_on_every_answer_and_only_that_of_research_is_calm(
    drawn_words: list[str], origin: str, stamp: str, other: str
) -> None:
    picture = answer_figure(answered(0.91, origin=origin), CONTRACT, LINE)
    assert stamp in drawn_words
    assert other not in drawn_words
    assert (np.ptp(picture[2:50, 2:150], axis=(0, 1)).max() > 100) == (stamp == PHANTOM_STAMP)


def test_a_sites_threshold_says_the_models_own_and_warns_where_the_two_disagree(drawn_words: list[str]) -> None:
    for score, disagree in ((0.31, True), (0.91, False), (0.04, False)):
        drawn_words.clear()
        answer_figure(answered(score, 0.5, zone=None), CONTRACT, LINE)
        assert any(words.endswith("the site's own threshold") for words in drawn_words)
        assert "threshold 0.50 (model's own 0.12)" in drawn_words
        assert ("The model's own threshold calls it CAD" in drawn_words) == disagree


def test_a_recalibrated_answer_says_the_models_own_threshold_on_the_score_that_is_shown(drawn_words: list[str]) -> None:
    shown, own = RECALIBRATION.moved(0.3), RECALIBRATION.moved(0.12)
    answer = answered(
        shown, RECALIBRATION.moved(0.4), recalibration=RECALIBRATION, own_probability=0.3, own_threshold=0.4
    )
    answer_figure(answer, CONTRACT, LINE)
    said = " ".join(drawn_words)
    assert f"score {shown:.2f} (recalibrated)" in said
    assert f"(model's own {own:.2f})" in said
    assert "Recalibrated on 140 patients of this site." in said
    assert "The model's own threshold calls it CAD" in said


@pytest.mark.parametrize("seed", range(40))
def test_figures_that_differ_are_told_apart_and_never_rounded_to_a_certainty(seed: int) -> None:
    rng = np.random.default_rng(seed)
    threshold = float(rng.choice([rng.uniform(0.001, 0.999), 0.001, 0.5, 0.999]))
    score = float(np.clip(threshold + rng.choice([0, 1e-8, -1e-5, 1e-3, 0.2, -0.2, 1, -1]), 0, 1))
    own = replace(CONTRACT, decision=Decision(threshold=threshold, rule="given"))
    verdict = headline_of(answered(score, threshold, threshold_from="contract", zone=None), own)
    assert (verdict.score == verdict.threshold) == (score == threshold)
    assert not {"0.00", "1.00"} & {verdict.score, verdict.threshold}
    assert verdict.side.startswith("exactly" if score == threshold else "above" if score > threshold else "below")


def test_an_uncertain_score_far_from_the_threshold_is_not_called_just_above_it() -> None:
    wide = dataclass_zone(0.05, 0.9)
    assert headline_of(answered(0.8, zone=wide), CONTRACT).side == "above threshold"
    assert headline_of(answered(0.2, zone=wide), CONTRACT).side == "just above threshold"


def test_a_refusal_says_the_reason_what_was_seen_and_what_is_wanted_and_shows_no_score(drawn_words: list[str]) -> None:
    record = refused("DICOM of another kind; a polar map screen is wanted: save the screen")
    refusal_figure(record, line_of(record, CONTRACT.name))
    assert {
        PHANTOM_STAMP, "NOT ANALYSED", "reason: wrong-kind", "DICOM of another kind.",
        "A polar map screen is wanted: save the screen.",
        "There is no score for this scan: neither above nor below the threshold.",
    } <= set(drawn_words)  # fmt: skip
    assert not any(words.startswith(("score", "threshold")) for words in drawn_words)


@pytest.mark.parametrize("words", [1, 60, 150, 2000])
def test_a_refusals_message_is_whole_or_says_that_the_record_holds_the_rest(drawn_words: list[str], words: int) -> None:
    message = " ".join(f"word{number}" for number in range(words)) + "; do this"
    refusal_figure(refused(message), LINE)
    said = " ".join(drawn_words)
    whole = all(f"ord{number}" in said for number in range(words)) and "Do this." in said
    assert whole != ("The record holds the rest." in said)
    assert whole == (words < 2000)


def test_a_failure_is_not_called_a_refusal(drawn_words: list[str]) -> None:
    refusal_figure(refused("the engine gave no finite value", "GateFailed", status="failed"), LINE)
    assert "failed: GateFailed" in drawn_words
    assert "NOT ANALYSED" in drawn_words


@pytest.mark.parametrize("length", [3, 20, 40, 80, 200])
def test_a_class_of_any_name_stands_within_the_page(drawn_words: list[str], length: int) -> None:
    label = ("a class of patients " * 20)[:length].strip()
    named = replace(CONTRACT, classes=(label, "nonCAD"), positive=label)
    picture = answer_figure(answered(0.91, label=label, positive=label), named, LINE)
    assert (picture[60:205, 1563:] == np.array(GROUND)).all()
    assert label in drawn_words or length == 200


def test_the_words_of_the_answer_are_never_below_threshold_alone(drawn_words: list[str]) -> None:
    """Elsewhere, "below" a limit means abnormal: the class stands before it."""
    answer_figure(answered(0.04), CONTRACT, LINE)
    assert drawn_words[drawn_words.index("below threshold") - 1] == "nonCAD"
    answer_figure(answered(0.09), CONTRACT, LINE)
    assert any(words.endswith("counts as nonCAD") for words in drawn_words)


def test_any_frame_of_a_scan_is_named(drawn_words: list[str]) -> None:
    answer_figure(answered(0.91, frame=3), CONTRACT, dataclasses.replace(LINE, frame=3))
    assert "frame 3" in drawn_words
