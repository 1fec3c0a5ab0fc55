"""The cells of a heat map on pixels: each pixel belongs to the cell in which its centre lies.

Nothing is interpolated. A cell's value is evidence from all of its area, and says nothing finer.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


@lru_cache(maxsize=64)
def cell_of(pixels: int, cells: int) -> NDArray[np.intp]:
    """Number of the cell in which the centre of each pixel lies, along one side, `(pixels,)`. Kept: do not write to it.

    Args:
        pixels, cells: along that side, which both fill.
    """
    return (2 * np.arange(pixels) + 1) * cells // (2 * pixels)


def on_pixels(values: NDArray[Scalar], height: int, width: int) -> NDArray[Scalar]:
    """What each pixel's cell holds, `(height, width, ...)`; `values` is `(rows, columns, ...)`."""
    rows, columns = values.shape[:2]
    return values[cell_of(height, rows)[:, None], cell_of(width, columns)]
