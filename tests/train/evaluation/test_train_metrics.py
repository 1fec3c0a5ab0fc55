"""Figures and their intervals against hand-made cases, scikit-learn and a bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta
from sklearn.metrics import balanced_accuracy_score, precision_recall_fscore_support, roc_auc_score

from edgecad.contract import Metric
from edgecad_train.evaluation.metrics import auc, averages, brier, confusion, figures, proportion

INFERRED = (26, 26, 16, 18)
"""The paper's test part, inferred from its printed figures: 26 of 26 of one class, 16 of 18 of the other."""


def _answers(right: int, of: int, other_right: int, other_of: int) -> tuple[np.ndarray, np.ndarray]:
    """Truth and scores with `right` of `of` positives and `other_right` of `other_of` negatives right."""
    truth = np.arange(of + other_of) < of
    scores = np.where(truth, 0.9, 0.1)
    scores[right:of] = 0.2
    scores[of : of + other_of - other_right] = 0.8
    return truth, scores


def _by_name(metrics: tuple[Metric, ...]) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


@pytest.mark.parametrize(
    ("counts", "sensitivity", "specificity", "ppv", "npv"),
    [
        (INFERRED, 26 / 26, 16 / 18, 26 / 28, 16 / 16),
        ((16, 18, 26, 26), 16 / 18, 26 / 26, 16 / 16, 26 / 28),
    ],
    ids=["cad-is-the-larger-class", "cad-is-the-smaller-class"],
)
def test_the_inferred_case_of_the_paper_gives_its_figures_either_way_round(
    counts: tuple[int, int, int, int], sensitivity: float, specificity: float, ppv: float, npv: float
) -> None:
    got = _by_name(figures(*_answers(*counts), threshold=0.5, part="test"))
    assert got["accuracy"].value == pytest.approx(0.955, abs=5e-4)
    assert (got["accuracy"].low, got["accuracy"].high) == pytest.approx((0.845, 0.994), abs=5e-4)
    assert got["sensitivity_cad"].value == pytest.approx(sensitivity)
    assert got["specificity_cad"].value == pytest.approx(specificity)
    assert got["ppv_cad"].value == pytest.approx(ppv)
    assert got["npv_cad"].value == pytest.approx(npv)
    assert (got["accuracy"].n, got["sensitivity_cad"].n, got["specificity_cad"].n) == (44, counts[1], counts[3])


def test_the_published_sensitivity_is_the_mean_over_classes_not_that_of_cad() -> None:
    got = _by_name(figures(*_answers(*INFERRED), threshold=0.5, part="test"))
    recalls = (got["sensitivity_cad"].value, got["specificity_cad"].value)
    precisions = (got["ppv_cad"].value, got["npv_cad"].value)
    assert np.mean(recalls) == pytest.approx(0.944, abs=5e-4)
    assert np.mean(precisions) == pytest.approx(0.964, abs=5e-4)
    assert 0.944 not in (round(value, 3) for value in recalls)


def test_a_score_at_the_threshold_is_positive() -> None:
    counts = confusion(np.array([True, False]), np.array([0.5, 0.5]), 0.5)
    assert (counts.true_positive, counts.false_positive) == (1, 1)


def test_figures_carry_part_count_method_and_an_interval_around_the_value() -> None:
    for metric in figures(*_answers(9, 12, 7, 10), threshold=0.5, part="validation"):
        assert metric.part == "validation"
        assert metric.n == {"sensitivity_cad": 12, "specificity_cad": 10, "ppv_cad": 12, "npv_cad": 10}.get(
            metric.name, 22
        )
        assert metric.low <= metric.value <= metric.high
        assert metric.low < metric.high
        assert metric.method


def test_a_figure_without_trials_is_left_out_rather_than_invented() -> None:
    truth, scores = np.array([True, True, False, False]), np.full(4, 0.1)
    assert "ppv_cad" not in _by_name(figures(truth, scores, 0.5, "test"))  # nobody was called positive


@pytest.mark.parametrize(("successes", "trials"), [(42, 44), (0, 10), (10, 10), (1, 2), (1, 200)])
def test_clopper_pearson_gives_the_quantiles_of_the_beta_distribution(successes: int, trials: int) -> None:
    got = proportion(successes, trials)
    low = beta.ppf(0.025, successes, trials - successes + 1) if successes else 0.0
    high = beta.ppf(0.975, successes + 1, trials - successes) if successes < trials else 1.0
    assert (got.low, got.high) == pytest.approx((low, high), abs=1e-8)


