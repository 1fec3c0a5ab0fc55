"""Logits and heat maps of a trained network, from its frozen outputs, by the runtime's own formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgecad.heatmap import ClassActivation, Dense, class_activation, score_map
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.networks.network import Network
from edgecad_train.training.frozen import Rows


@dataclass(frozen=True)
class Explained:
    """What a network says of some scans, and where.

    Attributes:
        logits: `(n, 2)`.
        maps: `(n, h, w)` float32, heat map of the score, logit units.
    """

    logits: NDArray[np.float64]
    maps: NDArray[np.float32]

    @property
    def log_odds(self) -> NDArray[np.float64]:
        """Logit of CAD minus logit of the other class, `(n,)`."""
        positive = CLASSES.index(POSITIVE)
        return np.asarray(self.logits[:, positive] - self.logits[:, 1 - positive])

    @staticmethod
    def joined(parts: list[Explained]) -> Explained:
        """Several after one another."""
        return Explained(np.concatenate([p.logits for p in parts]), np.concatenate([p.maps for p in parts]))


def explain(network: Network, below: Any, values: Rows, rows: NDArray[np.intp], batch_size: int = 16) -> Explained:
    """Explain the scans in `rows`.

    Args:
        below: tensor of the network whose values are known.
        values: what it gives, `(n, ...)`.
    """
    pooled = network.model.get_layer("pooling")
    forward = _forward(below, pooled.input)
    head = dense_head(network)
    parts = []
    for start in range(0, len(rows), batch_size):
        batch = np.asarray(values[rows[start : start + batch_size]])
        parts.append(_of(class_activation(np.asarray(forward(batch), np.float64), head)))
    return Explained.joined(parts)


def dense_head(network: Network) -> list[Dense]:
    """The head as it stands, for the formula of the heat map."""
    layers = []
    for layer in network.head_layers():
        weights, bias = (np.asarray(value, np.float64) for value in layer.get_weights())
        layers.append(Dense(weights, bias, layer.activation.__name__))
    return layers


def _forward(below: Any, features: Any) -> Callable[[NDArray[Any]], Any]:
    if below is features:
        return lambda batch: batch
    model = keras.Model(below, features)
    compiled = tf.function(lambda batch: model(batch, training=False), reduce_retracing=True)
    return lambda batch: compiled(tf.constant(batch)).numpy()


def _of(activation: ClassActivation) -> Explained:
    maps = score_map(activation.cam, CLASSES.index(POSITIVE))
    return Explained(np.asarray(activation.logits, np.float64), np.asarray(maps, np.float32))
