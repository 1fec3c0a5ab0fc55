"""Normal limits of uptake, and how far a scan lies below them.

Source: total perfusion deficit, Slomka et al., J Nucl Cardiol 2005;12:66-77. Ours: uptake is divided by its own 90th
percentile and not by a search for the most normal region; what counts are deficits beyond two standard deviations, in
these units.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgecad.errors import UsageError
from edgecad.polarmap import disc_mask
from edgecad_train.evaluation.localisation.cells import cells_of_disc, counts_by_cell
from edgecad_train.methods.task import MethodScans, Rows

Floats = NDArray[np.float64]

SIDE = 28
"""Cells a side: 616 of 784 lie in the disc."""
FROM = 2.0
"""Standard deviations below the mean from which a deficit counts."""
WARM = 0.9
"""Quantile of a scan's cells that is its normal uptake."""
LEAST_SD = 0.5
"""Of the median standard deviation: few patients agree in some cells by chance, and that makes much of little."""


@dataclass(frozen=True)
class NormalLimits:
    """Mean and standard deviation of relative uptake in each cell of the disc, `(cells,)`."""

    mean: Floats
    deviation: Floats

    def beyond(self, uptake: NDArray[np.float32]) -> Floats:
        """Standard deviations beyond the limit, 0 within, `(n, cells)`.

        Args:
            uptake: `(n, SIDE, SIDE)` percent.
        """
        below = (self.mean - relative(uptake)) / self.deviation
        return np.maximum(below - FROM, 0.0)

    def deficits(self, uptake: NDArray[np.float32]) -> Floats:
        """The total deficit, `(n,)`: mean over the disc's area of what is beyond the limit, standard deviations."""
        return self.beyond(uptake) @ areas()


def normal_limits(uptake: NDArray[np.float32]) -> NormalLimits:
    """Limits of scans without CAD.

    Args:
        uptake: `(n, SIDE, SIDE)` percent.

    Raises:
        UsageError: fewer than two scans.
    """
    if len(uptake) < 2:
        raise UsageError(
            f"normal limits need two scans without CAD to learn from, and {len(uptake)} is there; add patients, or "
            "leave the method out"
        )
    values = relative(uptake)
    deviation = values.std(axis=0, ddof=1)
    least = max(LEAST_SD * float(np.median(deviation)), 1e-6)
    return NormalLimits(values.mean(axis=0), np.maximum(deviation, least))


def limits_of(scans: MethodScans, teach: Rows) -> NormalLimits:
    """Normal limits of those of the rows that have no CAD."""
    return normal_limits(scans.cells(SIDE)[teach[~scans.truth[teach]]])


def relative(uptake: NDArray[np.float32]) -> Floats:
    """Uptake of the disc's cells by the scan's 90th percentile, `(n, cells)`.

    Args:
        uptake: `(n, SIDE, SIDE)` percent.
    """
    cells = np.asarray(uptake[:, cells_of_disc(SIDE, SIDE)], np.float64)
    return cells / np.maximum(np.quantile(cells, WARM, axis=1, keepdims=True), 1e-6)


@lru_cache(maxsize=1)
def areas() -> Floats:
    """Share of the disc's area in each of its cells, `(cells,)`; they add up to 1. Kept: do not write to it."""
    fine = SIDE * 16
    counts = counts_by_cell(disc_mask(fine), SIDE, SIDE).reshape(SIDE, SIDE)[cells_of_disc(SIDE, SIDE)]
    return np.asarray(counts / counts.sum())


def deficit_maps(beyond: Floats, weight: Floats | float = 1.0) -> NDArray[np.float32]:
    """Maps `(n, SIDE, SIDE)` whose means over all cells are `weight` times the total deficits.

    Args:
        beyond: `(n, cells)`, as `NormalLimits.beyond` gives it.
        weight: one for all, or `(n, 1)`.
    """
    maps = np.zeros((len(beyond), SIDE, SIDE), np.float32)
    maps[:, cells_of_disc(SIDE, SIDE)] = weight * beyond * areas() * SIDE**2
    return maps
