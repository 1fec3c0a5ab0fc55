"""Temperature, threshold and heat map scale, each against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad.errors import UsageError
from edgecad_train.evaluation.decision import (
    SENSITIVITY_WANTED,
    TEMPERATURES,
    choose_decision,
    threshold_for_sensitivity,
)


def _drawn(seed: int, count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    truth = draw.random(count) < 0.5
    truth[:2] = True, False
    return draw.normal(np.where(truth, 1.0, -1.0), 1.5), truth


def _sensitivity(scores: np.ndarray, truth: np.ndarray, threshold: float) -> float:
    return float((scores[truth] >= threshold).mean())


@pytest.mark.parametrize("seed", range(25))
def test_the_threshold_is_the_highest_that_keeps_the_sensitivity_and_lies_midway(seed: int) -> None:
    log_odds, truth = _drawn(seed, 10 + 3 * seed)
    scores = 1 / (1 + np.exp(-log_odds))
    got = threshold_for_sensitivity(scores, truth)
    ladder = np.sort(scores)
    good = [step for step in ladder if _sensitivity(scores, truth, step) >= SENSITIVITY_WANTED]
    kept = max(good)
    below = ladder[ladder < kept]
    assert got == pytest.approx((kept + below.max()) / 2 if len(below) else kept / 2)
    assert _sensitivity(scores, truth, got) >= SENSITIVITY_WANTED


def test_one_positive_in_twenty_may_be_missed_and_no_more() -> None:
    truth = np.arange(30) < 20
    scores = np.concatenate([np.linspace(0.5, 0.9, 20), np.linspace(0.05, 0.4, 10)])
    got = threshold_for_sensitivity(scores, truth)
    assert _sensitivity(scores, truth, got) == pytest.approx(0.95)
    assert scores[0] < got < scores[1]


def test_equal_scores_do_not_cost_sensitivity() -> None:
    truth = np.array([True] * 6 + [False] * 4)
    scores = np.array([0.5, 0.5, 0.5, 0.7, 0.8, 0.9, 0.5, 0.5, 0.2, 0.1])
    got = threshold_for_sensitivity(scores, truth)
    assert got == pytest.approx(0.35)
    assert _sensitivity(scores, truth, got) == 1.0


def test_scores_that_are_all_nought_or_one_still_give_a_threshold_that_a_contract_takes() -> None:
    truth = np.array([True, True, False])
    assert 0 < threshold_for_sensitivity(np.zeros(3), truth) < 1
    assert 0 < threshold_for_sensitivity(np.ones(3), truth) < 1


@pytest.mark.parametrize("seed", range(6))
def test_the_temperature_minimises_cross_entropy(seed: int) -> None:
    log_odds, truth = _drawn(seed)
    log_odds = log_odds * (0.3, 1.0, 3.0)[seed % 3]

    def cross_entropy(temperature: float) -> float:
        return float(np.logaddexp(0, np.where(truth, -1, 1) * log_odds / temperature).mean())

    got = choose_decision(log_odds, truth).temperature
    grid = np.geomspace(*TEMPERATURES, 400)
    assert cross_entropy(got) <= min(map(cross_entropy, grid)) + 1e-6
    assert TEMPERATURES[0] <= got <= TEMPERATURES[1]


def test_overconfident_logits_are_cooled_and_timid_ones_sharpened() -> None:
    log_odds, truth = _drawn(0, 400)
    fair = choose_decision(log_odds, truth).temperature
    assert choose_decision(3 * log_odds, truth).temperature == pytest.approx(3 * fair, rel=1e-3)
    assert choose_decision(log_odds / 2, truth).temperature == pytest.approx(fair / 2, rel=1e-3)


@pytest.mark.parametrize(("sign", "end"), [(1.0, 0), (-1.0, 1)])
def test_the_temperature_keeps_to_its_range(sign: float, end: int) -> None:
    truth = np.arange(10) < 5
    log_odds = sign * np.where(truth, 1.0, -1.0)
    assert choose_decision(log_odds, truth).temperature == TEMPERATURES[end]


def test_the_threshold_is_on_the_scores_after_temperature() -> None:
    log_odds, truth = _drawn(7)
    decision = choose_decision(log_odds, truth)
    scores = 1 / (1 + np.exp(-log_odds / decision.temperature))
    assert decision.threshold == pytest.approx(threshold_for_sensitivity(scores, truth))
    assert str(SENSITIVITY_WANTED) in decision.rule


@pytest.mark.parametrize("part", ["validation", "out-of-fold"])
def test_the_rule_says_whose_scores_chose(part: str) -> None:
    log_odds, truth = _drawn(7)
    assert f"{part} sensitivity for CAD of at least 0.95" in choose_decision(log_odds, truth, part).rule  # type: ignore[arg-type]


@pytest.mark.parametrize("label", [True, False])
def test_one_class_chooses_no_threshold(label: bool) -> None:
    with pytest.raises(UsageError, match="both classes"):
        choose_decision(np.linspace(-1, 1, 5), np.full(5, label))
