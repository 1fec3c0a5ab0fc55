"""Whether networks differ as they are: other patients, but no other training.

The right question for which of them to deliver, and the wrong one for how to train the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from edgecad_train.evaluation.claims.areas import Areas
from edgecad_train.evaluation.claims.strategies import smallest_seen
from edgecad_train.evaluation.statistics.auc import NO_VARIANCE
from edgecad_train.evaluation.statistics.comparison import bounds_without_variance
from edgecad_train.evaluation.statistics.intervals import LEVEL, Floats


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
    one, other = np.array(pairs, np.intp).T
    values = areas.means[one] - areas.means[other]
    variances = areas.variances_of_differences()[one, other]
    single = _p_values(values, variances, areas.smaller)
    adjusted = holm(single)
    first = float(stats.norm.isf((1 - LEVEL) / 2 / len(pairs)))
    return tuple(
        NetworkPair(
            one=pair[0],
            other=pair[1],
            value=float(values[index]),
            p_value=float(single[index]),
            adjusted=float(adjusted[index]),
            smallest=smallest_seen(first, float(np.sqrt(variance))) if variance >= NO_VARIANCE else None,
        )
        for index, (pair, variance) in enumerate(zip(pairs, variances, strict=True))
    )


def _p_values(values: Floats, variances: Floats, cases: int) -> Floats:
    known = variances >= NO_VARIANCE
    found = 2 * stats.norm.sf(np.abs(values) / np.sqrt(np.where(known, variances, 1.0)))
    for index in np.flatnonzero(~known):
        told = bounds_without_variance(float(values[index]), cases).p_value
        found[index] = 1.0 if told is None else told
    return np.asarray(found)


def holm(p_values: Floats) -> Floats:
    """P-values adjusted over their family (Holm 1979, Scandinavian Journal of Statistics 6:65), `(k,)`.

    The one of statsmodels collects garbage each time, which takes longer than all else that a study's claims need.
    """
    count = len(p_values)
    order = np.argsort(p_values)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate((count - np.arange(count)) * p_values[order]))
    return adjusted
