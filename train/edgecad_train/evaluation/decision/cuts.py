"""Where a threshold may lie: between neighbouring scores, never between scores that are equal."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from edgecad.decision.rules import within_range
from edgecad_train.evaluation.statistics.intervals import Bools, Floats
from edgecad_train.evaluation.statistics.ties import tied

SLACK = 1e-9
"""Of a count that a share must reach: 0.07 of 100 patients are 7, whatever binary fractions make of it."""


@dataclass(frozen=True)
class Cuts:
    """All ways to divide patients by their score, from all positive to nobody positive.

    Attributes:
        thresholds: `(k,)`, rising, on the score; midway between neighbouring scores, and outermost midway to 0 and 1.
        found: `(k,)`, patients with CAD at or above each.
        cleared: `(k,)`, other patients below each.
        cad, other: how many there are of each.
    """

    thresholds: Floats
    found: NDArray[np.intp]
    cleared: NDArray[np.intp]
    cad: int
    other: int

    def at_sensitivity(self, least: float) -> float:
        """The threshold of the highest specificity among those with a sensitivity of at least `least`, 0 to 1.

        Of several with that specificity it is the lowest, because it finds most.
        """
        keeps = np.flatnonzero(self.found >= math.ceil(least * self.cad - SLACK))
        best = np.flatnonzero(self.cleared == self.cleared[keeps[-1]])
        return within_range(self.thresholds[best[0]])

    def at_specificity(self, least: float) -> float:
        """The threshold of the highest sensitivity among those with a specificity of at least `least`, 0 to 1.

        Of several with that sensitivity it is the highest, because it clears most.
        """
        keeps = np.flatnonzero(self.cleared >= math.ceil(least * self.other - SLACK))
        best = np.flatnonzero(self.found == self.found[keeps[0]])
        return within_range(self.thresholds[best[-1]])

    @property
    def gap(self) -> float | None:
        """The threshold that divides the classes without an error; None where there is none."""
        right = np.flatnonzero((self.found == self.cad) & (self.cleared == self.other))
        return within_range(self.thresholds[right[0]]) if len(right) else None

    def nearest(self, threshold: float) -> float:
        """The cut next to a threshold."""
        return within_range(self.thresholds[np.abs(self.thresholds - threshold).argmin()])


def cuts_of(truth: Bools, log_odds: Floats) -> Cuts:
    """All cuts of patients of both classes; `log_odds` `(n,)` are those after temperature."""
    groups, group_of = np.unique(tied(log_odds), return_inverse=True)
    scores = expit(log_odds)
    lowest, highest = np.ones(len(groups)), np.zeros(len(groups))
    np.minimum.at(lowest, group_of, scores)
    np.maximum.at(highest, group_of, scores)
    cad, other = (np.bincount(group_of[members], minlength=len(groups)) for members in (truth, ~truth))
    edges = np.concatenate([[0.0], highest]) + np.concatenate([lowest, [1.0]])
    return Cuts(
        thresholds=edges / 2,
        found=cad.sum() - np.concatenate([[0], np.cumsum(cad)]),
        cleared=np.concatenate([[0], np.cumsum(other)]),
        cad=int(cad.sum()),
        other=int(other.sum()),
    )
