"""Area under the ROC curve, with DeLong's interval and with a bootstrap's.

Equal scores count half. Which log-odds are equal is for the caller to settle first:
`edgecad_train.evaluation.statistics.ties`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from edgecad.errors import UsageError
from edgecad_train.evaluation.statistics.intervals import (
    ONE_CASE,
    Bools,
    Floats,
    Interval,
    Z,
    bootstrapped,
    draws,
    from_pairs,
    smaller_class,
)

NO_VARIANCE = 1e-24
"""Below, a variance of placements is rounding: with 10,000 patients the smallest real one is above 1e-18."""


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
    """Area under the ROC curve with DeLong's interval, cut off at 0 and 1.

    Where the classes are apart, or all scores equal, DeLong's variance is zero; wider bounds are given then.

    Raises:
        UsageError: one class only.
    """
    own = placements(truth, scores)
    n = len(truth)
    if smaller_class(truth) < 2:
        return Interval(own.mean, 0.0, 1.0, n, ONE_CASE)
    if own.variance < NO_VARIANCE:
        return from_pairs(own.mean, smaller_class(truth), n)
    half = Z * float(np.sqrt(own.variance))
    return Interval(own.mean, max(0.0, own.mean - half), min(1.0, own.mean + half), n, "DeLong")


def auc_bootstrap(truth: Bools, scores: Floats) -> Interval:
    """Area under the ROC curve with the interval of a bootstrap by patient.

    Raises:
        UsageError: one class only.
    """
    value = placements(truth, scores).mean
    return bootstrapped(value, _drawn_areas(truth, scores), truth)


def _drawn_areas(truth: Bools, scores: Floats, rows: int = 200) -> Floats:
    """The area in each resample, `(count,)`; some `rows` at a time, because thousands of patients make it large."""
    order = np.argsort(scores)
    first_of_tie = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    drawn = draws(truth)
    parts = (drawn[start : start + rows, order] for start in range(0, len(drawn), rows))
    return np.concatenate([_areas(part, truth[order], first_of_tie) for part in parts])


def _areas(drawn: Floats, truth: Bools, first_of_tie: NDArray[np.intp]) -> Floats:
    """The area in each row of `drawn` `(rows, n)`, from how many of each class it has at each score, rising."""
    positives = np.add.reduceat(drawn * truth, first_of_tie, axis=1)
    negatives = np.add.reduceat(drawn * ~truth, first_of_tie, axis=1)
    below = np.cumsum(negatives, axis=1) - negatives / 2
    return np.asarray((positives * below).sum(axis=1) / (truth.sum() * (~truth).sum()))
