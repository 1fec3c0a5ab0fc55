"""Thresholds that keep a sensitivity or a specificity, against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from edgecad.decision.rules import LEAST, MOST, within_range
from edgecad_train.evaluation.decision.cuts import cuts_of


def _drawn(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    truth = draw.random(n) < 0.5
    truth[:2] = True, False
    return truth, np.round(draw.normal(np.where(truth, 0.7, -0.7), 1.0), 1)  # with ties


def _rates(truth: np.ndarray, log_odds: np.ndarray, threshold: float) -> tuple[float, float]:
    said = expit(log_odds) >= threshold
    return float(said[truth].mean()), float((~said[~truth]).mean())


@pytest.mark.parametrize("wanted", [0.95, 0.8, 0.07])
@pytest.mark.parametrize("seed", range(12))
def test_no_other_threshold_keeps_it_and_does_better(seed: int, wanted: float) -> None:
    truth, log_odds = _drawn(seed, 10 + 5 * seed)
    ladder = [*np.unique(expit(log_odds)), 1.0]
    every = [_rates(truth, log_odds, step) for step in ladder]
    cuts = cuts_of(truth, log_odds)
    best = max((pair for pair in every if pair[0] >= wanted), key=lambda pair: (pair[1], pair[0]))
    assert _rates(truth, log_odds, cuts.at_sensitivity(wanted)) == best
    best = max((pair for pair in every if pair[1] >= wanted), key=lambda pair: pair)
    assert _rates(truth, log_odds, cuts.at_specificity(wanted)) == best


def test_a_threshold_lies_midway_between_neighbours() -> None:
    truth = np.array([False, True, False, True])
    scores = np.array([0.2, 0.4, 0.6, 0.8])
    cuts = cuts_of(truth, logit(scores))
    assert cuts.thresholds == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert cuts.at_sensitivity(1.0) == pytest.approx(0.3)
    assert cuts.at_specificity(1.0) == pytest.approx(0.7)
    assert cuts.gap is None
    assert cuts.nearest(0.52) == pytest.approx(0.5)


def test_equal_scores_do_not_cost_sensitivity() -> None:
    truth = np.array([True] * 6 + [False] * 4)
    scores = np.array([0.5, 0.5, 0.5, 0.7, 0.8, 0.9, 0.5, 0.5, 0.2, 0.1])
    assert cuts_of(truth, logit(scores)).at_sensitivity(0.95) == pytest.approx(0.35)


def test_a_count_is_not_lost_to_binary_fractions() -> None:
    """0.07 * 100 is 7.000000000000001: eight patients would be one too many."""
    truth = np.arange(200) < 100
    log_odds = np.concatenate([np.linspace(0, 1, 100), np.linspace(-1, 0.93, 100)])
    threshold = cuts_of(truth, log_odds).at_sensitivity(0.07)
    assert (expit(log_odds[truth]) >= threshold).sum() == 7


def test_nobody_is_needed_beyond_the_ends() -> None:
    apart = cuts_of(np.array([False, True]), np.array([-1.0, 1.0]))
    assert apart.gap == apart.at_sensitivity(0.9) == apart.at_specificity(0.9) == pytest.approx(0.5)
    wrong = cuts_of(np.array([True, False]), np.array([-1.0, 1.0]))
    assert wrong.at_sensitivity(0.9) == pytest.approx(expit(-1.0) / 2)
    assert wrong.at_specificity(0.9) == pytest.approx((1 + expit(1.0)) / 2)


@pytest.mark.parametrize("log_odds", [-900.0, 900.0])
def test_scores_that_are_nought_or_one_still_give_a_threshold_that_a_contract_takes(log_odds: float) -> None:
    cuts = cuts_of(np.array([True, False]), np.full(2, log_odds))
    assert 0 < cuts.at_sensitivity(0.9) < 1
    assert 0 < cuts.at_specificity(0.9) < 1


def test_no_float32_score_lies_between_the_highest_threshold_and_one() -> None:
    assert np.nextafter(np.float32(1), np.float32(0)) >= MOST
    assert (within_range(1.0), within_range(0.0)) == (MOST, LEAST)
