"""Figures against hand-made cases, the paper's own row and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest
from sklearn.metrics import balanced_accuracy_score, f1_score, precision_recall_fscore_support

from edgecad.contract import Metric
from edgecad_train.evaluation.statistics.confusion import confusion
from edgecad_train.evaluation.statistics.intervals import HOEFFDING
from edgecad_train.evaluation.statistics.metrics import JOINTLY, averages, brier, figures

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


def test_the_papers_row_comes_out_as_means_over_both_classes_inferred() -> None:
    """26 of 26 and 16 of 18: the only table of 40 to 48 patients that gives all five published figures."""
    found = {metric.name: metric.value for metric in figures(*_answers(*INFERRED), 0.5, "test")}
    published = {
        "accuracy": 0.955,
        "macro_sensitivity": 0.944,
        "macro_precision": 0.964,
        "macro_f1": 0.952,
        "specificity_cad": 0.889,
    }
    assert {name: round(found[name], 3) for name in published} == published
    assert found["sensitivity_cad"] == 1.0, "the published sensitivity is not the sensitivity for CAD"


def test_a_score_at_the_threshold_is_positive() -> None:
    counts = confusion(np.array([True, False]), np.array([0.5, 0.5]), 0.5)
    assert (counts.true_positive, counts.false_positive) == (1, 1)
    assert (counts.positives, counts.negatives, counts.n) == (1, 1, 2)


@pytest.mark.parametrize("part", ["validation", "out-of-fold", "test"])
def test_figures_carry_part_count_method_and_an_interval_around_the_value(part: str) -> None:
    own = {"sensitivity_cad": 12, "specificity_cad": 10, "ppv_cad": 12, "npv_cad": 10}
    for metric in figures(*_answers(9, 12, 7, 10), threshold=0.5, part=part):  # type: ignore[arg-type]
        assert metric.part == part
        assert metric.n == own.get(metric.name, 22)
        assert metric.low <= metric.value <= metric.high
        assert metric.low < metric.high
        assert metric.method


def test_a_figure_without_trials_is_left_out_rather_than_invented() -> None:
    truth, scores = np.array([True, True, False, False]), np.full(4, 0.1)
    assert "ppv_cad" not in _by_name(figures(truth, scores, 0.5, "test"))  # nobody was called positive


def test_of_one_class_only_what_it_can_give_is_given() -> None:
    got = _by_name(figures(np.ones(6, bool), np.linspace(0.2, 0.9, 6), 0.5, "test"))
    assert set(got) == {"sensitivity_cad", "accuracy", "brier", "ppv_cad", "npv_cad"}
    assert got["npv_cad"].value == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_means_over_classes_and_f1_are_those_of_scikit_learn(seed: int) -> None:
    draw = np.random.default_rng(seed)
    truth, scores = draw.random(60) < 0.6, draw.random(60)
    said = scores >= 0.4
    precision, recall, f1, _ = precision_recall_fscore_support(truth, said, average="macro")
    found = averages(truth, scores, 0.4)
    assert found["macro_precision"].value == pytest.approx(precision)
    assert found["macro_sensitivity"].value == pytest.approx(recall)
    assert found["macro_f1"].value == pytest.approx(f1)
    assert found["f1_cad"].value == pytest.approx(f1_score(truth, said))
    assert found["balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(truth, said))
    for interval in found.values():
        assert interval.low < interval.value < interval.high


def test_where_nobody_is_called_positive_precision_counts_as_nought_as_in_scikit_learn() -> None:
    truth, scores = np.arange(10) < 4, np.full(10, 0.2)
    precision = precision_recall_fscore_support(truth, scores >= 0.5, average="macro", zero_division=0)[0]
    assert averages(truth, scores, 0.5)["macro_precision"].value == pytest.approx(precision)


def test_the_bootstrap_of_balanced_accuracy_agrees_with_its_standard_error() -> None:
    truth, scores = _answers(60, 80, 30, 50)
    got = averages(truth, scores, 0.5)["balanced_accuracy"]
    error = np.sqrt(0.75 * 0.25 / 80 + 0.6 * 0.4 / 50) / 2
    assert (got.low, got.high) == pytest.approx((got.value - 1.96 * error, got.value + 1.96 * error), abs=0.01)


def _plugged(tp: float, tn: float, cad: int, other: int) -> dict[str, float]:
    """The figures by their definitions, of shares of patients that need not be whole numbers."""
    fp, fn = other - tn, cad - tp
    precisions = (tp / (tp + fp), tn / (tn + fn))
    f1 = (2 * tp / (2 * tp + fp + fn), 2 * tn / (2 * tn + fp + fn))
    recall = (tp / cad + tn / other) / 2
    return {
        "balanced_accuracy": recall,
        "f1_cad": f1[0],
        "macro_sensitivity": recall,
        "macro_precision": sum(precisions) / 2,
        "macro_f1": sum(f1) / 2,
    }


@pytest.mark.parametrize(
    ("sizes", "right"), [((8, 12), (8, 12)), ((26, 18), (26, 16)), ((1, 9), (1, 4)), ((5, 30), (5, 30))]
)
def test_a_class_that_is_all_right_gets_both_classes_clopper_pearson_jointly(
    sizes: tuple[int, int], right: tuple[int, int]
) -> None:
    truth, scores = _answers(right[0], sizes[0], right[1], sizes[1])
    level = np.sqrt(0.95)
    bounds = [binomtest(k, n).proportion_ci(level, "exact") for k, n in zip(right, sizes, strict=True)]
    low, high, value = (
        _plugged(*(share * n for share, n in zip(shares, sizes, strict=True)), *sizes)
        for shares in (
            [b.low for b in bounds],
            [b.high for b in bounds],
            [k / n for k, n in zip(right, sizes, strict=True)],
        )
    )
    for name, got in averages(truth, scores, 0.5).items():
        assert got.method == JOINTLY
        assert (got.low, got.value, got.high) == pytest.approx((low[name], value[name], high[name])), name


def test_joint_bounds_hold_the_true_f1_at_least_95_times_in_100() -> None:
    """5 and 30 patients, nearly always right: the figure's bounds must hold what the true shares give."""
    true, chance = _plugged(0.97 * 5, 0.98 * 30, 5, 30), {}
    for tp, tn in ((tp, tn) for tp in range(6) for tn in range(31)):
        got = averages(*_answers(tp, 5, tn, 30), 0.5)["f1_cad"]
        if got.method == JOINTLY:
            chance[tp, tn] = (binom.pmf(tp, 5, 0.97) * binom.pmf(tn, 30, 0.98), got.low <= true["f1_cad"] <= got.high)
    held = sum(share for share, holds in chance.values() if holds) / sum(share for share, _ in chance.values())
    assert 0.95 <= held < 1.0


