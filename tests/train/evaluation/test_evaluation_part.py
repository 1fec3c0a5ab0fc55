"""One part's evaluation: its pieces belong together, and it survives JSON."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad.contract import Decision
from edgecad.decision.rules import Rule
from edgecad.errors import GateFailed, UsageError
from edgecad.frozen import json_from_struct, struct_from_json
from edgecad_train.evaluation.decision.choice import choose_decision
from edgecad_train.evaluation.evaluation import Evaluation, evaluate_part

DECISION = Decision(threshold=0.4, rule="given", temperature=2.0)


def _drawn(seed: int, count: int = 44) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    truth = draw.random(count) < 0.6
    truth[:2] = True, False
    return truth, draw.normal(np.where(truth, 1.5, -1.5), 2.0)


def test_an_evaluation_survives_the_way_through_json() -> None:
    got = evaluate_part(*_drawn(0), DECISION, "out-of-fold")
    assert struct_from_json(json_from_struct(got), Evaluation, "it", "") == got


def test_scores_are_tempered_before_they_are_judged() -> None:
    truth, log_odds = _drawn(1)
    got = evaluate_part(truth, log_odds, DECISION, "test")
    scores = 1 / (1 + np.exp(-log_odds / 2.0))
    said = scores >= 0.4
    assert got.confusion.true_positive == (truth & said).sum()
    assert got.confusion.false_positive == (~truth & said).sum()
    assert got.calibration.brier == pytest.approx(((scores - truth) ** 2).mean())
    assert got.metric("brier").value == pytest.approx(got.calibration.brier)
    assert (got.threshold, got.temperature, got.part) == (0.4, 2.0, "test")
    assert {metric.part for metric in got.metrics} == {"test"}


def test_every_figure_of_the_issue_is_there() -> None:
    names = {metric.name for metric in evaluate_part(*_drawn(2), DECISION, "test").metrics}
    assert names == {
        "sensitivity_cad", "specificity_cad", "ppv_cad", "npv_cad", "accuracy", "balanced_accuracy", "f1_cad",
        "macro_sensitivity", "macro_precision", "macro_f1", "brier", "auc",
    }  # fmt: skip


def test_the_rule_of_the_threshold_holds_on_the_part_that_chose_it() -> None:
    truth, log_odds = _drawn(3)
    log_odds = log_odds + 2 * truth
    got = evaluate_part(truth, log_odds, choose_decision(log_odds, truth, rule=Rule("sensitivity", 0.95)), "validation")
    assert got.metric("sensitivity_cad").value >= 0.95


DEGENERATE = {
    "one patient": (np.array([True]), np.array([0.3])),
    "one of each": (np.array([True, False]), np.array([0.3, -0.2])),
    "one class": (np.zeros(12, bool), np.linspace(-2, 2, 12)),
    "constant": (np.arange(12) < 5, np.zeros(12)),
    "apart": (np.arange(12) < 5, np.where(np.arange(12) < 5, 3.0, -3.0)),
    "wholly wrong": (np.arange(12) < 5, np.where(np.arange(12) < 5, -3.0, 3.0)),
    "certain": (np.arange(12) < 5, np.where(np.arange(12) < 5, 900.0, -900.0)),
    "certain and wrong": (np.arange(12) < 5, np.where(np.arange(12) < 5, -900.0, 900.0)),
    "certain and both": (np.arange(12) % 2 == 0, np.where(np.arange(12) < 5, -900.0, 900.0)),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_patients_give_an_evaluation_without_warning_or_null(name: str) -> None:
    truth, log_odds = DEGENERATE[name]
    got = evaluate_part(truth, log_odds, DECISION, "test")
    assert struct_from_json(json_from_struct(got), Evaluation, "it", "") == got
    for metric in got.metrics:
        assert np.isfinite([metric.value, metric.low, metric.high]).all(), metric
        assert 0.0 <= metric.low <= metric.value <= metric.high <= 1.0, metric
        assert metric.low < metric.high, metric


def test_no_patients_and_arrays_of_unlike_length_are_refused() -> None:
    with pytest.raises(UsageError, match="one of each a patient"):
        evaluate_part(np.array([], bool), np.array([]), DECISION, "test")
    with pytest.raises(UsageError, match="one of each a patient"):
        evaluate_part(np.ones(3, bool), np.zeros(4), DECISION, "test")


def test_a_log_odds_that_is_not_finite_is_refused_by_count() -> None:
    with pytest.raises(GateFailed, match="2 of 4 patients"):
        evaluate_part(np.arange(4) < 2, np.array([0.0, np.nan, np.inf, 1.0]), DECISION, "test")


def test_a_figure_that_is_not_there_is_none() -> None:
    assert evaluate_part(np.ones(3, bool), np.zeros(3), DECISION, "test").metric("auc") is None
