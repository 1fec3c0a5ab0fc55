"""Whether networks differ as they are: other patients, but no other training.

The right question for which of them to deliver, and the wrong one for how to train the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from edgecad_train.evaluation.claims.areas import Areas
from edgecad_train.evaluation.claims.strategies import smallest_seen
from edgecad_train.evaluation.statistics.auc import NO_VARIANCE
from edgecad_train.evaluation.statistics.comparison import bounds_without_variance
from edgecad_train.evaluation.statistics.intervals import LEVEL


@dataclass(frozen=True)
class NetworkPair:
    """Mean area of one row's networks less another's.

    Attributes:
        one, other: indices of the rows.
        value: of the areas, -1 to 1.
        p_value: of DeLong's paired test with the patient as cluster, of this pair alone.
        adjusted: the same by Holm over all pairs.
        smallest: the smallest difference that would have been claimed 8 times in 10 at Holm's first step; None where
            no variance was seen.
    """

    one: int
    other: int
    value: float
    p_value: float
    adjusted: float
    smallest: float | None

    @property
    def claimed(self) -> bool:
        """Whether the networks are shown to differ."""
        return self.adjusted <= 1 - LEVEL


def network_pairs(areas: Areas) -> tuple[NetworkPair, ...]:
    """Every pair of rows by DeLong's paired test, p-values adjusted over all of them (Holm 1979).

    Where two rows differ and no variance was seen, the test is that of signs of the smaller class.
    """
    pairs = list(combinations(range(areas.rows), 2))
    if not pairs:
        return ()
    errors = [np.sqrt(areas.variance_of_difference(*pair)) for pair in pairs]
    values = [float(areas.means[one] - areas.means[other]) for one, other in pairs]
    single = [_p_value(value, error, areas.smaller) for value, error in zip(values, errors, strict=True)]
    adjusted = multipletests(single, method="holm")[1]
    first = float(stats.norm.isf((1 - LEVEL) / 2 / len(pairs)))
    smallest = [smallest_seen(first, float(error)) if error**2 >= NO_VARIANCE else None for error in errors]
    return tuple(
        NetworkPair(one, other, value, p, float(holm), seen)
        for (one, other), value, p, holm, seen in zip(pairs, values, single, adjusted, smallest, strict=True)
    )


def _p_value(value: float, error: float, cases: int) -> float:
    if error**2 < NO_VARIANCE:
        return bounds_without_variance(value, cases).p_value or 0.0
    return 2 * float(stats.norm.sf(abs(value) / error))
