"""The area and its interval against scikit-learn, the definition, other libraries and published figures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from edgecad.errors import UsageError
from edgecad_train.evaluation.statistics.auc import (
    DELONG_NEWCOMBE,
    NEWCOMBE,
    auc,
    auc_bounds,
    auc_interval,
    newcombe_bounds,
    placements,
)
from edgecad_train.evaluation.statistics.intervals import ONE_CASE


def _drawn(seed: int, positives: int, negatives: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    scores = np.concatenate([draw.normal(1.0, 1.0, positives), draw.normal(0.0, 1.0, negatives)])
    mixed = draw.permutation(positives + negatives)
    return (np.arange(positives + negatives) < positives)[mixed], (np.round(scores, 1) if ties else scores)[mixed]


def _kernel(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Of each pair of a positive and a negative: 1, 0, or a half for a tie; `(m, n)`."""
    positive, negative = scores[truth][:, None], scores[~truth][None]
    return (positive > negative) + 0.5 * (positive == negative)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("positives", "negatives"), [(30, 30), (8, 50), (50, 4)])
def test_auc_is_that_of_scikit_learn_ties_included(positives: int, negatives: int, ties: bool) -> None:
    truth, scores = _drawn(1, positives, negatives, ties)
    assert auc(truth, scores).value == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_placements_and_variance_are_those_of_the_definition(ties: bool) -> None:
    truth, scores = _drawn(4, 12, 9, ties)
    kernel, got = _kernel(truth, scores), placements(truth, scores)
    np.testing.assert_allclose(got.positives, kernel.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(got.negatives, kernel.mean(axis=0), atol=1e-12)
    expected = np.cov(kernel.mean(axis=1)) / 12 + np.cov(kernel.mean(axis=0)) / 9
    assert got.variance == pytest.approx(float(expected))


@pytest.mark.parametrize("ties", [False, True])
def test_delongs_variance_agrees_with_a_stratified_bootstrap(ties: bool) -> None:
    truth, scores = _drawn(2, 80, 60, ties)
    draw = np.random.default_rng(0)
    positive, negative = scores[truth], scores[~truth]
    values = []
    for _ in range(2000):
        p, n = draw.choice(positive, len(positive)), draw.choice(negative, len(negative))
        values.append((p[:, None] > n).mean() + 0.5 * (p[:, None] == n).mean())
    assert placements(truth, scores).variance == pytest.approx(np.var(values), rel=0.12)
    got = auc(truth, scores)
    assert got.method == DELONG_NEWCOMBE
    assert (got.low, got.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])), abs=0.03)


RATINGS = {True: (3, 2, 2, 11, 33), False: (33, 6, 6, 11, 2)}
"""Hanley and McNeil 1982, Radiology 143:29, table I: ratings 1 to 5 of 51 abnormal and 58 normal CT images."""


def test_area_and_error_of_hanleys_and_mcneils_ratings_are_the_published_ones() -> None:
    truth = np.repeat([True, False], [51, 58])
    scores = np.concatenate([np.repeat(np.arange(1.0, 6), RATINGS[kind]) for kind in (True, False)])
    assert round(auc(truth, scores).value, 3) == 0.893
    assert round(np.sqrt(placements(truth, scores).variance), 4) == 0.0307  # Stata's roctab of the same ratings


def test_the_interval_is_the_wider_one_of_logit_delong_and_newcombe_on_each_side() -> None:
    which = set()
    for seed in range(30):
        truth, scores = _drawn(seed, 14, 30, ties=False)
        got, own = auc(truth, scores), placements(truth, scores)
        half = 1.959964 * np.sqrt(own.variance) / (own.mean * (1 - own.mean))
        delong = expit(logit(own.mean) - half), expit(logit(own.mean) + half)
        newcombe = _newcombe_by_search(own.mean, 14, 30)
        assert (got.low, got.high) == pytest.approx(
            (min(delong[0], newcombe[0]), max(delong[1], newcombe[1])), abs=1e-6
        )
        which |= {("low", delong[0] < newcombe[0]), ("high", delong[1] > newcombe[1])}
    assert len(which) == 4  # each of the two is the wider one now and then, on each side


def _newcombe_by_search(value: float, m: int, n: int) -> tuple[float, float]:
    """Newcombe's method 5 in terms of Hanley's and McNeil's Q1 and Q2, by another search."""

    def off(p: float) -> float:
        q1, q2, others = p / (2 - p), 2 * p**2 / (1 + p), (m + n) / 2 - 1
        variance = (p * (1 - p) + others * (q1 - p**2) + others * (q2 - p**2)) / (m * n)
        return (value - p) ** 2 - 1.9599639845400545**2 * variance

    return brentq(off, 1e-12, value - 1e-9), brentq(off, value + 1e-9, 1 - 1e-12)


