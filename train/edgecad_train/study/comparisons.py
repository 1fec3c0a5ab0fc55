"""A row against two-stage on the same network and the same test patients, run by run and over all runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from edgecad_train.evaluation.comparison import Comparison, Scores, compare
from edgecad_train.evaluation.intervals import LEVEL, Floats, draws
from edgecad_train.study.pooling import Runs, drawn_areas, runs_of
from edgecad_train.study.results import Predictions, Result

BY_PATIENT = "sign test and bootstrap by patient"


@dataclass(frozen=True)
class Difference:
    """A row less two-stage: value and 95 % interval; `p_value` is None where there is no test over several runs."""

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
    each: tuple[Comparison, ...]
    accuracy: Difference
    auc: Difference


def against(row: Sequence[Result], reference: Sequence[Result]) -> AgainstReference | None:
    """Compare where both have a run of the same split; None where they share none."""
    theirs = {result.unit.split_sha256: result for result in reference}
    pairs = [(mine, theirs[mine.unit.split_sha256]) for mine in row if mine.unit.split_sha256 in theirs]
    if not pairs:
        return None
    each = tuple(_compared(mine.predictions, other.predictions) for mine, other in pairs)
    names = tuple(mine.unit.part_name for mine, _ in pairs)
    if len(pairs) == 1:
        return AgainstReference(names, each, *_single(each[0]))
    one, other = runs_of([mine for mine, _ in pairs]), runs_of([other for _, other in pairs])
    return AgainstReference(names, each, _accuracy(one, other), _auc(one, other))


def _compared(mine: Predictions, other: Predictions) -> Comparison:
    """Both lists are in the order of the split's test part."""
    if mine.patients != other.patients:
        raise ValueError("two units of one split have other test patients")
    return compare(
        np.array(mine.truth),
        Scores(np.array(mine.scores), mine.threshold),
        Scores(np.array(other.scores), other.threshold),
    )


def _single(comparison: Comparison) -> tuple[Difference, Difference]:
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
    return Difference(float(gained.sum() / tested.sum()), *_bounds(drawn), p_value, BY_PATIENT)


def _auc(one: Runs, other: Runs) -> Difference:
    drawn = drawn_areas(one) - drawn_areas(other)
    return Difference(float(drawn[0]), *_bounds(drawn[1:]), None, "bootstrap by patient, of the mean over runs")


def _bounds(drawn: Floats) -> tuple[float, float]:
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
