"""Points of the ROC curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from edgecad.frozen import Frozen

ABOVE_ALL = 2.0
"""In place of infinity, which JSON cannot hold: a threshold that no probability reaches."""


class Roc(Frozen, frozen=True):
    """Corners of the ROC curve, from (0, 0) to (1, 1); empty where there is one class only.

    `thresholds` falls; a score at the threshold counts as positive.
    """

    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
    thresholds: tuple[float, ...]


def roc_of(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> Roc:
    """The curve of `scores` `(n,)`, 0 to 1, against `truth` `(n,)`, True for CAD."""
    if truth.all() or not truth.any():
        return Roc((), (), ())
    false_rate, true_rate, thresholds = roc_curve(truth, scores)
    finite = np.where(np.isfinite(thresholds), thresholds, ABOVE_ALL)
    return Roc(tuple(false_rate.tolist()), tuple(true_rate.tolist()), tuple(finite.tolist()))
