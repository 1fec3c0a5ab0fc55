"""Exact intervals against the beta distribution; the resamples and what is done where they have no width."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, binom

from edgecad_train.evaluation.intervals import NO_WIDTH, bootstrapped, draws, proportion, without_width


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
def test_without_width_the_bounds_hold_the_value_and_what_the_unseen_share_may_add(value: float) -> None:
    got = without_width(value, 10, 25)
    unseen = 1 - 0.025**0.1
    assert (got.low, got.high) == pytest.approx((value * (1 - unseen), value * (1 - unseen) + unseen))
    assert got.low <= value <= got.high
    assert (got.n, got.method) == (25, NO_WIDTH)
