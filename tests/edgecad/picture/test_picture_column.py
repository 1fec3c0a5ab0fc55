"""Warnings and notes beside the maps: only where there is something, the gravest first, and never past the page."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from msgspec.structs import replace

from edgecad.answer.findings import findings_of
from edgecad.answer.heatmap import DOUBTED_FROM, share_outside_disc
from edgecad.answer.prediction import Finding
from edgecad.contract import Labelling
from edgecad.picture.colours import GROUND
from edgecad.picture.figure import answer_figure
from edgecad.picture.verdict import headline_of
from edgecad.picture.warnings import SHORT, seen_part, warnings_of
from edgecad.polarmap import PreparedMap, View

from .gallery import CONTRACT, LINE, MANY, answered, cells, drawn_map

COLUMN = (slice(362, 846), slice(1050, 1563))
NUMBER = "more in the record"


def told(drawn_words: list[str]) -> str:
    return " ".join(drawn_words)


def test_an_answer_without_findings_warns_of_nothing(drawn_words: list[str]) -> None:
    answer_figure(answered(0.91), CONTRACT, LINE)
    said = told(drawn_words)
    assert warnings_of(answered(0.91), headline_of(answered(0.91), CONTRACT)) == []
    for words in (
        "A score, not the chance of disease", "lowered the score", "raised the score",
        "7×7 cells: too coarse for an artery. Not uptake, not ischaemia.",
        "53% of the training patients were CAD; labelled by unnamed readers.",
        "Full colour is 15 logit units, on every scan of this model.",
    ):  # fmt: skip
        assert words in said


@pytest.mark.parametrize(("scale", "words"), [(168.4, "170"), (15.0, "15"), (0.123, "0.12"), (2400.0, "2400")])
def test_the_scale_is_a_plain_number(drawn_words: list[str], scale: float, words: str) -> None:
    shown = replace(CONTRACT, heatmap=replace(CONTRACT.heatmap, full_scale=scale))
    answer_figure(answered(0.91), shown, LINE)
    assert f"Full colour is {words} logit units" in told(drawn_words)


@pytest.mark.parametrize("code", [*SHORT, "a-code-of-another-version"])
def test_every_finding_is_told_in_few_words_with_its_figure(drawn_words: list[str], code: str) -> None:
    finding = Finding(code, 0.21, f"what {code} says at length")
    answer = answered(0.91, findings=(finding,))
    (words,) = warnings_of(answer, headline_of(answer, CONTRACT))
    assert words[0] == words[0].upper()
    assert len(words) <= 80
    assert "{" not in words
    answer_figure(answer, CONTRACT, LINE)
    assert words in told(drawn_words)


@pytest.mark.parametrize("seed", range(30))
def test_however_many_findings_the_gravest_stand_first_and_the_rest_is_counted(
    drawn_words: list[str], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.permutation([*SHORT, "new"])[: rng.integers(1, len(SHORT) + 2)]
    long = [
        f"objection {number} {'is long ' * int(rng.integers(0, 30))}; do this" for number in range(rng.integers(0, 4))
    ]
    findings = tuple(Finding(str(code), 0.3, f"of {code} much is said " * int(rng.integers(1, 4))) for code in codes)
    score = float(rng.choice([0.91, 0.16, 0.04]))
    answer = answered(score, findings=findings, overruled=tuple(long))
    labelling = Labelling(reference="readers " * int(rng.integers(1, 60)), prevalence=0.4)
    picture = answer_figure(answer, replace(CONTRACT, labelling=labelling), LINE)
    wanted, said = warnings_of(answer, headline_of(answer, CONTRACT)), told(drawn_words)
    shown = [words for words in wanted if words in said]
    assert wanted[0][:20] in said
    assert len(shown) >= min(2, len(wanted)) or len(long) > 0
    assert shown == [words for words in wanted if words in shown]
    more = [int(words.split()[0]) for words in drawn_words if words.endswith(NUMBER)]
    # One that is too long for all the room there is is cut, and not counted as left out.
    assert sum(more) in (len(wanted) - len(shown), len(wanted) - len(shown) - 1)
    ground = (picture[846:857, 1050:1600] == np.array(GROUND)) | (len(long) > 0)
    assert ground.all()
    assert (picture[362:846, 1563:1576] == np.array(GROUND)).all()
    assert "Not uptake, not ischaemia." in said or "ischaemia." in said


def test_that_the_image_alone_answered_is_shown_however_much_speaks_against_the_model(drawn_words: list[str]) -> None:
    answer = answered(0.91, findings=tuple(Finding(code, 0.3, f"of {code}") for code in SHORT))
    answer_figure(answer, CONTRACT, LINE)
    assert "The image alone answered" in told(drawn_words)


def test_what_speaks_against_the_model_stands_before_what_is_said_of_the_scan() -> None:
    useless = Finding("operating-point-useless", 0.2, "DO NOT DEPLOY")
    answer = answered(0.31, 0.5, findings=(*MANY, useless), overruled=("the disc is cut off (3 of 4); send all",))
    words = warnings_of(answer, headline_of(answer, CONTRACT))
    assert words[:3] == [
        "Do not deploy: sensitivity or specificity is only 0.20",
        "Overruled: the disc is cut off",
        "The model's own threshold calls it CAD",
    ]
    assert words[3] == "Unlike the training scans"
    assert words.index("A finding that this picture has no words for") < words.index(
        "The site's threshold was not measured"
    )


@pytest.mark.parametrize(
    ("message", "seen"),
    [("one; do this", "one"), ("two (3 of 4) of it; do this; or that", "two of it"), ("three", "three")],
)
def test_of_an_objection_what_was_seen_is_told(message: str, seen: str) -> None:
    assert seen_part(message) == seen


@pytest.mark.parametrize(
    ("score", "threshold", "misleads"),
    [
        (0.3, 0.12, True),
        (0.6, 0.7, True),
        (0.04, 0.12, False),
        (0.91, 0.12, False),
        (0.6, 0.5, False),
        (0.4, 0.7, False),
    ],
)
def test_a_score_between_a_half_and_the_threshold_says_that_colours_do_not_know_it(
    drawn_words: list[str], score: float, threshold: float, misleads: bool
) -> None:
    answer_figure(answered(score, threshold, zone=None), CONTRACT, LINE)
    assert ("The colours do not know the threshold." in drawn_words) == misleads


def test_the_table_is_named_above_the_map_or_beside_it(drawn_words: list[str]) -> None:
    for name in ("warm", "the-table-of-our-old-workstation-of-2009"):
        drawn_words.clear()
        answer = answered(0.91)
        assert answer.reading is not None
        answer_figure(
            dataclasses.replace(answer, reading=dataclasses.replace(answer.reading, table=name)), CONTRACT, LINE
        )
        assert name in told(drawn_words)


@pytest.mark.parametrize("ratio", [0.0, 0.5, 0.99, 1.01, 2.0])
def test_evidence_outside_the_disc_is_said_from_eighteen_percent_on(ratio: float) -> None:
    """An even spread has 21 % there, and most maps less than 18 %: what is always said says nothing."""
    shown = np.zeros((14, 14), np.float32)
    shown[6:8, 6:8] = 1.0
    wanted = ratio * DOUBTED_FROM
    shown[0, 0] = 4 * wanted / (1 - wanted)
    assert share_outside_disc(shown) == pytest.approx(wanted)
    image, _ = drawn_map()
    prepared = PreparedMap(
        image=image, disc=None, view=View(0, 0, 1, 1, 1), overlay_share=0.0, reading=None, uptake=None
    )
    codes = {finding.code for finding in findings_of(prepared, CONTRACT, 0.0, shown)}
    assert ("evidence-outside" in codes) == (ratio >= 1)


def test_a_fine_grid_and_a_coarse_one_say_how_many_cells_they_have(drawn_words: list[str]) -> None:
    for side in (4, 7, 14, 28):
        drawn_words.clear()
        answer_figure(answered(0.91, heatmap=cells(1, 3.0, side)), CONTRACT, LINE)
        assert any(words.startswith(f"{side}×{side} cells") for words in drawn_words)
