"""Which cases a report shows: by one rule for a run's pages and for what an evaluation keeps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

A_GROUP = 8
"""Most maps of a group: one class, answered right or wrong, or near the threshold."""


def confidence(scores: NDArray[np.float64] | float, threshold: float) -> NDArray[np.float64]:
    """How far scores, 0 to 1, lie from the threshold, in log-odds, 0 or more."""
    within = np.clip(np.asarray(scores, np.float64), 1e-9, 1 - 1e-9)
    return np.asarray(np.abs(logit(within) - logit(np.clip(threshold, 1e-9, 1 - 1e-9))))


def rows_to_show(truth: NDArray[np.bool_], scores: NDArray[np.float64], threshold: float) -> NDArray[np.intp]:
    """Rows of scans whose maps are kept, in rising order.

    Of each class, answered as labelled and otherwise, the `A_GROUP` most confident ones, and the `A_GROUP` nearest the
    threshold, whatever their class and answer: at most five groups.

    Args:
        truth: `(n,)`, True for CAD; one row a scan.
        scores: `(n,)`, P(CAD) of each scan's patient, 0 to 1.
    """
    apart, above = confidence(scores, threshold), scores >= threshold
    kept = set(np.argsort(apart, kind="stable")[:A_GROUP].tolist())
    for label in (True, False):
        for answer in (True, False):
            rows = np.flatnonzero((truth == label) & (above == answer))
            kept.update(rows[np.argsort(-apart[rows], kind="stable")[:A_GROUP]].tolist())
    return np.array(sorted(kept), np.intp)
