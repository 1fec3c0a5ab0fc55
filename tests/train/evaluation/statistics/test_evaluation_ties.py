"""Scores that differ by rounding are equal, whatever they are near to; those that differ by more keep their order."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from edgecad.contract import Decision
from edgecad.decision.rules import Rule
from edgecad_train.evaluation.decision.choice import choose_decision
from edgecad_train.evaluation.doubts import doubts_about_scores
from edgecad_train.evaluation.evaluation import evaluate_part
from edgecad_train.evaluation.optimism import ChosenBy, optimism_of
from edgecad_train.evaluation.statistics.comparison import Scores, compare
from edgecad_train.evaluation.statistics.ties import ROUNDING, differ, resolution_of, tied

DECISION = Decision(threshold=0.5, rule="given", temperature=2.0)
TRUTH = np.arange(24) < 10


def _noisy(size: float, about: float, seed: int = 0) -> np.ndarray:
    return about + np.random.default_rng(seed).uniform(-size, size, 24)


@pytest.mark.parametrize("about", [0.0, 5e-7, 0.0123456789, 1.5, -30.0])
def test_noise_about_any_score_is_one_score(about: float) -> None:
    for seed in range(20):
        noisy = _noisy(0.4 * ROUNDING * max(1.0, abs(about)), about, seed)
        assert len(set(tied(noisy).tolist())) == 1
        assert not differ(noisy)


@pytest.mark.parametrize("scale", [1.0, 5.0, 30.0])
def test_scores_further_apart_than_the_resolution_keep_their_order_and_value(scale: float) -> None:
    values = np.random.default_rng(1).permutation(np.linspace(-1, 1, 501)) * scale
    assert np.array_equal(tied(values), values)
    assert differ(values)


def test_float32_steps_of_a_logit_are_equal_and_a_hundred_of_them_are_not() -> None:
    step = float(np.spacing(np.float32(3.0)))
    assert len(set(tied(np.array([3.0, 3.0 + 4 * step])).tolist())) == 1
    assert len(set(tied(np.array([3.0, 3.0 + 100 * step])).tolist())) == 2


def test_a_group_holds_no_more_than_the_resolution_however_close_its_neighbours_are() -> None:
    chain = np.linspace(0, 1, 5_000_001)[:40]  # steps of 2e-7: each neighbour is equal, the ends are not
    got = tied(chain)
    assert 2 <= len(set(got.tolist())) <= 10
    assert (chain - got).max() <= resolution_of(chain) * (1 + 1e-9)
    assert (got <= chain).all()
    assert np.array_equal(tied(got), got)


def test_certainties_are_equal() -> None:
    assert tied(np.array([50.0, 900.0, np.inf, -50.0, -900.0])).tolist() == [36.0, 36.0, 36.0, -36.0, -36.0]


@pytest.mark.parametrize("seed", range(8))
def test_an_untrained_network_has_an_area_of_a_half_and_is_said_not_to_tell_patients_apart(seed: int) -> None:
    got = evaluate_part(TRUTH, _noisy(3e-7, 0.1, seed), DECISION, "test")
    metric = got.metric("auc")
    assert metric is not None
    assert (metric.value, metric.low < 0.4, metric.high > 0.6) == (0.5, True, True)
    assert got.roc.false_positive_rate == got.roc.true_positive_rate == (0.0, 1.0)
    assert len(got.calibration.bins) == 1
    assert not got.scores_differ
    assert "do not differ beyond rounding" in doubts_about_scores([got, got])[0]
    assert len(doubts_about_scores([got, got])) == 1
    brier = got.metric("brier")
    assert brier is not None
    assert brier.high - brier.low > 0.3


def test_answers_are_those_of_the_model_as_it_is_even_among_equal_scores() -> None:
    log_odds = _noisy(3e-7, 0.0)
    got = evaluate_part(TRUTH, log_odds, DECISION, "test").confusion
    assert got.true_positive == (log_odds[TRUTH] >= 0).sum()


@pytest.mark.parametrize("seed", range(3))
def test_trained_scores_are_ranked_as_scikit_learn_ranks_them(seed: int) -> None:
    log_odds = np.random.default_rng(seed).normal(TRUTH * 1.0, 1.0)
    got = evaluate_part(TRUTH, log_odds, DECISION, "test")
    assert got.metric("auc").value == pytest.approx(roc_auc_score(TRUTH, log_odds))  # type: ignore[union-attr]
    assert got.scores_differ
    assert doubts_about_scores([got]) == ()


def test_two_models_are_compared_by_the_same_rule() -> None:
    trained = np.random.default_rng(5).normal(TRUTH * 1.0, 1.0)
    got = compare(TRUTH, Scores(expit(trained), 0.5), Scores(expit(_noisy(3e-7, 0.1)), 0.5)).auc
    assert got is not None
    assert (got.one, got.other) == (pytest.approx(roc_auc_score(TRUTH, trained)), 0.5)
    assert optimism_of(ChosenBy((1,), (TRUTH, _noisy(1e-7, 0.1))), ChosenBy((2,), (TRUTH, trained)), 2).auc == 0.5


@pytest.mark.parametrize("level", [0.1, 200.0])
def test_equal_scores_choose_no_temperature_and_a_threshold_of_a_half(level: float) -> None:
    got = choose_decision(_noisy(3e-7, level), TRUTH)
    assert (got.temperature, got.threshold) == (1.0, 0.5)


def test_a_threshold_is_never_put_between_scores_that_differ_by_rounding() -> None:
    """A sensitivity of 0.95 would put it there: one positive of 20 lies a rounding below the next."""
    truth = np.arange(30) < 20
    log_odds = np.concatenate([[0.5], 0.5 + 1e-8 * np.arange(1, 4), np.linspace(1, 2, 16), np.linspace(-2, 0, 10)])
    got = choose_decision(log_odds, truth, rule=Rule("sensitivity", 0.95))
    scores = expit(log_odds / got.temperature)
    assert scores[20:].max() < got.threshold < scores[0]


def test_one_patient_alone_is_nothing_to_doubt() -> None:
    assert doubts_about_scores([evaluate_part(np.array([True]), np.array([0.3]), DECISION, "test")]) == ()


@pytest.mark.parametrize(("sign", "end"), [(1.0, "lower end"), (-1.0, "upper end")])
def test_a_temperature_at_an_end_of_its_range_is_said(sign: float, end: str) -> None:
    log_odds = sign * np.where(TRUTH, 1.0, -1.0) + np.linspace(0, 0.1, 24)
    decision = choose_decision(log_odds, TRUTH)
    (words,) = doubts_about_scores([evaluate_part(TRUTH, log_odds, decision, "validation")])
    assert end in words
    assert "0.25 to 8" in words
    assert words.startswith(f"temperature {decision.temperature:g} ")


@pytest.mark.parametrize("temperature", [0.26, 1.0, 7.9])
def test_a_temperature_inside_its_range_is_not_worth_a_word(temperature: float) -> None:
    decision = Decision(threshold=0.5, rule="given", temperature=temperature)
    assert doubts_about_scores([evaluate_part(TRUTH, np.linspace(-1, 1, 24), decision, "test")]) == ()
