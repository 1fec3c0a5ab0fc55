"""McNemar and Newcombe against scipy and print; DeLong's paired test against its definition and a bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from edgecad.errors import UsageError
from edgecad.frozen import json_from_struct, struct_from_json
from edgecad_train.evaluation.statistics.auc import auc
from edgecad_train.evaluation.statistics.comparison import (
    ModelComparison,
    Scores,
    compare,
    compare_auc,
    compare_right,
    paired_interval,
)


def _table(both: int, only_one: int, only_other: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    counts = (both, only_one, only_other, neither)
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


@pytest.mark.parametrize("table", [(30, 9, 3, 2), (10, 1, 8, 25), (43, 1, 0, 0), (0, 6, 6, 0)])
def test_mcnemar_is_the_sign_test_of_those_that_differ(table: tuple[int, int, int, int]) -> None:
    got = compare_right(*_table(*table))
    assert got.p_value == pytest.approx(binomtest(table[1], table[1] + table[2]).pvalue)
    assert (got.both_right, got.only_one_right, got.only_other_right, got.both_wrong) == table
    assert got.difference == pytest.approx((table[1] - table[2]) / sum(table))


def test_one_image_more_is_no_difference_as_between_the_papers_strategies() -> None:
    assert compare_right(*_table(41, 1, 0, 2)).p_value == 1.0


def test_models_that_never_differ_have_p_one_and_an_interval_with_width() -> None:
    got = compare_right(*_table(44, 0, 0, 0))
    assert (got.p_value, got.difference) == (1.0, 0.0)
    assert got.low < -0.02
    assert got.high == pytest.approx(-got.low)


@pytest.mark.parametrize(
    ("table", "printed"),
    [
        ((36, 12, 2, 0), (0.0569, 0.3404)),
        ((18, 12, 2, 18), (0.0562, 0.3290)),
        ((53, 0, 0, 1), (-0.0729, 0.0729)),
        ((0, 30, 0, 0), (0.8395, 1.0)),
    ],
)
def test_newcombes_interval_is_that_of_his_own_examples(
    table: tuple[int, int, int, int], printed: tuple[float, float]
) -> None:
    assert paired_interval(*table) == pytest.approx(printed, abs=6e-5)


@pytest.mark.parametrize("table", [(0, 14, 0, 22), (0, 0, 0, 9), (1, 0, 0, 0), (0, 0, 1, 0), (0, 7, 7, 0)])
def test_newcombes_interval_exists_with_width_whatever_is_empty(table: tuple[int, int, int, int]) -> None:
    low, high = paired_interval(*table)
    assert -1 <= low <= (table[1] - table[2]) / sum(table) <= high <= 1
    assert low < high


def test_newcombes_interval_turns_with_the_models() -> None:
    low, high = paired_interval(20, 7, 3, 14)
    assert paired_interval(20, 3, 7, 14) == pytest.approx((-high, -low))


def test_newcombes_interval_covers_the_difference_about_as_often_as_it_says() -> None:
    draw = np.random.default_rng(0)
    shares = (0.6, 0.2, 0.1, 0.1)
    held = 0
    for _ in range(400):
        low, high = paired_interval(*draw.multinomial(50, shares).tolist())
        held += low <= 0.1 <= high
    assert 0.92 <= held / 400 <= 0.985


def _two_models(seed: int, positives: int, negatives: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    truth = np.arange(positives + negatives) < positives
    shared = np.where(truth, 1.0, 0.0) + draw.normal(0, 1, len(truth))
    return truth, shared + draw.normal(0, 0.4, len(truth)), shared + draw.normal(0, 1.2, len(truth))


def test_the_variance_of_the_difference_is_that_of_delongs_covariance_matrix() -> None:
    truth, one, other = _two_models(1, 14, 18)
    kernels = [(s[truth][:, None] > s[~truth]).astype(float) for s in (one, other)]
    over_positives = np.cov([kernel.mean(axis=1) for kernel in kernels])
    over_negatives = np.cov([kernel.mean(axis=0) for kernel in kernels])
    s = over_positives / 14 + over_negatives / 18
    deviation = np.sqrt(s[0, 0] + s[1, 1] - 2 * s[0, 1])
    got = compare_auc(truth, one, other)
    assert got.difference == pytest.approx(kernels[0].mean() - kernels[1].mean())
    assert (got.high - got.low) / 2 == pytest.approx(1.959964 * deviation, rel=1e-6)
    assert (got.one, got.other) == pytest.approx((auc(truth, one).value, auc(truth, other).value))


def test_the_paired_interval_agrees_with_a_paired_bootstrap() -> None:
    truth, one, other = _two_models(2, 70, 60)
    draw = np.random.default_rng(0)
    positives, negatives = np.flatnonzero(truth), np.flatnonzero(~truth)
    differences = []
    for _ in range(1500):
        p, n = draw.choice(positives, len(positives)), draw.choice(negatives, len(negatives))
        differences.append((one[p][:, None] > one[n]).mean() - (other[p][:, None] > other[n]).mean())
    got = compare_auc(truth, one, other)
    assert (got.low, got.high) == pytest.approx(tuple(np.quantile(differences, [0.025, 0.975])), abs=0.015)


def test_under_no_difference_p_values_are_spread_evenly() -> None:
    small = 0
    for seed in range(300):
        draw = np.random.default_rng(seed)
        truth = np.arange(60) < 30
        shared = truth + draw.normal(0, 1, 60)
        got = compare_auc(truth, shared + draw.normal(0, 1, 60), shared + draw.normal(0, 1, 60))
        small += got.p_value < 0.1
    assert 0.05 <= small / 300 <= 0.16


def test_the_same_order_is_no_difference() -> None:
    truth, one, _ = _two_models(3, 12, 12)
    got = compare_auc(truth, one, np.exp(one))
    assert (got.difference, got.p_value) == (0.0, 1.0)
    assert got.low < 0 < got.high


@pytest.mark.parametrize(("sign", "difference"), [(1.0, 0.0), (-1.0, 1.0)])
def test_models_that_separate_the_classes_get_bounds_that_need_no_variance(sign: float, difference: float) -> None:
    truth = np.arange(20) < 8
    one = np.where(truth, 2.0, 1.0) + np.linspace(0, 0.1, 20)
    other = sign * (np.where(truth, 2.0, 1.0) + np.linspace(0.1, 0, 20))
    got = compare_auc(truth, one, other)
    unseen = 1 - 0.025 ** (1 / 8)
    assert got.difference == difference
    assert got.low == pytest.approx(difference * (1 - unseen) - unseen)
    assert got.high == pytest.approx(min(1.0, difference * (1 - unseen) + unseen))
    assert got.p_value == pytest.approx(1.0 if difference == 0 else 2 * 0.5**8)
    assert "Clopper-Pearson" in got.method


def test_one_case_in_a_class_gives_a_difference_without_test() -> None:
    got = compare_auc(np.arange(6) < 1, np.arange(6.0), -np.arange(6.0))
    assert (got.difference, got.low, got.high, got.p_value) == (-1.0, -1.0, 1.0, None)


def test_each_model_is_judged_at_its_own_threshold_and_by_class() -> None:
    truth = np.array([True, True, True, False, False])
    one = Scores(np.array([0.9, 0.8, 0.2, 0.6, 0.1]), 0.5)
    other = Scores(np.array([0.09, 0.01, 0.08, 0.02, 0.03]), 0.05)
    got = compare(truth, one, other)
    assert (got.accuracy.only_one_right, got.accuracy.only_other_right) == (1, 2)
    assert (got.sensitivity_cad.n, got.sensitivity_cad.difference) == (3, 0.0)
    assert (got.specificity_cad.n, got.specificity_cad.difference) == (2, -0.5)
    assert struct_from_json(json_from_struct(got), ModelComparison, "it", "") == got


def test_one_class_gives_what_it_can() -> None:
    got = compare(np.ones(4, bool), Scores(np.linspace(0, 1, 4), 0.5), Scores(np.linspace(1, 0, 4), 0.5))
    assert got.specificity_cad is None
    assert got.auc is None
    assert got.sensitivity_cad == got.accuracy


@pytest.mark.parametrize("count", [0, 3])
def test_scores_of_other_patients_are_refused(count: int) -> None:
    with pytest.raises(UsageError, match="same patients"):
        compare(np.ones(count, bool), Scores(np.zeros(count), 0.5), Scores(np.zeros(count and 4), 0.5))
