"""Labels to read again: patients called CAD whose scores look like most others'."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edgecad_train.evaluation.statistics.intervals import Bools, Floats
from edgecad_train.evaluation.statistics.ties import tied

LEAST, LEAST_SHARE = 3, 0.05
"""Fewer patients, or a smaller share of those with CAD, are what any model misses."""


def labels_to_read_again(patients: Sequence[str], truth: Bools, log_odds: Floats) -> tuple[str, ...]:
    """Patients labelled CAD whose held-out score lies below the median of the others, if they are more than chance.

    Some are lesions that the model misses, some are labels that are wrong: only who reads them again can tell.

    Args:
        patients: names, `n` of them.
        truth: `(n,)`, True for CAD.
        log_odds: `(n,)`, of a network that did not learn from these patients.
    """
    if truth.all() or not truth.any():
        return ()
    ranked = tied(log_odds)
    below = truth & (ranked < np.median(ranked[~truth]))
    found = tuple(patient for patient, is_below in zip(patients, below, strict=True) if is_below)
    return found if len(found) >= max(LEAST, math.ceil(LEAST_SHARE * int(truth.sum()))) else ()