@pytest.mark.parametrize("right", [True, False])
def test_a_model_that_errs_never_or_always_gets_no_interval_of_no_width(right: bool) -> None:
    truth = np.arange(20) < 8
    scores = np.where(truth == right, 0.9, 0.1)
    for name, got in averages(truth, scores, 0.5).items():
        assert got.value == float(right), name
        assert got.value in (got.low, got.high)
        assert got.width > 0.2


@pytest.mark.parametrize("score", [0.9, 0.1])
def test_a_model_that_calls_everybody_the_same_is_a_half_with_bounds_on_both_sides(score: float) -> None:
    got = averages(np.arange(20) < 8, np.full(20, score), 0.5)["balanced_accuracy"]
    assert got.low < 0.4 < got.value == 0.5 < 0.6 < got.high


def test_brier_is_zero_for_certainty_that_is_right_and_a_quarter_for_chance() -> None:
    truth = np.array([True, False] * 10)
    assert brier(truth, truth.astype(float)).value == 0.0
    wanted = binomtest(0, 20).proportion_ci(0.95, "exact").high
    assert brier(truth, truth.astype(float)).high == pytest.approx(wanted), "twenty certainties may still be luck"
    assert brier(truth, np.full(20, 0.5)).value == pytest.approx(0.25)
    assert brier(truth, np.full(20, 0.5)).method == HOEFFDING


def test_the_bootstrap_of_brier_agrees_with_its_standard_error_and_is_the_same_every_time() -> None:
    draw = np.random.default_rng(1)
    scores = draw.random(300)
    truth = draw.random(300) < scores
    got = brier(truth, scores)
    squared = (scores - truth) ** 2
    error = np.sqrt(sum(squared[side].var() * side.sum() for side in (truth, ~truth))) / 300
    assert (got.high - got.low) / (2 * 1.96) == pytest.approx(error, rel=0.06)
    assert brier(truth, scores) == got
