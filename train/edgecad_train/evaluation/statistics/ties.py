"""Which scores are equal: those that differ by no more than a network's arithmetic can tell.

A network computes in float32. Patients whom it does not tell apart, as an untrained one, still get scores that differ
in the last digits, and ranking those gives an area under the curve of noise. So one rule, used by whatever ranks
scores (area, DeLong's test, ROC curve, calibration slope, the choice of a threshold):

    log-odds within 1e-6 of max(1, largest log-odds) are equal.

That is eight steps of float32. The scale is at least 1, because a log-odds is a difference of two sums whose terms
are larger than what is left of them. Log-odds beyond 36 are equal, too: the score is 0 or 1 in double precision.
"""

from __future__ import annotations

import numpy as np

from edgecad_train.evaluation.statistics.intervals import Bools, Floats

ROUNDING = 1e-6
"""Of the scale of the log-odds; see above."""
WITHIN = 36.0
"""Log-odds beyond which a probability is 0 or 1 in double precision."""


def resolution_of(log_odds: Floats) -> float:
    """Difference of two of these log-odds `(n,)`, n at least 1, up to which they are equal; logit units."""
    return ROUNDING * max(1.0, float(np.abs(log_odds).max()))


def differ(log_odds: Floats) -> bool:
    """Whether any two of the log-odds `(n,)` differ beyond rounding."""
    return len(np.unique(tied(log_odds))) > 1


def classes_apart(truth: Bools, values: Floats) -> bool:
    """Whether one class lies above the other, or touches it; `truth` and `values` `(n,)`, both classes."""
    cad, other = values[truth], values[~truth]
    return bool(cad.min() >= other.max() or cad.max() <= other.min())


def tied(log_odds: Floats) -> Floats:
    """The log-odds `(n,)`, those that are equal made the same: the lowest of their group.

    A group begins with the lowest score that is in none yet, and holds whatever lies within the resolution above it.
    Rounding to a grid would part two neighbours on either side of a grid line, and chaining neighbours could join
    thousands of patients.
    """
    limited = np.clip(log_odds, -WITHIN, WITHIN)
    values = np.unique(limited)
    resolution = resolution_of(values)
    first, firsts = 0, []
    while first < len(values):
        firsts.append(values[first])
        first = int(np.searchsorted(values, values[first] + resolution, side="right"))
    lowest = np.array(firsts)
    return np.asarray(lowest[np.searchsorted(lowest, limited, side="right") - 1])
