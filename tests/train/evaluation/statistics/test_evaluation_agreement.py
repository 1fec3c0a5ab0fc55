"""Agreement of raters against scikit-learn, statsmodels, a published table and exact coverage; paired differences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import multinomial
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from edgecad.errors import UsageError
from edgecad.frozen import json_from_struct, struct_from_json
from edgecad_train.evaluation.statistics.agreement import (
    Agreement,
    RaterDifference,
    against_reference,
    agreement,
    kappa_of,
)
from edgecad_train.evaluation.statistics.comparison import compare_right


def _answers(both: int, only_one: int, only_other: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    cells = (both, only_one, only_other, neither)
    return np.repeat([True, True, False, False], cells), np.repeat([True, False, True, False], cells)


@pytest.mark.parametrize("seed", range(4))
def test_kappa_and_agreement_are_those_of_scikit_learn(seed: int) -> None:
    draw = np.random.default_rng(seed)
    one = draw.random(44) < 0.6
    other = one ^ (draw.random(44) < 0.2)
    got = agreement(one, other)
    assert got.kappa.value == pytest.approx(cohen_kappa_score(one, other))
    assert got.observed.value == pytest.approx((one == other).mean())
    assert got.both + got.only_one + got.only_other + got.neither == got.n == 44


def test_among_many_patients_the_interval_is_near_statsmodels_large_sample_one() -> None:
    got, wanted = kappa_of(400, 100, 120, 380), cohens_kappa([[400, 100], [120, 380]])
    assert got.value == pytest.approx(wanted.kappa)
    assert (got.low, got.high) == pytest.approx((wanted.kappa_low, wanted.kappa_upp), abs=0.008)


def _shares(kappa: float, one: float, other: float) -> list[float]:
    both = one * other + kappa * (one * (1 - other) + other * (1 - one)) / 2
    return [both, one - both, other - both, 1 - one - other + both]


def test_the_interval_covers_at_least_95_times_in_100_by_exact_sum() -> None:
    n = 14
    tables = [(*own, n - sum(own)) for own in itertools.product(range(n + 1), repeat=3) if sum(own) <= n]
    found = [(table, kappa_of(*table)) for table in tables]
    cells = np.array([table for table, own in found if own.value is not None])
    low, high = (
        np.array([getattr(own, side) for _, own in found if own.value is not None]) for side in ("low", "high")
    )
    for kappa, one, other in (
        (0.0, 0.5, 0.5), (0.3, 0.6, 0.3), (0.6, 0.5, 0.6), (0.8, 0.2, 0.2), (0.9, 0.5, 0.5), (0.95, 0.7, 0.7),
    ):  # fmt: skip
        weights = multinomial.pmf(cells, n, _shares(kappa, one, other))
        held = (low <= kappa + 1e-12) & (kappa - 1e-12 <= high)
        assert weights[held].sum() / weights.sum() >= 0.95, (kappa, one, other)


@pytest.mark.parametrize(
    "cells", [(20, 0, 0, 15), (1, 0, 0, 1), (0, 5, 4, 0), (10, 5, 0, 0), (0, 0, 3, 2), (43, 0, 0, 1)]
)
def test_kappa_has_a_width_at_perfect_agreement_and_wherever_it_exists(cells: tuple[int, int, int, int]) -> None:
    got = agreement(*_answers(*cells))
    assert got.kappa.value is not None
    assert got.kappa.low is not None
    assert got.kappa.high is not None
    assert -1 <= got.kappa.low < got.kappa.high <= 1
    assert got.kappa.low - 1e-12 <= got.kappa.value <= got.kappa.high + 1e-12
    assert got.observed.low < got.observed.high
    assert struct_from_json(json_from_struct(got), Agreement, "it", "") == got


@pytest.mark.parametrize("cells", [(7, 0, 0, 0), (0, 0, 0, 7), (1, 0, 0, 0)])
def test_kappa_of_one_answer_to_all_is_not_told_and_says_why(cells: tuple[int, int, int, int]) -> None:
    got = agreement(*_answers(*cells))
    assert got.kappa.value is None
    assert "same answer" in got.kappa.reason
    assert got.observed.value == 1.0


def test_kappa_is_the_same_with_raters_or_answers_exchanged() -> None:
    own = kappa_of(20, 3, 7, 14)
    for cells in ((20, 7, 3, 14), (14, 7, 3, 20)):
        other = kappa_of(*cells)
        assert (own.value, own.low, own.high) == pytest.approx((other.value, other.low, other.high))


def test_differences_are_paired_class_by_class_and_their_mean() -> None:
    draw = np.random.default_rng(5)
    truth = np.arange(60) < 35
    one, other = truth ^ (draw.random(60) < 0.1), truth ^ (draw.random(60) < 0.3)
    got = against_reference(truth, one, other)
    assert got.sensitivity_cad == compare_right(one[truth], other[truth])
    assert got.specificity_cad == compare_right(~one[~truth], ~other[~truth])
    balanced = got.balanced_accuracy
    assert balanced.value == pytest.approx(
        sum(sign * ((rater[truth]).mean() + (~rater[~truth]).mean()) / 2 for sign, rater in ((1, one), (-1, other)))
    )
    assert struct_from_json(json_from_struct(got), RaterDifference, "it", "") == got


def test_the_interval_of_the_difference_in_balanced_accuracy_covers() -> None:
    draw = np.random.default_rng(0)
    truth, held = np.arange(44) < 26, 0
    for _ in range(400):
        hard = draw.random(44) < 0.2  # patients whom both tend to get wrong
        one, other = (truth ^ (draw.random(44) < np.where(hard, 0.6, own)) for own in (0.05, 0.15))
        got = against_reference(truth, one, other).balanced_accuracy
        assert got.low is not None
        assert got.high is not None
        held += got.low <= 0.8 * 0.1 <= got.high
    assert held / 400 >= 0.93


def test_raters_with_the_same_answers_differ_by_nought_within_bounds_with_width() -> None:
    truth = np.arange(20) < 12
    got = against_reference(truth, truth, truth).balanced_accuracy
    assert got.value == 0.0
    assert got.low is not None
    assert got.high is not None
    assert got.low < 0 < got.high


def test_one_class_has_one_difference_and_says_so() -> None:
    got = against_reference(np.ones(5, bool), np.ones(5, bool), np.zeros(5, bool))
    assert got.specificity_cad is None
    assert got.sensitivity_cad is not None
    assert got.balanced_accuracy.reason == "one class only"


def test_no_patients_or_other_patients_are_refused() -> None:
    with pytest.raises(UsageError, match="the same patients"):
        agreement(np.ones(3, bool), np.ones(4, bool))
    with pytest.raises(UsageError, match="at least one"):
        agreement(np.ones(0, bool), np.ones(0, bool))
