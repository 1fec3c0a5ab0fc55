"""The zone of a contract: its checks, its words, and the one rule by which an answer is clear or uncertain."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from edgecad.decision.evidence import Share
from edgecad.decision.zone import (
    Zone,
    ZoneShares,
    certainty_of,
    least_patients,
    order,
    share_words,
    why_uncertain,
)
from edgecad.decision.zone_words import NOT_SAID, zone_rows

SURE = re.compile(r"sure|confiden|certain that|\d+ ?% (sure|certain)|probab", re.IGNORECASE)


def zone(low: float = 0.3, high: float = 0.7, **more: Any) -> Zone:
    words: dict[str, Any] = {
        "alpha": 0.1, "cad": 99, "other": 75, "part": "out-of-fold", "wrong_up_to": 0.153, **more
    }  # fmt: skip
    return Zone(low=low, high=high, **words)


def with_test_part(uncertain: int) -> ZoneShares:
    share = Share(count=9, n=10, low=0.0, high=1.0)
    every = Share(count=uncertain, n=100, low=0.0, high=1.0)
    return ZoneShares(cad=share, other=share, uncertain=every, clear_wrong=None)


@pytest.mark.parametrize(
    ("more", "seen"),
    [
        ({"low": 0.8}, "does not rise"), ({"low": -0.1}, "does not rise"), ({"high": 1.1}, "does not rise"),
        ({"low": float("nan")}, "does not rise"), ({"alpha": 0.5}, "alpha 0.5"), ({"alpha": 0.0}, "alpha 0.0"),
        ({"alpha": float("nan")}, "alpha nan"), ({"cad": 8}, "9 of each class wanted at alpha 0.1"),
        ({"other": 0}, "99 and 0 patients"), ({"wrong_up_to": 1.0}, "wrong_up_to"),
    ],
)  # fmt: skip
def test_a_zone_that_cannot_be_meant_is_refused(more: dict[str, float], seen: str) -> None:
    with pytest.raises(ValueError, match=re.escape(seen)):
        zone(**more)


@pytest.mark.parametrize("alpha", [0.001, 0.01, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.29, 1 / 3, 0.45, 0.49])
def test_the_least_number_of_patients_is_the_first_that_has_a_bound(alpha: float) -> None:
    least = least_patients(alpha)
    assert order(alpha, least) == 1
    assert order(alpha, least - 1) == 0


def test_nine_patients_are_wanted_at_a_tenth_and_nineteen_at_a_twentieth() -> None:
    assert (least_patients(0.1), least_patients(0.05), least_patients(0.2)) == (9, 19, 4)
    assert [order(0.1, n) for n in (8, 9, 18, 19, 99)] == [0, 1, 1, 2, 10]
    assert order(0.07, 99) == 7  # 0.07 * 100 is a little more than 7, 0.29 * 100 a little less than 29
    assert order(0.29, 99) == 29


@pytest.mark.parametrize(
    ("score", "expected"),
    [(0.0, "clear"), (0.2999, "clear"), (0.3, "uncertain"), (0.5, "uncertain"), (0.7, "uncertain"), (0.7001, "clear")],
)
def test_a_score_between_the_bounds_or_on_one_is_uncertain(score: float, expected: str) -> None:
    assert certainty_of(score, 0.5, zone()) == expected
    assert (why_uncertain(score, 0.5, zone(), "CAD") is None) == (expected == "clear")


def test_without_a_zone_nothing_is_called_clear_or_uncertain() -> None:
    assert certainty_of(0.5, 0.5, None) is None
    assert why_uncertain(0.5, 0.5, None, "CAD") is None


@pytest.mark.parametrize("seed", range(40))
def test_a_label_never_says_the_opposite_of_a_clear_side(seed: int) -> None:
    """Whatever threshold is in force: below the zone a clear answer is negative, above it positive."""
    draw = np.random.default_rng(seed)
    low, high = np.sort(draw.random(2))
    own = zone(float(low), float(high))
    for threshold, score in draw.random((50, 2)).tolist():
        clear, positive = certainty_of(score, threshold, own) == "clear", score >= threshold
        contradicts = (score < own.low and positive) or (score > own.high and not positive)
        assert clear == (not contradicts and not own.low <= score <= own.high)


@pytest.mark.parametrize(("score", "called"), [(0.25, "calls it CAD"), (0.75, "calls it not CAD")])
def test_a_contradiction_is_said_as_one(score: float, called: str) -> None:
    threshold = 0.2 if score < 0.5 else 0.8
    why = why_uncertain(score, threshold, zone(), "CAD")
    assert why is not None
    group = "CAD" if score < 0.5 else "other"
    assert called in why
    assert f"rare among the {group} patients of training (99 CAD, 75 other)" in why


def test_the_sentence_is_the_true_one_and_no_other() -> None:
    assert why_uncertain(0.5, 0.5, zone(), "CAD") == (
        "such scores were too common in both groups of training patients (99 CAD, 75 other)"
    )
    assert zone().claim() == (
        "of patients like these, about 1 in 10 of each group is expected on the wrong side; with 99/75 patients it may "
        "be 15 in 100"
    )


@pytest.mark.parametrize(
    ("alpha", "words"), [(0.1, "1 in 10"), (0.05, "1 in 20"), (0.2, "1 in 5"), (0.15, "15 in 100"), (0.07, "7 in 100")]
)
def test_a_share_is_said_as_people_say_it(alpha: float, words: str) -> None:
    assert share_words(alpha) == words


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
def test_no_row_speaks_of_being_sure(threshold: float) -> None:
    rows = zone_rows(zone(test=with_test_part(20)), None, threshold, "CAD")
    assert not SURE.search(" ".join(words for row in rows for words in row))
    assert dict(rows)["it takes"].startswith("9 out-of-fold patients of each class")
    assert ("widened" in dict(rows)) == (threshold != 0.5)
    assert dict(rows)["test part, wrong label among the clear"] == "none of them"


def test_why_there_is_no_zone_stands_in_its_row() -> None:
    assert zone_rows(None, "no zone: too few", 0.5, "CAD") == (("uncertain zone", "no zone: too few"),)
    assert zone_rows(None, None, 0.5, "CAD") == (("uncertain zone", NOT_SAID),)


@pytest.mark.parametrize(("count", "most"), [(50, False), (51, True)])
def test_more_than_half_is_more_than_half(count: int, most: bool) -> None:
    assert with_test_part(count).mostly_uncertain is most
