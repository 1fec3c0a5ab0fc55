"""A row's networks against the reference's, on the same test patients, run by run and over all runs: patients alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from edgecad.errors import UsageError
from edgecad_train.evaluation.claims.areas import areas_of
from edgecad_train.evaluation.claims.networks import network_pairs
from edgecad_train.evaluation.statistics.auc import NO_VARIANCE
from edgecad_train.evaluation.statistics.comparison import (
    DifferenceBounds,
    ModelComparison,
    bounds_without_variance,
    compare,
)
from edgecad_train.evaluation.statistics.intervals import LEVEL, ONE_CASE, Bools, Floats, Z, draws, smaller_class
from edgecad_train.study.results.pooling import Runs, mean_auc, parts_of, runs_of
from edgecad_train.study.results.unit_run import UnitRun, UnitScores

BY_PATIENT = "sign test and bootstrap by patient"
ALL_ALIKE = "sign test and Clopper-Pearson of patients who all agree"
MEAN_AREAS = "DeLong, paired, by patient"


@dataclass(frozen=True)
class Difference:
    """A row less the reference: value and 95 % interval of this difference alone.

    `p_value` is of this comparison alone; None where there is no test.
    """

    value: float
    low: float
    high: float
    p_value: float | None
    method: str


@dataclass(frozen=True)
class AgainstReference:
    """All comparisons of a row.

    Attributes:
        runs: which splits both have, `seed 0`, ...
        each: one comparison a run, McNemar and DeLong.
        accuracy: over all runs.
        auc: difference of the mean areas.
    """

    runs: tuple[str, ...]
    each: tuple[ModelComparison, ...]
    accuracy: Difference
    auc: Difference


def against(row: Sequence[UnitRun], reference: Sequence[UnitRun]) -> AgainstReference | None:
    """Compare where both have a run of the same split; None where they share none."""
    theirs = {run.unit.split_sha256: run for run in reference}
    pairs = [(mine, theirs[mine.unit.split_sha256]) for mine in row if mine.unit.split_sha256 in theirs]
    if not pairs:
        return None
    each = tuple(_compared(mine.tested, other.tested) for mine, other in pairs)
    names = tuple(mine.unit.part_name for mine, _ in pairs)
    if len(pairs) == 1:
        return AgainstReference(names, each, *_single(each[0]))
    one, other = runs_of([mine for mine, _ in pairs]), runs_of([other for _, other in pairs])
    return AgainstReference(names, each, _accuracy(one, other), difference_of_areas(one, other))


def _compared(mine: UnitScores, other: UnitScores) -> ModelComparison:
    """Both lists are in the order of the split's test part."""
    if mine.patients != other.patients:
        raise ValueError("two units of one split have other test patients")
    return compare(mine.truth, mine.answers, other.answers)


def _single(comparison: ModelComparison) -> tuple[Difference, Difference]:
    right, area = comparison.accuracy, comparison.auc
    accuracy = Difference(right.difference, right.low, right.high, right.p_value, right.method)
    if area is None:
        return accuracy, Difference(float("nan"), -1.0, 1.0, None, "one class only")
    return accuracy, Difference(area.difference, area.low, area.high, area.p_value, area.method)


def _accuracy(one: Runs, other: Runs) -> Difference:
    """Share of right answers, less the other's; each patient counts once in the test, by the sign of its sum."""
    gained = one.right.sum(axis=0).astype(np.float64) - other.right.sum(axis=0)
    tested = one.tested.sum(axis=0).astype(np.float64)
    weights = draws(one.truth)
    drawn = weights @ gained / np.maximum(weights @ tested, 1)
    better, worse = int((gained > 0).sum()), int((gained < 0).sum())
    p_value = float(stats.binomtest(better, better + worse).pvalue) if better + worse else 1.0
    value = float(gained.sum() / tested.sum())
    bounds = _bounds(value, drawn, one.truth)
    return Difference(value, bounds.low, bounds.high, p_value, bounds.method)


def difference_of_areas(one: Runs, other: Runs) -> Difference:
    """Of the mean areas of two rows over the same test parts, by DeLong's paired test with the patient as cluster."""
    try:
        areas = areas_of(parts_of([one, other]))
    except UsageError:
        return Difference(mean_auc(one).value - mean_auc(other).value, -1.0, 1.0, None, ONE_CASE)
    (pair,) = network_pairs(areas)
    variance = float(areas.variances_of_differences()[0, 1])
    if variance < NO_VARIANCE:
        bounds = bounds_without_variance(pair.value, areas.smaller)
        return Difference(pair.value, bounds.low, bounds.high, pair.p_value, bounds.method)
    half = Z * float(np.sqrt(variance))
    return Difference(pair.value, max(-1.0, pair.value - half), min(1.0, pair.value + half), pair.p_value, MEAN_AREAS)


def _bounds(value: float, drawn: Floats, truth: Bools) -> DifferenceBounds:
    """Percentiles of the resamples; wider ones where they cannot tell: without spread, or with one patient in a class.

    Args:
        drawn: the difference in each resample.
    """
    if smaller_class(truth) == 1:
        return DifferenceBounds(-1.0, 1.0, None, ONE_CASE)
    if np.ptp(drawn) < 1e-12:
        return bounds_without_variance(value, len(truth), ALL_ALIKE)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return DifferenceBounds(float(low), float(high), None, BY_PATIENT)
