"""A head of one dense layer that gives a method's log-odds."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.networks.network import LOGITS

Floats = NDArray[np.float64]


def with_log_odds(image: Any, pooled: Any, weights: Floats, bias: float) -> keras.Model:
    """A model `image` -> logits `(n, 2)` whose log-odds are `pooled @ weights + bias`; `pooled` `(n, channels)`."""
    model = keras.Model(image, keras.layers.Dense(2, name=LOGITS)(pooled))
    set_log_odds(model, weights, bias)
    return model


def set_log_odds(model: keras.Model, weights: Floats, bias: float) -> None:
    """Let the two logits of a model differ by `pooled @ weights + bias`: half of it for CAD, half against."""
    signs = np.where(np.arange(len(CLASSES)) == CLASSES.index(POSITIVE), 0.5, -0.5)
    kernel, biases = weights[:, None] * signs, bias * signs
    model.get_layer(LOGITS).set_weights([kernel.astype(np.float32), biases.astype(np.float32)])
