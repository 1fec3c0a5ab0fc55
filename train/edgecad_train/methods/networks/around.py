"""An unrolled grid continued beyond its borders, and brought back to the disc; all by Keras' own layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from edgecad.answer.heatmap import disc_weights
from edgecad_train.methods.graphs.changes import SMALL
from edgecad_train.methods.networks.grid import PolarGrid
from edgecad_train.networks.network import POOLING
from edgecad_train.networks.pooled import within_disc

SIDE = 14
"""Cells across and down of the square that features are brought back to, as of networks that end at a sixteenth."""
ON_DISC = "on_disc"
"""Name of the layer that brings features back to the disc."""
SQUARE = "square"
"""Name of the layer whose output is pooled, before its cells are weighted."""


def padded(values: Any, name: str) -> Any:
    """Continue a grid `(n, rings, angles, channels)` by one cell on each side, for a convolution of 3 x 3.

    Angles go around. The innermost ring's neighbours are its own cells on the other side of the apex, and the outermost
    ring is repeated: nothing tells a network where the map ends.

    Args:
        values: of an even number of angles, each of which has an opposite one.
        name: begins the names of the layers.
    """
    _, rings, angles, _ = values.shape
    half = angles // 2

    def cut(tensor: Any, rows: tuple[int, int], columns: tuple[int, int], what: str) -> Any:
        return keras.layers.Cropping2D((rows, columns), name=f"{name}_{what}")(tensor)

    innermost, outermost = (0, rings - 1), (rings - 1, 0)
    first, second = (cut(values, innermost, (0, half), "apex_1"), cut(values, innermost, (half, 0), "apex_2"))
    apex = keras.layers.Concatenate(axis=2, name=f"{name}_apex")([second, first])
    rim = cut(values, outermost, (0, 0), "rim")
    long = keras.layers.Concatenate(axis=1, name=f"{name}_long")([apex, values, rim])
    last, start = cut(long, (0, 0), (angles - 1, 0), "last"), cut(long, (0, 0), (0, angles - 1), "first")
    return keras.layers.Concatenate(axis=2, name=f"{name}_around")([last, long, start])


def standardised(values: Any, mean: Any, deviation: Any) -> Any:
    """Each cell less its mean, in its standard deviations; `mean` and `deviation` `(rings, angles)`."""
    scale, offset = 1.0 / np.asarray(deviation), -np.asarray(mean) / np.asarray(deviation)
    layer = keras.layers.Rescaling(scale[..., None].tolist(), offset[..., None].tolist(), name="standardised")
    return layer(values)


def with_coordinates(values: Any, grid: PolarGrid) -> Any:
    """Three more channels on a grid `(n, rings, angles, 1)`: cosine, sine and radius of each cell."""
    copies = keras.layers.Concatenate(name="channels")([values] * (1 + grid.coordinates().shape[-1]))
    kept = np.zeros(copies.shape[-1])
    kept[0] = 1.0
    offset = np.concatenate([np.zeros((grid.rings, grid.angles, 1)), grid.coordinates()], axis=-1)
    return keras.layers.Rescaling(kept.tolist(), offset.tolist(), name="with_coordinates")(copies)


def pooled_over_disc(features: Any, grid: PolarGrid, beside: Any = None) -> Any:
    """The mean of features `(n, rings, angles, channels)` over the disc, `(n, channels)`.

    They are brought back to the disc before, so that a heat map is the map of a disc as of every other network. Cells
    of the grid near the apex are small there, and count little.

    Args:
        beside: more channels of the square, `(n, SIDE, SIDE, more)`, which weigh nothing in the score; beside them the
            features are made small by `SMALL`.
    """
    channels = features.shape[-1]
    # Convolutions of one pixel and reshapes to known sizes: of dense layers on such tensors, and of Keras' own Reshape
    # after a transposition, the converter makes shape arithmetic.
    cells = keras.ops.transpose(keras.ops.reshape(features, (-1, grid.cells, channels)), (0, 2, 1))
    back = keras.layers.Conv2D(SIDE * SIDE, 1, use_bias=False, trainable=False, name=ON_DISC)
    rows = back(keras.ops.reshape(cells, (-1, channels, 1, grid.cells)))
    back.set_weights([grid.on_disc(SIDE)[None, None]])
    columns = keras.ops.transpose(keras.ops.reshape(rows, (-1, channels, SIDE * SIDE)), (0, 2, 1))
    if beside is None:
        square = keras.layers.Reshape((SIDE, SIDE, channels), name=SQUARE)(columns)
    else:
        made = keras.layers.Reshape((SIDE, SIDE, channels), name="on_square")(columns)
        small = keras.layers.Rescaling(SMALL, name="small")(made)
        square = keras.layers.Concatenate(name=SQUARE)([small, beside])
    return keras.layers.GlobalAveragePooling2D(name=POOLING)(within_disc(square))


def mean_over_disc(features: Any, grid: PolarGrid) -> Any:
    """The same mean without the square between, but for rounding: half the work where maps are not asked for."""
    of_square = disc_weights(SIDE, SIDE).ravel() / SIDE**2
    of_cells = (grid.on_disc(SIDE) @ of_square).astype(np.float32)
    cells = keras.ops.reshape(features, (-1, grid.cells, features.shape[-1]))
    return keras.ops.squeeze(keras.ops.matmul(of_cells[None, None], cells), axis=1)
