"""From an image as the network is given it to the unrolled grid of uptake, inside the graph and in numpy alike.

Only layers and operations of Keras' own are used: a model that begins so is loaded without any code of EdgeCAD's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Drawing
from edgecad_train.methods.networks.grid import Floats, PolarGrid
from edgecad_train.methods.networks.levels import Levels

UNROLLED = "unrolled"
"""Name of the layer that gives the grid of uptake."""


def grids_of(images: Iterable[NDArray[np.uint8]], grid: PolarGrid, drawing: Drawing) -> Floats:
    """Uptake of images `(size, size, 3)` uint8 RGB as drawn for a network, `(n, rings, angles)`, percent."""
    levels = Levels.of(drawing)
    return grid.unrolled(levels.of_image(image) for image in images)


def unrolled(image: Any, grid: PolarGrid, drawing: Drawing) -> Any:
    """The same of a tensor: `(n, size, size, 3)` uint8 RGB to `(n, rings, angles, 1)` float32, percent."""
    size, levels = image.shape[1], Levels.of(drawing)
    pixels = grid.pixels(size)
    rows = keras.layers.Reshape((size * size, 3), name="polar_pixels")(image)
    read = keras.layers.Rescaling(1.0, name="polar_as_float")(keras.ops.take(rows, pixels.ravel(), axis=1))
    points = keras.layers.Reshape((*pixels.shape, 3), name="points")(read)
    bends, slopes = levels.hinges()
    # Convolutions of one pixel: of dense layers on such tensors the converter makes shape arithmetic.
    above = keras.layers.Conv2D(len(bends), 1, activation="relu", trainable=False, name="above_bends")
    percent = keras.layers.Conv2D(1, 1, use_bias=False, trainable=False, name="polar_percent")
    values = percent(above(points))
    above.set_weights([np.ones((1, 1, 3, len(bends)), np.float32), -bends.astype(np.float32)])
    percent.set_weights([slopes.astype(np.float32)[None, None, :, None]])
    means = keras.layers.AveragePooling2D((1, pixels.shape[1]), name="means")(values)
    return keras.layers.Reshape((grid.rings, grid.angles, 1), name=UNROLLED)(means)
