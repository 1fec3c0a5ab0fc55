"""The heat map that is shown: of the score, and on the disc where the drawing goes on beyond its rim."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import Floats
from edgecad.contract import Contract
from edgecad.polarmap.square import SIDE
from edgecad.polarmap.uptake import RIM

PARTS = 16
"""Into how many parts a cell is cut, down and across, to tell which of its area lies beyond the rim."""


def map_on_disc(raw: Floats, contract: Contract) -> Floats:
    """The heat maps that readers see and that measures judge, of raw ones `(..., h, w)`; their sums are the same.

    Where a model of mirrored drawings pools all cells, those outside the disc hold evidence of the map's outer part,
    seen in the mirror: it is folded back. Every other map stays as it is.
    """
    return folded_back(raw) if contract.mirror_counts else raw


def folded_back(shown: Floats) -> Floats:
    """A heat map `(..., h, w)` with the evidence beyond the rim put where the mirror took it from.

    A cell's value is spread evenly over its area, and what of it lies outside the disc goes to the cell at the same
    distance within the rim. So the sum stays, to rounding, and cells wholly outside are zero.
    """
    height, width = shown.shape[-2:]
    cells = np.asarray(shown, np.float64).reshape(-1, height * width).T
    source, target, share = _folding(height, width)
    folded = np.zeros_like(cells)
    np.add.at(folded, target, cells[source] * share[:, None])
    return np.asarray(folded.T.reshape(shown.shape), shown.dtype)


@lru_cache(maxsize=8)
def _folding(height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """From which cell, to which, and which share of it; the shares of a cell add up to 1. Kept: do not write to it."""
    y, x = ((np.arange(count * PARTS) + 0.5) / (count * PARTS) * 2 - 1 for count in (height, width))
    down, across = np.meshgrid(y, x, indexing="ij")
    radius = np.hypot(down, across)
    # As `edgecad.polarmap.uptake.drawing.mirrored` does; the disc's radius is 1.
    rim = 1 - 2 * RIM / SIDE
    factor = np.where(radius > 1, np.maximum(2 * rim - radius, 0) / radius, 1.0)
    source = _cells(down, across, height, width)
    target = _cells(down * factor, across * factor, height, width)
    pairs, parts = np.unique(np.stack([source.ravel(), target.ravel()]), axis=1, return_counts=True)
    return pairs[0], pairs[1], parts / PARTS**2


def _cells(down: NDArray[np.float64], across: NDArray[np.float64], height: int, width: int) -> NDArray[np.intp]:
    """Which cell of the grid each place from -1 to 1 lies in, counted row by row."""
    row, column = (
        np.minimum(((place + 1) / 2 * count).astype(np.intp), count - 1)
        for place, count in ((down, height), (across, width))
    )
    return row * width + column
