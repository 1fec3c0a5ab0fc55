"""Points of the ROC curve, and a band around it.

The band needs no model of the scores and no bootstrap. Two things are not known at a false positive rate f: which
sensitivity the cut there has, and which cut has that rate. Clopper-Pearson's interval of the positives tells the first.
For the second, the true rate of a cut at an order statistic of the negatives has a beta distribution, whatever the
scores'; so there are a cut whose rate is at most f and one whose rate is at least f. Both distances are put together
as squares (MOVER). The band covers at least 96 times in 100 at 10 and 10, 26 and 18, 124 and 94 patients, and it keeps
its width where the classes are apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import roc_curve

from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.bands import Band, band_of
from edgecad_train.evaluation.statistics.intervals import LEVEL, Bools, Floats, proportion_bounds

ABOVE_ALL = 2.0
"""In place of infinity, which JSON cannot hold: a threshold that no probability reaches."""


RATES = tuple(round(0.01 * step, 2) for step in range(101))
"""False positive rates of the band."""
TAIL = (1 - LEVEL) / 2
BAND = "sensitivity at each false positive rate: Clopper-Pearson of both classes, put together by MOVER"


class Roc(Frozen, frozen=True):
    """Corners of the ROC curve, from (0, 0) to (1, 1); empty where there is one class only.

    `thresholds` falls; a score at the threshold counts as positive.
    """

    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
    thresholds: tuple[float, ...]
    band: Band | None = None
    """Of the sensitivity at each false positive rate; None with one class, and in older runs."""


def roc_of(truth: Bools, scores: Floats) -> Roc:
    """The curve of `scores` `(n,)`, 0 to 1, against `truth` `(n,)`, True for CAD."""
    if truth.all() or not truth.any():
        return Roc((), (), ())
    false_rate, true_rate, thresholds = roc_curve(truth, scores)
    finite = np.where(np.isfinite(thresholds), thresholds, ABOVE_ALL)
    band = roc_band(scores[truth], scores[~truth])
    return Roc(tuple(false_rate.tolist()), tuple(true_rate.tolist()), tuple(finite.tolist()), band)


def roc_band(positives: Floats, negatives: Floats) -> Band:
    """Pointwise 95 % bounds of the sensitivity at each of `RATES`.

    Args:
        positives: `(m,)`, scores, any scale; and `negatives`, `(n,)`; at least one each.
    """
    rates, m, n = np.array(RATES), len(positives), len(negatives)
    counts = np.arange(n)
    # The highest true rate of a cut just above the (k+1)-th highest negative, the lowest of one at it.
    most, least = stats.beta.isf(TAIL, counts + 1, n - counts), stats.beta.ppf(TAIL, counts + 1, n - counts)
    safe, loose = np.searchsorted(most, rates, "right") - 1, np.searchsorted(least, rates, "left")
    falling = np.concatenate([[np.inf], np.sort(negatives)[::-1], [-np.inf]])
    hits = _hits(positives, falling[np.minimum(np.floor(rates * n + 1e-9).astype(int), n) + 1])
    fewer, more = _hits(positives, falling[safe + 1]), (positives >= falling[loose + 1, None]).sum(axis=1)
    value, (below, above) = hits / m, proportion_bounds(hits, m)
    low = value - np.hypot(value - below, (hits - fewer) / m)
    high = value + np.hypot(above - value, (more - hits) / m)
    low, high = np.append(np.maximum(low, 0.0)[:-1], 1.0), np.append(np.minimum(high, 1.0)[:-1], 1.0)
    # The curve rises, and so do its bounds.
    return band_of(RATES, np.maximum.accumulate(low), np.minimum.accumulate(high[::-1])[::-1], BAND)


def _hits(positives: Floats, cuts: Floats) -> NDArray[np.intp]:
    """How many positives lie above each cut."""
    return np.asarray((positives > cuts[:, None]).sum(axis=1))
