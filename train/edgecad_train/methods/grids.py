"""Uptake on square cells around the disc; `edgecad_train.methods.networks.grid` has the disc unrolled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad_train.evaluation.localisation.cells import cells_of_disc, means_by_cell

Floats = NDArray[np.float32]


def on_cells(disc: Floats, side: int) -> Floats:
    """Means of the cells of a grid, `(side, side)`; NaN where less than half of a cell lies in the disc.

    Args:
        disc: `(size, size)`, NaN outside the disc.
    """
    means = means_by_cell(disc, side, side)
    return np.where(cells_of_disc(side, side), means, np.nan).astype(np.float32)
