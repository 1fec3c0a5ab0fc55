"""How uint8 becomes a backbone's input: layers inside the graph, so that training and devices cannot disagree."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from edgecad.contract import Scaling
from edgecad.contract.scaling import pixel_rule

LAYERS = ("as_float", "scaling")
"""Names of the layers that this module adds below a backbone; they never learn."""


def scaled(image: Any, scaling: Scaling) -> Any:
    """Scale an image tensor `(n, size, size, 3)` uint8 RGB into a backbone's input, float32.

    All but `tf` mix or weigh the channels, which one convolution of one pixel does; unlike an operation of
    our own it needs no code when the model is loaded.
    """
    if scaling == "tf":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(image)
    rule = pixel_rule(scaling)
    layer = keras.layers.Conv2D(3, 1, name="scaling", trainable=False)
    values = layer(keras.layers.Rescaling(1.0, name="as_float")(image))
    layer.set_weights([rule.matrix[None, None].astype(np.float32), rule.offset.astype(np.float32)])
    return values
