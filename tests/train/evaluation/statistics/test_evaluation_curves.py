"""ROC and decision curve against their definitions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgecad.frozen import json_from_struct
from edgecad_train.evaluation.statistics.auc import auc
from edgecad_train.evaluation.statistics.decision_curve import decision_curve
from edgecad_train.evaluation.statistics.roc import roc_of


def _drawn(seed: int, count: int = 50) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    truth = draw.random(count) < 0.4
    truth[:2] = True, False
    return truth, np.round(draw.beta(np.where(truth, 3, 2), np.where(truth, 2, 3)), 2)


@pytest.mark.parametrize("seed", range(4))
def test_each_corner_of_the_roc_is_what_its_threshold_gives(seed: int) -> None:
    truth, scores = _drawn(seed)
    roc = roc_of(truth, scores)
    for false_rate, true_rate, threshold in zip(
        roc.false_positive_rate, roc.true_positive_rate, roc.thresholds, strict=True
    ):
        assert false_rate == pytest.approx((scores[~truth] >= threshold).mean())
        assert true_rate == pytest.approx((scores[truth] >= threshold).mean())
    assert (roc.false_positive_rate[0], roc.true_positive_rate[0]) == (0.0, 0.0)
    assert (roc.false_positive_rate[-1], roc.true_positive_rate[-1]) == (1.0, 1.0)


def test_the_area_under_the_corners_is_the_auc() -> None:
    truth, scores = _drawn(9)
    roc = roc_of(truth, scores)
    assert np.trapezoid(roc.true_positive_rate, roc.false_positive_rate) == pytest.approx(auc(truth, scores).value)


def test_the_roc_is_json_without_nulls() -> None:
    roc = roc_of(*_drawn(0))
    assert "null" not in json_from_struct(roc)
    assert json.loads(json_from_struct(roc))["thresholds"][0] > 1.0


@pytest.mark.parametrize("label", [True, False])
def test_one_class_has_an_empty_roc_and_no_warning(label: bool) -> None:
    assert roc_of(np.full(4, label), np.linspace(0, 1, 4)).thresholds == ()


@pytest.mark.parametrize("seed", range(3))
def test_net_benefit_counts_hits_less_false_alarms_by_the_odds_of_the_threshold(seed: int) -> None:
    truth, scores = _drawn(seed)
    curve = decision_curve(truth, scores)
    for threshold, model, everybody in zip(curve.thresholds, curve.model, curve.treat_all, strict=True):
        hits = sum(1 for t, s in zip(truth, scores, strict=True) if t and s >= threshold)
        alarms = sum(1 for t, s in zip(truth, scores, strict=True) if not t and s >= threshold)
        odds = threshold / (1 - threshold)
        assert model == pytest.approx(hits / 50 - odds * alarms / 50)
        assert everybody == pytest.approx(truth.mean() - odds * (1 - truth.mean()))


def test_calling_everybody_is_worth_nothing_at_the_prevalence_and_a_perfect_score_is_worth_it() -> None:
    truth = np.arange(50) < 20
    curve = decision_curve(truth, truth.astype(float))
    assert dict(zip(curve.thresholds, curve.treat_all, strict=True))[0.4] == pytest.approx(0.0)
    assert curve.model == pytest.approx([0.4] * len(curve.thresholds))
    assert (curve.thresholds[0], curve.thresholds[-1]) == (0.01, 0.99)
