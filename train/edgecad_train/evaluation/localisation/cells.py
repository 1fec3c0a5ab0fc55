"""Cells of a heat map laid on the pixels of a disc."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.grid import cell_of
from edgecad.answer.heatmap import cell_coverage

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]


@lru_cache(maxsize=16)
def cell_of_pixels(side: int, height: int, width: int) -> NDArray[np.intp]:
    """Number of the cell, row by row, in which the centre of each pixel lies, `(side, side)`. Kept: do not write to it.

    Args:
        side: of the square whose inscribed disc is the map, pixels.
        height, width: of the heat map, cells.
    """
    return cell_of(side, height)[:, None] * width + cell_of(side, width)


@lru_cache(maxsize=16)
def cells_of_disc(height: int, width: int) -> Mask:
    """Cells of which at least half lies in the disc, `(height, width)`: those of which anything is asked.

    What lies beyond the rim is no place of the map, and how much evidence it holds is told apart from this. Kept: do
    not write to it.
    """
    return cell_coverage(height, width) >= 0.5


def counts_by_cell(mask: Mask, height: int, width: int) -> NDArray[np.int64]:
    """How many pixels of a mask `(side, side)` lie in each cell, `(height * width,)`."""
    cells = cell_of_pixels(mask.shape[0], height, width)
    return np.bincount(cells[mask], minlength=height * width)


def means_by_cell(values: Floats, height: int, width: int) -> NDArray[np.float64]:
    """Mean of each cell over its known pixels, `(height, width)`; NaN where there is none.

    Args:
        values: `(side, side)`, NaN where nothing is known.
    """
    known = np.isfinite(values)
    cells = cell_of_pixels(values.shape[0], height, width)
    sums = np.bincount(cells[known], values[known], minlength=height * width)
    counts = counts_by_cell(known, height, width)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).reshape(height, width)
