"""Whether a strategy is better, were it trained again and judged on other patients.

The covariance of the mean areas is that of patients and that of training, `V = P + I s2 / S` (`areas`). What is held
against it is the largest of several differences, each over its standard error, so that all claims of a family are right
together in 95 of 100 studies. Its quantiles come from draws that are the same every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from edgecad_train.evaluation.claims.areas import Areas, Training
from edgecad_train.evaluation.statistics.auc import NO_VARIANCE
from edgecad_train.evaluation.statistics.comparison import bounds_without_variance
from edgecad_train.evaluation.statistics.intervals import LEVEL, Floats

DRAWS = 4000
BEYOND = int((1 - LEVEL) * (DRAWS + 1))
"""A statistic is beyond the quantile if fewer draws than this reach it: p is at most .05 then, and above else."""
POWER = float(stats.norm.ppf(0.8))
"""Standard errors beyond the bound at which a difference is seen 8 times in 10."""
AT_ONCE = 2_000_000
"""Numbers that are compared at once; 128 rows have 8,128 pairs."""

Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class StrategyDifference:
    """Mean area of a row less that of the reference.

    Attributes:
        row: its index.
        reference: index of the row that was named before.
        value: of the areas, -1 to 1.
        low: lower end of the interval; all intervals of the family hold together, at the 95 % level.
        high: upper end.
        p_value: adjusted over the family; None where no variance was seen.
        smallest: the smallest difference that would have been claimed 8 times in 10; None where no variance was seen.
    """

    row: int
    reference: int
    value: float
    low: float
    high: float
    p_value: float | None
    smallest: float | None

    @property
    def claimed(self) -> bool:
        """Whether the rows are shown to differ."""
        return self.p_value is not None and self.p_value <= 1 - LEVEL


@dataclass(frozen=True)
class MayBeBest:
    """Rows of which each may be the best, and those that are shown to be worse.

    Attributes:
        rows: indices, in order; at least one.
        highest: index of the row with the largest mean area.
        smallest: for each row, the smallest difference to the highest row that would have been claimed 8 times in 10;
            None for that row itself, and where no variance was seen.
    """

    rows: tuple[int, ...]
    highest: int
    smallest: tuple[float | None, ...]


def smallest_seen(quantile: float, error: float) -> float:
    """The smallest true difference that would be claimed 8 times in 10.

    Args:
        quantile: standard errors from which on a difference is claimed.
        error: the difference's standard error.
    """
    return (quantile + POWER) * error


def quantile_against(covariance: Floats, df: int, reference: int = 0) -> float:
    """Standard errors from which on a row is claimed to differ from the reference, over all other rows together.

    Args:
        covariance: `(rows, rows)`, of the mean areas, of patients and training; two rows or more.
        df: degrees of freedom of the variance of training.
        reference: index of the row that the others are compared with.
    """
    pairs = [(row, reference) for row in range(len(covariance)) if row != reference]
    own = np.diag(covariance)
    errors = np.sqrt(np.maximum(own[:, None] + own[None] - 2 * covariance, 0.0))
    return _quantile(_largest(_drawn(covariance, df), [pair for pair in pairs if errors[pair] > 0], errors))


def against_reference(areas: Areas, training: Training, pairs: Pairs) -> tuple[StrategyDifference, ...]:
    """Rows against rows that were named before, two-sided, by the largest statistic of all pairs.

    Args:
        training: of `training_between_rows`.
        pairs: row and reference; one family.
    """
    errors = _standard_errors(areas, training)
    known = [pair for pair in pairs if errors[pair] > 0]
    largest = _largest(_drawn(_covariance(areas, training), training.df), known, errors)
    return tuple(_difference(areas, pair, errors[pair], largest) for pair in pairs)


def _difference(areas: Areas, pair: tuple[int, int], error: float, largest: Floats) -> StrategyDifference:
    row, reference = pair
    value = float(areas.means[row] - areas.means[reference])
    if not error > 0:
        bounds = bounds_without_variance(value, areas.smaller)
        return StrategyDifference(row, reference, value, bounds.low, bounds.high, None, None)
    quantile = _quantile(largest)
    reached = int((largest >= abs(value) / error).sum())
    return StrategyDifference(
        row=row,
        reference=reference,
        value=value,
        low=max(-1.0, value - quantile * error),
        high=min(1.0, value + quantile * error),
        p_value=(1 + reached) / (1 + DRAWS),
        smallest=smallest_seen(quantile, error),
    )


def may_be_best(areas: Areas, training: Training) -> MayBeBest:
    """Strike rows that are shown to be worse than another, until no pair of those left differs.

    The model confidence set of Hansen, Lunde and Nason 2011 (Econometrica 79:453) by the range statistic: while the
    largest difference of two rows left, over its standard error, is beyond the quantile of its maximum over all pairs
    left, the lower of the two is struck. With fewer rows the quantile is never larger, so it is computed again only
    when no pair is beyond the last one.
    """
    errors, means = _standard_errors(areas, training), areas.means
    drawn = _drawn(_covariance(areas, training), training.df)
    left = list(range(areas.rows))
    quantile = first = _quantile(_largest(drawn, _pairs(left, errors), errors))
    while True:
        kept = _struck(left, means, errors, quantile)
        if kept == left:
            break
        left = kept
        quantile = _quantile(_largest(drawn, _pairs(left, errors), errors))
    best = int(np.argmax(means))
    smallest = tuple(
        smallest_seen(first, float(errors[row, best])) if errors[row, best] > 0 and row != best else None
        for row in range(areas.rows)
    )
    return MayBeBest(tuple(left), best, smallest)


def _struck(left: list[int], means: Floats, errors: Floats, quantile: float) -> list[int]:
    """The rows that are left when no difference is beyond the quantile."""
    left = list(left)
    while len(left) > 1:
        own = np.ix_(left, left)
        below = means[left][None] - means[left][:, None]
        statistic = np.divide(below, errors[own], out=np.zeros_like(below), where=errors[own] > 0)
        lower, _ = np.unravel_index(int(np.argmax(statistic)), statistic.shape)
        if statistic.max() <= quantile:
            break
        left.pop(int(lower))
    return left


def _standard_errors(areas: Areas, training: Training) -> Floats:
    """Of the difference of each two rows' means, `(R, R)`; 0 where no variance was seen."""
    variances = areas.variances_of_differences() + 2 * training.variance / areas.runs
    np.fill_diagonal(variances, 0.0)
    return np.sqrt(np.where(variances < NO_VARIANCE, 0.0, variances))