@pytest.mark.parametrize(("m", "n"), [(26, 18), (10, 10), (3, 400)])
def test_newcombes_bounds_solve_his_equation_and_are_symmetrical(m: int, n: int) -> None:
    values = np.array([0.03, 0.3, 0.5, 0.85, 0.99])
    low, high = newcombe_bounds(values, m, n)
    for value, *got in zip(values.tolist(), low.tolist(), high.tolist(), strict=True):
        assert got == pytest.approx(_newcombe_by_search(value, m, n), abs=1e-9)
    mirrored = newcombe_bounds(1 - values, m, n)
    np.testing.assert_allclose(1 - mirrored[1], low, atol=1e-12)
    np.testing.assert_allclose(1 - mirrored[0], high, atol=1e-12)
    assert newcombe_bounds(values, n, m)[0] == pytest.approx(low)  # the classes count alike


@pytest.mark.parametrize(("m", "n", "lows"), [(26, 18, (0.9049, 0.9008, 0.8967)), (10, 10, (0.8002, 0.7832, 0.7670))])
def test_a_pair_the_wrong_way_round_never_raises_the_lower_bound(m: int, n: int, lows: tuple[float, ...]) -> None:
    truth = np.arange(m + n) >= n
    own = []
    for wrong in range(3):
        scores = np.arange(m + n, dtype=float)
        scores[n - 1] += wrong + 0.5 * (wrong > 0)  # the highest negative rises above so many positives
        got = auc(truth, scores)
        assert got.value == pytest.approx(1 - wrong / (m * n))
        own.append(got.low)
    assert own == pytest.approx(lows, abs=2e-3)
    assert own == sorted(own, reverse=True)


@pytest.mark.parametrize(("value", "sign"), [(1.0, 1.0), (0.0, -1.0)])
def test_classes_that_are_wholly_apart_get_newcombes_interval(value: float, sign: float) -> None:
    truth = np.arange(20) < 8
    got = auc(truth, sign * np.where(truth, 2.0, 1.0) + np.linspace(0, 0.1, 20))
    assert (got.value, got.method) == (value, NEWCOMBE)
    # At p = A = 1 the equation has a root that is no bound; the other one solves (1 - p) = z^2 p [...] / (mn).
    p = got.low if value else 1 - got.high
    bracket = 1 + 9 * (1 - p) / (2 - p) + 9 * p / (1 + p)
    assert (1 - p) / (p * bracket / 96) == pytest.approx(1.959964**2, rel=1e-5)
    assert value in (got.low, got.high)


def test_scores_the_other_way_round_have_the_mirrored_interval() -> None:
    truth, scores = _drawn(7, 12, 17, ties=True)
    one, other = auc(truth, scores), auc(truth, -scores)
    assert (other.value, other.low, other.high) == pytest.approx((1 - one.value, 1 - one.high, 1 - one.low))


def test_constant_scores_are_chance_with_newcombes_interval() -> None:
    got = auc(np.arange(20) < 8, np.full(20, 0.3))
    assert (got.value, got.method) == (0.5, NEWCOMBE)
    assert got.low == pytest.approx(1 - got.high)
    assert 0.2 < got.low < 0.3


@pytest.mark.parametrize("count", [1, 50])
def test_one_case_in_a_class_gives_no_interval(count: int) -> None:
    got = auc(np.arange(count + 1) < 1, np.linspace(1, 0, count + 1))
    assert (got.value, got.low, got.high, got.method) == (1.0, 0.0, 1.0, ONE_CASE)


@pytest.mark.parametrize("label", [True, False])
def test_one_class_has_no_area(label: bool) -> None:
    with pytest.raises(UsageError, match="both classes"):
        auc(np.full(5, label), np.linspace(0, 1, 5))


@pytest.mark.parametrize("variance", [0.0, 1e-6, 0.01, 10.0])
def test_any_variance_gives_bounds_around_the_value_and_a_larger_one_wider_bounds(variance: float) -> None:
    values = np.linspace(0, 1, 21)
    low, high = auc_bounds(values, np.full(21, variance), 26, 18)
    assert ((low >= 0) & (low <= values) & (values <= high) & (high <= 1) & (low < high)).all()
    wider = auc_bounds(values, np.full(21, 2 * variance), 26, 18)
    assert (wider[0] <= low).all()
    assert (wider[1] >= high).all()
    assert (low[1:] >= low[:-1] - 1e-12).all() or variance > 0.001
    one = auc_interval(0.85, variance, 26, 18)
    assert (one.low, one.high) == pytest.approx((low[17], high[17]), abs=1e-12)
    assert one.n == 44
    assert one.method == (DELONG_NEWCOMBE if variance else NEWCOMBE)
