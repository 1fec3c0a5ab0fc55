"""Area under the ROC curve with its interval: one rule, wherever an area is told.

Logit DeLong's interval is right for many patients and for areas that are far from 1. Near 1 its variance rests on the
few pairs that are the wrong way round, and where there is none it is 0. Newcombe's interval takes the variance that an
area of that size has in general. The wider bound of both counts, on each side:

    low = min(logit DeLong, Newcombe), high = max(logit DeLong, Newcombe)

Its coverage, and that a further pair the wrong way round does not raise the lower bound, is measured by
`benchmarks/simulations.py auc`.

Equal scores count half. Which log-odds are equal is for the caller to settle first:
`edgecad_train.evaluation.statistics.ties`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from edgecad.errors import UsageError
from edgecad_train.evaluation.statistics.intervals import (
    ONE_CASE,
    Bools,
    Floats,
    Interval,
    Z,
    smaller_class,
)

NO_VARIANCE = 1e-24
"""Below, a variance of placements is rounding: with 10,000 patients the smallest real one is above 1e-18."""
NEWCOMBE = "Newcombe's method 5"
DELONG_NEWCOMBE = "logit DeLong, pushed out to Newcombe's method 5"
HALVINGS = 60
"""Of the range in which a bound is looked for: beyond double precision."""


@dataclass(frozen=True)
class Placements:
    """Where each patient's score lies among those of the other class (DeLong's structural components).

    Attributes:
        positives: `(m,)`, share of the negatives that each positive's score lies above, ties counting half.
        negatives: `(n,)`, share of the positives that each negative's score lies below, ties counting half.
    """

    positives: Floats
    negatives: Floats

    @property
    def mean(self) -> float:
        """The area under the curve; of a difference of placements, the difference of the areas."""
        return float(self.positives.mean())

    @property
    def variance(self) -> float:
        """DeLong's variance of the mean; both classes need two patients."""
        return float(sum(side.var(ddof=1) / len(side) for side in (self.positives, self.negatives)))

    def __sub__(self, other: Placements) -> Placements:
        """Placements of the same patients under two models, one less the other."""
        return Placements(self.positives - other.positives, self.negatives - other.negatives)


def placements(truth: Bools, scores: Floats) -> Placements:
    """Placements from midranks (Sun and Xu 2014, IEEE Signal Processing Letters 21:1389).

    Args:
        truth: `(n,)`, True for CAD.
        scores: `(n,)`, higher for CAD, any scale.

    Raises:
        UsageError: one class only.
    """
    if smaller_class(truth) == 0:
        raise UsageError("the area under the ROC curve needs patients of both classes; one was given")
    positive, negative = scores[truth], scores[~truth]
    every = stats.rankdata(np.concatenate([positive, negative]))
    above = (every[: len(positive)] - stats.rankdata(positive)) / len(negative)
    below = 1.0 - (every[len(positive) :] - stats.rankdata(negative)) / len(positive)
    return Placements(above, below)


def auc(truth: Bools, scores: Floats) -> Interval:
    """Area under the ROC curve with its interval.

    With one patient in a class the interval is all from 0 to 1: where that one lies among others of its kind is
    not known.

    Args:
        truth: `(n,)`, True for CAD.
        scores: `(n,)`, higher for CAD, any scale.

    Raises:
        UsageError: one class only.
    """
    own, positives = placements(truth, scores), int(truth.sum())
    variance = own.variance if smaller_class(truth) > 1 else 0.0
    return auc_interval(own.mean, variance, positives, len(truth) - positives)


def auc_interval(value: float, variance: float, positives: int, negatives: int) -> Interval:
    """The interval of an area, or of a mean of areas, that has that variance.

    Args:
        value: 0 to 1.
        variance: DeLong's; of a mean over runs the one whose unit is the patient. Where it is 0, Newcombe's bounds
            alone count.
        positives: patients that are CAD, each once, at least 1; and `negatives`, others.
    """
    n = positives + negatives
    if min(positives, negatives) < 2:
        return Interval(value, 0.0, 1.0, n, ONE_CASE)
    low, high = auc_bounds(np.array([value]), np.array([variance]), positives, negatives)
    method = DELONG_NEWCOMBE if _has_spread(np.array([value]), np.array([variance]))[0] else NEWCOMBE
    return Interval(value, float(low[0]), float(high[0]), n, method)


def auc_bounds(values: Floats, variances: Floats, positives: int, negatives: int) -> tuple[Floats, Floats]:
    """Lower and upper bounds at the 95 % level, each `(k,)`, of `k` areas among so many patients.

    Args:
        values: `(k,)`, areas, 0 to 1.
        variances: `(k,)`, theirs.
        positives: patients that are CAD, at least 2; and `negatives`, others.
    """
    low, high = newcombe_bounds(values, positives, negatives)
    spread = _has_spread(values, variances)
    inside, deviation = values[spread], np.sqrt(variances[spread])
    half = Z * deviation / (inside * (1 - inside))  # of the logit, by the delta method
    low[spread] = np.minimum(low[spread], expit(logit(inside) - half))
    high[spread] = np.maximum(high[spread], expit(logit(inside) + half))
    return low, high


def _has_spread(values: Floats, variances: Floats) -> Bools:
    """Where a logit and a variance exist."""
    return np.asarray((variances >= NO_VARIANCE) & (values > 0) & (values < 1))


def newcombe_bounds(values: Floats, positives: int, negatives: int) -> tuple[Floats, Floats]:
    """Where the area lies `Z` standard errors from the bound, as large as they are at the bound; `(k,)` each.

    Newcombe 2006 (Statistics in Medicine 25:559), method 5: the variance of Hanley and McNeil 1982, with half the
    patients in place of each class. It is the same for p and 1 - p, so that the upper bound is 1 less the lower bound
    of 1 less the area.

    Args:
        values: `(k,)`, areas, 0 to 1.
        positives: patients that are CAD, at least 1; and `negatives`, others.
    """
    values = np.clip(np.asarray(values, np.float64), 0.0, 1.0)
    return _lower(values, positives, negatives), 1.0 - _lower(1.0 - values, positives, negatives)


def _lower(values: Floats, positives: int, negatives: int) -> Floats:
    """By halving. It never looks at the area itself: where that is 1, p = 1 solves the equation and is no bound."""
    below, above = np.zeros_like(values), values.copy()
    for _ in range(HALVINGS):
        middle = (below + above) / 2
        far = values - middle > Z * np.sqrt(_newcombe_variance(middle, positives, negatives))
        below, above = np.where(far, middle, below), np.where(far, above, middle)
    return below


def _newcombe_variance(p: Floats, positives: int, negatives: int) -> Floats:
    others = (positives + negatives) / 2 - 1
    terms = 1 + others * (1 - p) / (2 - p) + others * p / (1 + p)
    return np.asarray(p * (1 - p) * terms / (positives * negatives))
