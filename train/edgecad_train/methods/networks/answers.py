"""From a network that has learnt to what a method gives back: log-odds, and heat maps that add up to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgecad.answer.heatmap import Dense, class_activation, score_map
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.methods.answer import HeatMaps
from edgecad_train.methods.task import Rows
from edgecad_train.networks.explain import dense_layers, log_odds_of

BATCH = 16
"""Scans at once."""


def log_odds(model: keras.Model, inputs: Any, rows: Rows) -> NDArray[np.float64]:
    """Log-odds of some scans, `(len(rows),)`, CAD against not; `inputs` `(n, ...)` are those of all."""
    return log_odds_of(np.concatenate([*outputs(model, inputs, rows)]).astype(np.float64))


def heat_maps(model: keras.Model, inputs: Any, below: str, head: tuple[str, ...]) -> HeatMaps:
    """Heat maps of any scans, whose mean plus a constant is the log-odds.

    Args:
        inputs: `(n, ...)` of all scans.
        below: name of the layer before the head, which pools features or flattens them; what it is given is mapped.
        head: names of the dense layers from there on.
    """
    layer = model.get_layer(below)
    features = keras.Model(model.input, layer.input)
    explain = _of_flat if isinstance(layer, keras.layers.Flatten) else _of_pooled

    def maps(rows: Rows) -> NDArray[np.float32]:
        dense = dense_layers(model.get_layer(name) for name in head)
        batches = outputs(features, inputs, rows)
        return np.concatenate([explain(batch.astype(np.float64), dense) for batch in batches])

    return maps


def _of_pooled(features: NDArray[np.float64], dense: list[Dense]) -> NDArray[np.float32]:
    return np.asarray(score_map(class_activation(features, dense).cam, CLASSES.index(POSITIVE)), np.float32)


def _of_flat(features: NDArray[np.float64], dense: list[Dense]) -> NDArray[np.float32]:
    """Every value is a feature of its own: what it adds to the score, times the cells, because the mean counts."""
    n, height, width, _ = features.shape
    own = features.reshape(n, 1, 1, -1)
    weights = class_activation(own, dense).fc_weights
    positive = CLASSES.index(POSITIVE)
    added = (weights[:, positive] - weights[:, 1 - positive]) * own[:, 0, 0]
    return np.asarray(added.reshape(features.shape).sum(axis=-1) * (height * width), np.float32)


def outputs(model: keras.Model, inputs: Any, rows: Rows) -> Iterator[NDArray[Any]]:
    """What a model gives for some scans, batch by batch; `inputs` `(n, ...)` are those of all."""
    forward = tf.function(lambda batch: model(batch, training=False), reduce_retracing=True)
    for start in range(0, len(rows), BATCH):
        yield forward(tf.constant(np.asarray(inputs[rows[start : start + BATCH]]))).numpy()
