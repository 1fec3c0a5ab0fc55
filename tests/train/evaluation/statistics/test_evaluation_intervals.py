"""Exact intervals against the beta distribution; the resamples and what is done where they have no width."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, binom

from edgecad_train.evaluation.statistics.intervals import (
    BOOTSTRAP,
    HOEFFDING,
    PAIRS,
    bootstrapped,
    bootstrapped_mean,
    bounded_mean,
    draws,
    from_pairs,
    proportion,
)


@pytest.mark.parametrize(("successes", "trials"), [(42, 44), (0, 10), (10, 10), (1, 2), (1, 200)])
def test_clopper_pearson_gives_the_quantiles_of_the_beta_distribution(successes: int, trials: int) -> None:
    got = proportion(successes, trials)
    low = beta.ppf(0.025, successes, trials - successes + 1) if successes else 0.0
    high = beta.ppf(0.975, successes + 1, trials - successes) if successes < trials else 1.0
    assert (got.low, got.high) == pytest.approx((low, high), abs=1e-8)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_clopper_pearson_covers_at_least_95_percent_by_exact_sum(share: float) -> None:
    held = [proportion(k, 18).low <= share <= proportion(k, 18).high for k in range(19)]
    assert binom.pmf(np.arange(19), 18, share)[held].sum() >= 0.95


def test_no_trials_give_no_value_and_no_bound() -> None:
    got = proportion(0, 0)
    assert np.isnan(got.value)
    assert (got.low, got.high, got.n) == (0.0, 1.0, 0)


def test_every_resample_keeps_the_size_of_both_classes_and_is_the_same_again() -> None:
    truth = np.arange(11) < 4
    drawn = draws(truth)
    assert set(drawn[:, truth].sum(axis=1)) == {4}
    assert set(drawn[:, ~truth].sum(axis=1)) == {7}
    assert drawn.std() > 0.5
    np.testing.assert_array_equal(drawn, draws(truth))


def test_resamples_of_one_class_are_of_that_class() -> None:
    assert set(draws(np.zeros(5, bool)).sum(axis=1)) == {5}


def test_the_percentile_interval_of_a_mean_agrees_with_its_standard_error() -> None:
    draw = np.random.default_rng(0)
    truth, values = np.zeros(200, bool), draw.random(200)
    got = bootstrapped(values.mean(), draws(truth) @ values / 200, truth)
    error = values.std() / np.sqrt(200)
    assert (got.low, got.high) == pytest.approx((got.value - 1.96 * error, got.value + 1.96 * error), abs=0.005)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_pairs_that_all_agree_give_bounds_that_hold_the_value_and_what_the_unseen_share_may_add(value: float) -> None:
    got = from_pairs(value, 10, 25)
    unseen = 1 - 0.025**0.1
    assert (got.low, got.high) == pytest.approx((value * (1 - unseen), value * (1 - unseen) + unseen))
    assert got.low <= value <= got.high
    assert (got.n, got.method) == (25, PAIRS)


@pytest.mark.parametrize("n", [1, 5, 44, 3000])
def test_hoeffdings_bound_of_values_that_are_all_nought_is_clopper_pearsons(n: int) -> None:
    for value, successes in ((0.0, 0), (1.0, n)):
        got, wanted = bounded_mean(value, n), proportion(successes, n)
        assert (got.low, got.high) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


@pytest.mark.parametrize(("value", "n"), [(0.25, 5), (0.25, 44), (0.01, 200), (0.7, 1000), (1e-9, 30)])
def test_hoeffdings_bound_ends_where_the_relative_entropy_says(value: float, n: int) -> None:
    got = bounded_mean(value, n)
    assert got.method == HOEFFDING
    assert 0 <= got.low <= value <= got.high <= 1
    for mean in {got.low, got.high} - {0.0, 1.0}:
        entropy = value * np.log(value / mean) + (1 - value) * np.log((1 - value) / (1 - mean))
        assert np.exp(-n * entropy) == pytest.approx(0.025, rel=1e-4)
    # Never wider than the better known form without the entropy.
    assert got.width <= 2 * np.sqrt(np.log(40) / (2 * n)) + 1e-9


def test_hoeffdings_bound_of_other_values_says_within_which() -> None:
    got, shares = bounded_mean(-0.5, 13, -1.0, 1.0), bounded_mean(0.25, 13)
    assert got.method == "Hoeffding's bound of a mean within -1 to 1"
    assert (got.value, got.low, got.high) == pytest.approx((-0.5, 2 * shares.low - 1, 2 * shares.high - 1))


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.9), (2.0, 6.0), (20.0, 20.0)])
def test_hoeffdings_bound_holds_at_least_95_times_in_100(a: float, b: float) -> None:
    draw = np.random.default_rng(4)
    held = [
        got.low <= a / (a + b) <= got.high for got in (bounded_mean(draw.beta(a, b, 8).mean(), 8) for _ in range(400))
    ]
    assert np.mean(held) >= 0.95


@pytest.mark.parametrize("spread", [0.0, 1e-12, 1e-3])
def test_a_mean_whose_resamples_hardly_differ_gets_hoeffdings_bound(spread: float) -> None:
    truth, values = np.arange(5) < 3, 0.25 + spread * np.arange(5)
    got = bootstrapped_mean(values.mean(), draws(truth) @ values / 5, truth)
    assert got == bounded_mean(values.mean(), 5)
    assert got.width > 0.5


def test_a_mean_over_patients_who_differ_keeps_its_bootstrap() -> None:
    truth, values = np.arange(44) < 26, np.random.default_rng(0).random(44)
    drawn = draws(truth) @ values / 44
    got = bootstrapped_mean(values.mean(), drawn, truth)
    assert got.method == BOOTSTRAP
    assert (got.low, got.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))


def test_a_mean_with_one_patient_in_a_class_gets_hoeffdings_bound() -> None:
    truth, values = np.arange(30) < 1, np.random.default_rng(0).random(30)
    assert bootstrapped_mean(values.mean(), draws(truth) @ values / 30, truth).method == HOEFFDING
