"""Uptake on grids: square cells around the disc, and the disc unrolled into rings and angles."""

from __future__ import annotations

from functools import lru_cache

import cv2
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


def on_nodes(disc: Floats, rings: int, angles: int) -> Floats:
    """The disc unrolled, `(rings, angles)`: ring 0 around the apex, the last at the rim; angles from 3 o'clock,
    counter-clockwise, as those of the segments.

    Nodes are the middles of rings and of angles, read linearly between pixels.

    Args:
        disc: `(size, size)`, NaN outside the disc.
    """
    x, y = _places(disc.shape[0], rings, angles)
    known = np.isfinite(disc)
    sums, weights = (
        cv2.remap(part, x, y, cv2.INTER_LINEAR)
        for part in (np.where(known, disc, 0).astype(np.float32), known.astype(np.float32))
    )
    return np.asarray(sums / np.maximum(weights, 1e-6), np.float32)


@lru_cache(maxsize=8)
def _places(size: int, rings: int, angles: int) -> tuple[Floats, Floats]:
    """Where each node lies in a square of `size` pixels, x and y. Kept: do not write to it.

    The last two pixels of the rim are no picture, so that the outermost nodes lie within them.
    """
    radius = (np.arange(rings) + 0.5) / rings * (size / 2 - 2)
    turn = 2 * np.pi * (np.arange(angles) + 0.5) / angles
    middle = (size - 1) / 2
    x = middle + radius[:, None] * np.cos(turn)[None]
    y = middle - radius[:, None] * np.sin(turn)[None]
    return x.astype(np.float32), y.astype(np.float32)