def _covariance(areas: Areas, training: Training) -> Floats:
    return np.asarray(areas.patients + np.eye(areas.rows) * training.variance / areas.runs)


def _drawn(covariance: Floats, df: int) -> Floats:
    """Deviations of the means that chance brings, `(DRAWS, R)`; the same draws every time.

    The root is taken by eigenvalues: rows that place all patients alike have none of Cholesky's.
    """
    generator = np.random.default_rng(0)
    normal = generator.standard_normal((DRAWS, len(covariance)))
    scale = np.sqrt(generator.chisquare(df, DRAWS) / df)
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(normal @ (vectors * np.sqrt(np.clip(values, 0.0, None))).T / scale[:, None])


def _pairs(rows: Sequence[int], errors: Floats) -> list[tuple[int, int]]:
    return [pair for pair in combinations(rows, 2) if errors[pair] > 0]


def _largest(drawn: Floats, pairs: Pairs, errors: Floats) -> Floats:
    """The largest statistic of these pairs in each draw, `(DRAWS,)`; 0 where there is no pair."""
    if not pairs:
        return np.zeros(len(drawn))
    one, other = (np.array(side, np.intp) for side in zip(*pairs, strict=True))
    each, step = errors[one, other], max(1, AT_ONCE // len(pairs))
    parts = (drawn[start : start + step] for start in range(0, len(drawn), step))
    return np.concatenate([_most(part, one, other, each) for part in parts])


def _most(drawn: Floats, one: NDArray[np.intp], other: NDArray[np.intp], errors: Floats) -> Floats:
    return np.asarray(np.abs((drawn[:, one] - drawn[:, other]) / errors).max(axis=1))


def _quantile(largest: Floats) -> float:
    return float(np.sort(largest)[-BEYOND])
