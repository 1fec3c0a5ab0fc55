"""The area and its intervals against scikit-learn, the definition and a bootstrap; degenerate cases by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from edgecad.errors import UsageError
from edgecad_train.evaluation.statistics.auc import _drawn_areas, auc, auc_bootstrap, placements
from edgecad_train.evaluation.statistics.intervals import BOOTSTRAP, PAIRS, draws


def _drawn(seed: int, positives: int, negatives: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    scores = np.concatenate([draw.normal(1.0, 1.0, positives), draw.normal(0.0, 1.0, negatives)])
    mixed = draw.permutation(positives + negatives)
    return (np.arange(positives + negatives) < positives)[mixed], (np.round(scores, 1) if ties else scores)[mixed]


def _kernel(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Of each pair of a positive and a negative: 1, 0, or a half for a tie; `(m, n)`."""
    positive, negative = scores[truth][:, None], scores[~truth][None]
    return (positive > negative) + 0.5 * (positive == negative)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("positives", "negatives"), [(30, 30), (8, 50), (50, 4)])
def test_auc_is_that_of_scikit_learn_ties_included(positives: int, negatives: int, ties: bool) -> None:
    truth, scores = _drawn(1, positives, negatives, ties)
    assert auc(truth, scores).value == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    assert auc_bootstrap(truth, scores).value == auc(truth, scores).value


@pytest.mark.parametrize("ties", [False, True])
def test_placements_and_variance_are_those_of_the_definition(ties: bool) -> None:
    truth, scores = _drawn(4, 12, 9, ties)
    kernel, got = _kernel(truth, scores), placements(truth, scores)
    np.testing.assert_allclose(got.positives, kernel.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(got.negatives, kernel.mean(axis=0), atol=1e-12)
    expected = np.cov(kernel.mean(axis=1)) / 12 + np.cov(kernel.mean(axis=0)) / 9
    assert got.variance == pytest.approx(float(expected))


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


@pytest.mark.parametrize("ties", [False, True])
def test_the_bootstraps_areas_are_those_of_the_resampled_patients(ties: bool) -> None:
    truth, scores = _drawn(3, 14, 11, ties)
    expected = [roc_auc_score(truth, scores, sample_weight=weights) for weights in draws(truth)[:60]]
    np.testing.assert_allclose(_drawn_areas(truth, scores)[:60], expected, atol=1e-12)


def test_the_bootstraps_interval_agrees_with_delongs_on_many_patients() -> None:
    truth, scores = _drawn(5, 200, 150, ties=False)
    one, other = auc(truth, scores), auc_bootstrap(truth, scores)
    assert other.method == BOOTSTRAP
    assert (other.low, other.high) == pytest.approx((one.low, one.high), abs=0.01)


def test_delong_covers_the_true_area_about_as_often_as_it_says() -> None:
    true = 0.7602499389065233  # of two unit normals one standard deviation apart
    held = 0
    for seed in range(300):
        got = auc(*_drawn(100 + seed, 30, 30, ties=False))
        held += got.low <= true <= got.high
    assert 0.91 <= held / 300 <= 0.985


def test_delong_stays_within_zero_and_one() -> None:
    truth, scores = np.arange(12) < 6, np.array([9, 8, 7, 6, 5, 2, 4, 3, 1, 1, 0, 0], float)
    got = auc(truth, scores)
    assert got.method == "DeLong"
    assert 0.0 <= got.low < got.value < got.high <= 1.0


@pytest.mark.parametrize("area", [auc, auc_bootstrap])
@pytest.mark.parametrize(("value", "sign"), [(1.0, 1.0), (0.0, -1.0)])
def test_classes_that_are_wholly_apart_still_get_an_interval_with_width(value: float, sign: float, area) -> None:
    truth = np.arange(20) < 8
    got = area(truth, sign * np.where(truth, 2.0, 1.0) + np.linspace(0, 0.1, 20))
    assert (got.value, got.method) == (value, PAIRS)
    assert got.high - got.low == pytest.approx(0.369, abs=1e-3)  # Clopper-Pearson of 8 of 8
    assert value in (got.low, got.high)


@pytest.mark.parametrize("area", [auc, auc_bootstrap])
def test_constant_scores_are_chance_with_a_wide_interval(area) -> None:
    got = area(np.arange(20) < 8, np.full(20, 0.3))
    assert got.value == 0.5
    assert got.low < 0.35
    assert got.high > 0.65


@pytest.mark.parametrize("area", [auc, auc_bootstrap])
def test_one_case_in_a_class_gives_no_interval(area) -> None:
    got = area(np.array([True, False, False]), np.array([0.9, 0.1, 0.2]))
    assert (got.value, got.low, got.high) == (1.0, 0.0, 1.0)
    assert "no interval" in got.method


@pytest.mark.parametrize("area", [auc, auc_bootstrap])
@pytest.mark.parametrize("label", [True, False])
def test_one_class_has_no_area(label: bool, area) -> None:
    with pytest.raises(UsageError, match="both classes"):
        area(np.full(5, label), np.linspace(0, 1, 5))
