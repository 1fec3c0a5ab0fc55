"""Uptake of a drawn image inside the graph: what `edgecad.polarmap.uptake.drawing.uptake_of` reads, exactly."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Drawing
from edgecad.errors import UsageError
from edgecad.polarmap.uptake.drawing import colour_levels

SUMS = 3 * 255 + 1
"""Sums that red, green and blue may have."""
MIDDLE = 70.0
"""Percent that is taken off: floats of 16 and 32 bits keep more of what is small, and a normal wall is about here."""


def percents_by_sum(drawing: Drawing) -> NDArray[np.float32]:
    """Uptake by the sum of red, green and blue, `(SUMS,)` percent; between the drawing's own colours linear.

    Raises:
        UsageError: two colours of the drawing's table have one sum.
    """
    colours, levels = colour_levels(drawing.table)
    sums = colours.sum(axis=1, dtype=np.int64)
    order = np.argsort(sums)
    if len(np.unique(sums)) < len(sums):
        raise UsageError(
            f"in the table {drawing.table} two colours have one sum of red, green and blue, so that a graph cannot "
            "tell uptake by it; draw in hot-iron or linear-grey"
        )
    return np.interp(np.arange(SUMS), sums[order], levels[order]).astype(np.float32)


def percents_at(image: Any, pixels: NDArray[np.int64], drawing: Drawing) -> Any:
    """Uptake of some pixels less `MIDDLE`, `(n, *pixels.shape)` float32, percent.

    Args:
        image: tensor `(n, size, size, 3)` uint8 RGB, as drawn for a network.
        pixels: places in its flattened rows.

    Raises:
        UsageError: two colours of the drawing's table have one sum.
    """
    size = image.shape[1]
    rows = keras.layers.Reshape((size * size, 3), name="pixels")(image)
    read = keras.layers.Rescaling(1.0, name="as_float")(keras.ops.take(rows, pixels.ravel(), axis=1))
    table = keras.layers.Embedding(SUMS, 1, trainable=False, name="percent")
    levels = table(keras.ops.sum(read, axis=-1))
    table.set_weights([percents_by_sum(drawing)[:, None] - np.float32(MIDDLE)])
    return keras.layers.Reshape(pixels.shape, name="percents")(levels)
