"""An uncertain answer says so wherever it is seen: words, record, CSV, picture, findings; a clear one says nothing."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from edgecad import Classifier, Contract, Prediction
from edgecad.answer.findings import doubts_about
from edgecad.answer.record_csv import csv_header, csv_row
from edgecad.answer.records import json_line, record_of_answer
from edgecad.contract import Decision, Share, Zone, ZoneShares
from edgecad.picture.figure import answer_figure
from edgecad.picture.line import IdLine
from edgecad.spool.counts import DailyCounts
from edgecad.spool.index import SpoolRecord

ZONE = Zone(low=0.3, high=0.7, alpha=0.1, cad=99, other=75, part="out-of-fold", wrong_up_to=0.153)
WHY = "such scores were too common in both groups of training patients (99 CAD, 75 other)"
SURE = re.compile(r"\d ?% sure|confiden", re.IGNORECASE)
LINE = IdLine(model="tiny", model_sha256="m" * 64, precision="fp32", device="cpu")
Answered = Callable[..., Prediction]


@pytest.fixture(scope="module")
def seen(model_folder: Path, phantom_screen: Callable[[int], np.ndarray]) -> Prediction:
    return Classifier(model_folder, device="cpu")(phantom_screen(1))


@pytest.fixture
def answered(seen: Prediction) -> Answered:
    def answer(score: float, threshold: float = 0.5, zone: Zone | None = ZONE) -> Prediction:
        label = "CAD" if score >= threshold else "nonCAD"
        return dataclasses.replace(
            seen,
            probability=score,
            threshold=threshold,
            own_probability=score,
            own_threshold=threshold,
            label=label,
            zone=zone,
            threshold_from="contract",
        )

    return answer


def test_the_words_of_an_uncertain_answer_end_with_why(answered: Answered) -> None:
    assert answered(0.55).words == f"CAD: score 0.55, above threshold 0.50; uncertain: {WHY}"
    assert answered(0.45).words == f"nonCAD: score 0.45, below threshold 0.50; uncertain: {WHY}"
    for score in (0.1, 0.9):
        assert answered(score).certainty == "clear"
        assert answered(score).words == answered(score, zone=None).words
    assert answered(0.55, zone=None).certainty is None


def test_a_sites_threshold_outside_of_the_zone_makes_the_contradiction_uncertain(answered: Answered) -> None:
    between = answered(0.2, threshold=0.15)
    assert (between.label, between.certainty, between.zone_bounds) == ("CAD", "uncertain", (0.15, 0.7))
    assert "the threshold calls it CAD, and such scores were rare among the CAD patients" in between.words
    assert answered(0.1, threshold=0.15).certainty == "clear"
    assert answered(0.75, threshold=0.8).certainty == "uncertain"


@pytest.mark.parametrize(("score", "certainty"), [(0.55, "uncertain"), (0.9, "clear")])
def test_record_and_csv_hold_certainty_beside_the_label(
    answered: Answered, tiny_contract: Contract, score: float, certainty: str
) -> None:
    record = record_of_answer("scan", answered(score), tiny_contract)
    said = json.loads(json_line(record))
    assert (said["label"], said["certainty"], said["zone"]) == ("CAD", certainty, [0.3, 0.7])
    (row,) = csv.DictReader(io.StringIO((csv_header() + csv_row(record)).decode()))
    assert (row["certainty"], row["zone_low"], row["zone_high"]) == (certainty, "0.3", "0.7")
    bare = json.loads(json_line(record_of_answer("scan", answered(score, zone=None), tiny_contract)))
    assert bare["certainty"] is bare["zone"] is None


def test_a_day_counts_its_uncertain_answers(answered: Answered, tiny_contract: Contract) -> None:
    day = DailyCounts("2026-01-01")
    for score in (0.1, 0.4, 0.6, 0.9):
        fields = json.loads(json_line(record_of_answer("scan", answered(score), tiny_contract)))
        more = {"claim": "a", "received": "b", "recorded": "c", "file": "done/x"}
        day.add(_spool({**fields, **more}))
    assert (day.answered, day.above, day.uncertain) == (4, 2, 2)


def _spool(fields: dict[str, Any]) -> SpoolRecord:
    import msgspec

    return msgspec.convert(fields, SpoolRecord)


def test_the_picture_says_uncertain_by_word_and_never_how_sure_it_is(
    answered: Answered, tiny_contract: Contract, drawn_words: list[str]
) -> None:
    for name, answer in (
        ("uncertain", answered(0.55)), ("clear", answered(0.9)), ("none", answered(0.9, zone=None)),
    ):  # fmt: skip
        drawn_words.clear()
        answer_figure(answer, tiny_contract, LINE)
        said = " ".join(drawn_words)
        assert ("UNCERTAIN" in drawn_words) == (name == "uncertain")
        assert ("just above threshold" in drawn_words) == (name == "uncertain")
        assert (f"Uncertain: {WHY}." in said) == (name == "uncertain")
        assert ("uncertain 0.30 to 0.70" in said) == (name != "none")
        assert not SURE.search(said)


@pytest.mark.parametrize("score", [0.0, 0.003, 0.5, 0.997, 1.0])
@pytest.mark.parametrize("bounds", [(0.0, 1.0), (0.5, 0.5), (0.999, 1.0), (0.0, 0.001)])
def test_any_score_and_zone_can_be_drawn(
    answered: Answered, tiny_contract: Contract, score: float, bounds: tuple[float, float]
) -> None:
    zone = replace(ZONE, low=bounds[0], high=bounds[1])
    picture = answer_figure(answered(score, threshold=0.5, zone=zone), tiny_contract, LINE)
    assert picture.shape == (900, 1600, 3)


def zoned(contract: Contract, uncertain: int = 20) -> Contract:
    share = Share(count=uncertain, n=100, low=0.0, high=1.0)
    zone = replace(ZONE, test=ZoneShares(cad=None, other=None, uncertain=share, clear_wrong=None))
    return replace(contract, decision=Decision(threshold=0.5, rule="any", zone=zone))


@pytest.mark.parametrize(("uncertain", "told"), [(50, False), (51, True), (100, True)])
def test_that_most_are_uncertain_is_said_first(tiny_contract: Contract, uncertain: int, told: bool) -> None:
    codes = [doubt.code for doubt in doubts_about(zoned(tiny_contract, uncertain))]
    assert ("mostly-uncertain" in codes) is told
    assert not told or codes[0] == "mostly-uncertain"


@pytest.mark.parametrize(("threshold", "told"), [(0.2, True), (0.31, False), (0.69, False), (0.8, True)])
def test_a_sites_threshold_outside_of_the_zone_is_said(tiny_contract: Contract, threshold: float, told: bool) -> None:
    codes = {doubt.code for doubt in doubts_about(zoned(tiny_contract), threshold)}
    assert ("site-threshold-outside-zone" in codes) is told
