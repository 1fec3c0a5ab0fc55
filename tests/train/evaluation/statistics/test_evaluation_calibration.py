"""Calibration against scipy's own minimum, Fisher's information, scikit-learn's curve, and cases with no answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit
from scipy.stats import binomtest, poisson_binom
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from edgecad_train.evaluation.statistics.calibration import (
    calibration_bins,
    calibration_intercept,
    calibration_of,
    calibration_slope,
)
from edgecad_train.evaluation.statistics.intervals import proportion


def _drawn(seed: int, count: int, slope: float = 1.0, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Truth drawn from the model `slope * log_odds + shift`."""
    draw = np.random.default_rng(seed)
    log_odds = draw.normal(0, 1.5, count)
    return draw.random(count) < expit(slope * log_odds + shift), log_odds


@pytest.mark.parametrize("seed", range(4))
def test_slope_and_interval_are_those_of_the_likelihood(seed: int) -> None:
    truth, log_odds = _drawn(seed, 80)
    sign = np.where(truth, -1, 1)
    best = minimize(lambda b: np.logaddexp(0, sign * (b[0] * log_odds + b[1])).sum(), [1.0, 0.0], tol=1e-10).x
    p = expit(best[0] * log_odds + best[1])
    x = np.column_stack([log_odds, np.ones(80)])
    error = np.sqrt(np.linalg.inv(x.T @ (x * (p * (1 - p))[:, None]))[0, 0])
    got = calibration_slope(truth, log_odds)
    expected = (best[0], best[0] - 1.95996 * error, best[0] + 1.95996 * error)
    assert (got.value, got.low, got.high) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_the_intercept_is_what_makes_the_mean_score_the_observed_share(seed: int) -> None:
    truth, log_odds = _drawn(seed, 80, shift=0.7)
    expected = brentq(lambda a: expit(log_odds + a).mean() - truth.mean(), -10, 10)
    got = calibration_intercept(truth, log_odds)
    assert got.value == pytest.approx(expected, abs=1e-6)
    zero = GLM(truth.astype(float), np.ones((80, 1)), Binomial(), offset=log_odds).fit()
    assert got.value == pytest.approx(zero.params[0], abs=1e-5)
    # By scipy's own sum of unequal trials; statsmodels' Wald interval is near.
    assert got.low is not None
    assert got.high is not None
    cad = int(truth.sum())
    assert poisson_binom.sf(cad - 1, expit(log_odds + got.low)) == pytest.approx(0.025, abs=1e-6)
    assert poisson_binom.cdf(cad, expit(log_odds + got.high)) == pytest.approx(0.025, abs=1e-6)
    assert (got.low, got.high) == pytest.approx(tuple(zero.conf_int()[0]), abs=0.15)


def test_bounds_of_the_intercept_cover_where_few_have_cad_by_exact_sum() -> None:
    log_odds = np.random.default_rng(0).normal(-2, 1, 20)
    found = [calibration_intercept(np.arange(20) < cad, log_odds) for cad in range(1, 20)]
    low, high = (np.array([getattr(own, side) for own in found]) for side in ("low", "high"))
    for true in (-1.0, -0.5, 0.0, 0.5, 1.0):
        weights = poisson_binom.pmf(np.arange(1, 20), expit(log_odds + true))
        assert weights[(low <= true) & (true <= high)].sum() / weights.sum() >= 0.95


def test_equal_scores_have_clopper_pearsons_bounds_as_log_odds() -> None:
    truth = np.arange(44) < 11
    got, wanted = calibration_intercept(truth, np.full(44, 0.3)), proportion(11, 44)
    expected = [logit(own) - 0.3 for own in (wanted.value, wanted.low, wanted.high)]
    assert [got.value, got.low, got.high] == pytest.approx(expected, abs=1e-6)


def test_the_intercept_of_thousands_is_walds_and_near_the_exact_one() -> None:
    truth, log_odds = _drawn(4, 2100, shift=0.4)
    many, fewer = calibration_intercept(truth, log_odds), calibration_intercept(truth[:2000], log_odds[:2000])
    assert many.low < 0.4 < many.high
    assert many.high - many.low == pytest.approx((fewer.high - fewer.low) * np.sqrt(2000 / 2100), rel=0.02)


def test_slope_and_intercept_find_what_the_scores_were_bent_by() -> None:
    truth, log_odds = _drawn(0, 4000, slope=0.5)
    got = calibration_slope(truth, log_odds)
    assert got.low < 0.5 < got.high < 1.0
    truth, log_odds = _drawn(1, 4000, shift=-0.6)
    got = calibration_intercept(truth, log_odds)
    assert got.low < -0.6 < got.high < 0.0


@pytest.mark.parametrize("scale", [0.2, 10.0, 1e3])
def test_the_slope_does_not_depend_on_how_large_the_logits_are(scale: float) -> None:
    truth, log_odds = _drawn(2, 60)
    log_odds = np.clip(log_odds, -3, 3) / 100
    unit = calibration_slope(truth, log_odds)
    got = calibration_slope(truth, log_odds * scale)
    assert got.value * scale == pytest.approx(unit.value, rel=1e-4)
    assert got.high * scale == pytest.approx(unit.high, rel=1e-4)


