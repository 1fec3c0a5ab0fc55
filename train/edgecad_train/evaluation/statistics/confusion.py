"""Counts by truth and answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.frozen import Frozen


class Confusion(Frozen, frozen=True):
    """Counts of patients by truth and answer, positive class CAD."""

    true_positive: int
    false_negative: int
    true_negative: int
    false_positive: int

    @property
    def positives(self) -> int:
        """Patients labelled CAD."""
        return self.true_positive + self.false_negative

    @property
    def negatives(self) -> int:
        """Patients not labelled CAD."""
        return self.true_negative + self.false_positive

    @property
    def n(self) -> int:
        """All patients."""
        return self.positives + self.negatives


def confusion(truth: NDArray[np.bool_], scores: NDArray[np.float64], threshold: float) -> Confusion:
    """Count answers; `scores >= threshold` is positive.

    Args:
        truth: `(n,)`, True for CAD.
        scores: `(n,)`, P(CAD), 0 to 1.
        threshold: decision threshold on `scores`.
    """
    said = scores >= threshold
    return Confusion(
        int((truth & said).sum()),
        int((truth & ~said).sum()),
        int((~truth & ~said).sum()),
        int((~truth & said).sum()),
    )
