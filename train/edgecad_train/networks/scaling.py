"""How uint8 becomes a backbone's input: layers inside the graph, so that training and devices cannot disagree."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Scaling

LAYERS = ("as_float", "scaling")
"""Names of the layers that this module adds below a backbone; they never learn."""

MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
"""Of ImageNet's red, green and blue, 0 to 1."""
BGR_MEAN = np.array([103.939, 116.779, 123.68])
"""Of ImageNet's blue, green and red, grey levels, as Caffe's networks were trained with."""


def scaled(image: Any, scaling: Scaling) -> Any:
    """Scale an image tensor `(n, size, size, 3)` uint8 RGB into a backbone's input, float32.

    All but `tf` mix or weigh the channels, which one convolution of one pixel does; unlike an operation of
    our own it needs no code when the model is loaded.
    """
    if scaling == "tf":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(image)
    matrix, offset = _affine(scaling)
    layer = keras.layers.Conv2D(3, 1, name="scaling", trainable=False)
    values = layer(keras.layers.Rescaling(1.0, name="as_float")(image))
    layer.set_weights([matrix[None, None].astype(np.float32), offset.astype(np.float32)])
    return values


def _affine(scaling: Scaling) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`(matrix (3, 3), offset (3,))` such that a pixel's row of RGB becomes `row @ matrix + offset`."""
    if scaling == "caffe":
        return np.eye(3)[::-1], -BGR_MEAN
    if scaling == "torch":
        return np.diag(1 / (255 * DEVIATION)), -MEAN / DEVIATION
    # Keras' EfficientNet scales and normalises by itself, but divides by the root of the deviation once
    # more, and only for weights="imagenet". Written as a change of its input, x -> k x + 255 m (1 - k),
    # the structure is one, whatever file the weights come from.
    gain = 1 / np.sqrt(DEVIATION)
    return np.diag(gain), 255 * MEAN * (1 - gain)