TRUTH = np.arange(10) < 4
CASES = {
    "separated": (TRUTH, np.where(TRUTH, 2.0, -1.0) + np.linspace(0, 0.5, 10), "separate"),
    "separated the wrong way": (TRUTH, np.where(TRUTH, -2.0, 1.0) + np.linspace(0, 0.5, 10), "separate"),
    "touching": (TRUTH, np.array([0, 1, 2, 3, 0, -1, -2, -3, -4, -5], float), "separate"),
    "separated but for rounding": (TRUTH, np.where(TRUTH, 0.0, [0, 0, 0, 0, 1e-9, -1, -2, -3, -4, -5]), "separate"),
    "apart beyond double precision alone": (
        TRUTH,
        np.where(TRUTH, 40.0, [0, 0, 0, 0, 45, 41, -1, -2, 0, 3]),
        "separate",
    ),
    "constant": (TRUTH, np.full(10, 0.3), "do not differ beyond rounding"),
    "rounding": (TRUTH, 0.3 + 1e-8 * np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3]), "do not differ beyond rounding"),
    "two folds of an untrained network": (
        TRUTH,
        8e-4 + 3e-5 * (np.arange(10) % 3),
        "nearly equal, their log-odds span 6e-05",
    ),
    "one class": (np.ones(10, bool), np.arange(10.0), "one class"),
    "other class": (np.zeros(10, bool), np.arange(10.0), "one class"),
    "beyond double precision": (TRUTH, np.full(10, 1e4) + np.arange(10), "do not differ"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_slope_that_does_not_exist_is_said_not_to_be_estimable(name: str) -> None:
    truth, log_odds, reason = CASES[name]
    got = calibration_slope(truth, log_odds)
    assert (got.value, got.low, got.high) == (None, None, None)
    assert reason in got.reason
    assert str(got) == f"not estimable: {got.reason}"


def test_classes_that_overlap_by_a_single_pair_still_have_a_slope() -> None:
    got = calibration_slope(TRUTH, np.array([0, 1, 2, 3, 0.5, -1, -2, -3, -4, -5]))
    assert got.low < 0 < got.value < got.high


def test_the_intercept_exists_where_the_classes_are_apart_and_not_where_there_is_one() -> None:
    truth, log_odds, _ = CASES["separated"]
    assert calibration_intercept(truth, log_odds).value is not None
    assert "one class" in calibration_intercept(np.ones(5, bool), np.arange(5.0)).reason


@pytest.mark.parametrize("size", [30.0, 100.0, 1e6])
def test_the_intercept_exists_among_certainties_that_contradict_and_is_as_wide_as_they_are_sure(size: float) -> None:
    got = calibration_intercept(np.arange(12) % 2 == 0, np.where(np.arange(12) < 6, size, -size))
    assert got.value == pytest.approx(0.0, abs=0.01)
    assert got.low < 6 - min(size, 36)
    assert got.high > min(size, 36) - 6


def test_certainties_that_are_wrong_cost_no_crash_and_no_warning() -> None:
    truth = np.arange(12) % 2 == 0
    log_odds = np.where(np.arange(12) < 6, 1e6, -1e6)
    got = calibration_of(truth, log_odds, expit(log_odds))
    assert got.slope.value == pytest.approx(0.0, abs=1e-6)
    assert got.brier == 0.5


def test_brier_is_that_of_scikit_learn() -> None:
    truth, log_odds = _drawn(5, 50)
    assert calibration_of(truth, log_odds, expit(log_odds)).brier == pytest.approx(
        brier_score_loss(truth, expit(log_odds))
    )


@pytest.mark.parametrize("digits", [2, 9])
def test_bins_are_those_of_scikit_learns_curve_with_exact_intervals(digits: int) -> None:
    truth, log_odds = _drawn(6, 200)
    scores = np.round(expit(log_odds), digits)
    observed, mean = calibration_curve(truth, scores, n_bins=10, strategy="quantile")
    bins = calibration_bins(truth, scores)
    assert [b.observed for b in bins] == pytest.approx(observed.tolist())
    assert [b.mean_score for b in bins] == pytest.approx(mean.tolist())
    for b in bins:
        interval = binomtest(round(b.observed * b.n), b.n).proportion_ci(0.95, "exact")
        assert (b.low, b.high) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("count", [1, 2, 9, 10, 19, 44, 45, 300])
@pytest.mark.parametrize("digits", [1, 9])
def test_bins_are_never_empty_and_hold_everybody_once(count: int, digits: int) -> None:
    truth, log_odds = _drawn(7, count)
    scores = np.round(expit(log_odds), digits)
    bins = calibration_bins(truth, scores)
    assert sum(b.n for b in bins) == count
    assert min(b.n for b in bins) >= 1
    assert len(bins) <= min(10, max(1, count // 10))
    assert sum(b.n * b.observed for b in bins) == pytest.approx(truth.sum())
    assert [b.mean_score for b in bins] == sorted({b.mean_score for b in bins})


def test_equal_scores_share_a_bin() -> None:
    scores = np.repeat([0.2, 0.8], [30, 10])
    bins = calibration_bins(np.arange(40) < 20, scores)
    assert [(b.n, b.mean_score) for b in bins] == [(30, pytest.approx(0.2)), (10, pytest.approx(0.8))]
    assert len(calibration_bins(np.arange(40) < 20, np.full(40, 0.5))) == 1


def test_scores_after_temperature_are_what_is_judged() -> None:
    truth, log_odds = _drawn(8, 500)
    plain = calibration_slope(truth, log_odds)
    assert calibration_slope(truth, log_odds / 2).value == pytest.approx(2 * plain.value, rel=1e-6)
    assert logit(expit(log_odds / 2)) == pytest.approx(log_odds / 2)