def _drawn(seed: int, positives: int, negatives: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    scores = np.concatenate([draw.normal(1.0, 1.0, positives), draw.normal(0.0, 1.0, negatives)])
    return np.arange(positives + negatives) < positives, np.round(scores, 1) if ties else scores


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("positives", "negatives"), [(30, 30), (8, 50), (50, 4)])
def test_auc_is_that_of_scikit_learn_ties_included(positives: int, negatives: int, ties: bool) -> None:
    truth, scores = _drawn(1, positives, negatives, ties)
    assert auc(truth, scores).value == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_delong_agrees_with_a_stratified_bootstrap(ties: bool) -> None:
    truth, scores = _drawn(2, 80, 60, ties)
    draw = np.random.default_rng(0)
    positive, negative = scores[truth], scores[~truth]
    values = []
    for _ in range(2000):
        p, n = draw.choice(positive, len(positive)), draw.choice(negative, len(negative))
        values.append((p[:, None] > n).mean() + 0.5 * (p[:, None] == n).mean())
    got = auc(truth, scores)
    assert got.method == "DeLong"
    assert (got.high - got.low) / (2 * 1.96) == pytest.approx(np.std(values), rel=0.06)
    assert (got.low, got.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])), abs=0.02)


def test_delong_stays_within_zero_and_one() -> None:
    truth, scores = np.arange(12) < 6, np.array([9, 8, 7, 6, 5, 2, 4, 3, 1, 1, 0, 0], float)
    got = auc(truth, scores)
    assert got.method == "DeLong"
    assert 0.0 <= got.low < got.value < got.high <= 1.0


@pytest.mark.parametrize(("value", "sign"), [(1.0, 1.0), (0.0, -1.0)])
def test_classes_that_are_wholly_apart_still_get_an_interval_with_width(value: float, sign: float) -> None:
    truth = np.arange(20) < 8
    got = auc(truth, sign * np.where(truth, 2.0, 1.0))
    assert got.value == value
    assert got.high - got.low == pytest.approx(0.369, abs=1e-3)  # Clopper-Pearson of 8 of 8
    assert value in (got.low, got.high)


def test_one_case_in_a_class_gives_no_interval() -> None:
    got = auc(np.array([True, False, False]), np.array([0.9, 0.1, 0.2]))
    assert (got.value, got.low, got.high) == (1.0, 0.0, 1.0)


def test_brier_is_zero_for_certainty_that_is_right_and_a_quarter_for_chance() -> None:
    truth = np.array([True, False] * 10)
    assert brier(truth, truth.astype(float)).value == 0.0
    assert brier(truth, np.full(20, 0.5)).value == pytest.approx(0.25)


def test_the_bootstrap_of_brier_is_the_same_every_time() -> None:
    truth, scores = _answers(9, 12, 7, 10)
    assert brier(truth, scores) == brier(truth, scores)


def test_the_papers_row_comes_out_as_means_over_both_classes_inferred() -> None:
    """26 of 26 and 16 of 18: the only table of 40 to 48 patients that gives all five published figures."""
    truth = np.array([True] * 26 + [False] * 18)
    scores = np.array([0.9] * 26 + [0.1] * 16 + [0.9] * 2)
    found = {metric.name: metric.value for metric in figures(truth, scores, 0.5, "test")}
    published = {"accuracy": 0.955, "macro_sensitivity": 0.944, "macro_precision": 0.964, "macro_f1": 0.952}
    assert {name: round(found[name], 3) for name in published} == published
    assert round(found["specificity_cad"], 3) == 0.889
    assert found["sensitivity_cad"] == 1.0, "the published sensitivity is not the sensitivity for CAD"


def test_means_over_classes_are_those_of_scikit_learn() -> None:
    draw = np.random.default_rng(5)
    truth, scores = draw.random(60) < 0.6, draw.random(60)
    precision, recall, f1, _ = precision_recall_fscore_support(truth, scores >= 0.4, average="macro")
    found = averages(truth, scores, 0.4)
    assert found["macro_precision"].value == pytest.approx(precision)
    assert found["macro_sensitivity"].value == pytest.approx(recall)
    assert found["macro_f1"].value == pytest.approx(f1)
    assert found["balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(truth, scores >= 0.4))
    for interval in found.values():
        assert interval.low < interval.value < interval.high
