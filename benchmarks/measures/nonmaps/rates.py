"""Shares, with intervals in which the kind is the unit: pictures of one kind tell of that kind."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np


class ShareRow(msgspec.Struct, frozen=True):
    """How many of some pictures, over all trainings.

    Attributes:
        low, high: of the 95 % interval.
        units: what the interval is about: kinds, or pictures of one kind.
    """

    name: str
    hits: int
    trials: int
    share: float
    low: float
    high: float
    units: int

    def words(self) -> str:
        """One line."""
        return f"{self.name}: {self.hits} of {self.trials}, {self.share:.1%} ({self.low:.1%} to {self.high:.1%})"


def share_over(name: str, hits: Sequence[int], trials: Sequence[int]) -> ShareRow:
    """The share of several units, each with so many trials; the interval is Clopper-Pearson's at the effective sample.

    Args:
        hits, trials: one entry a kind, or a picture.
    """
    from edgecad_train.evaluation.statistics.clustered import clustered_proportion

    found = clustered_proportion(np.array(hits), np.array(trials))
    value = found.value if found.n else 0.0
    return ShareRow(name, sum(hits), sum(trials), value, found.low, found.high, found.n)
