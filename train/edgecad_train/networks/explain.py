"""Logits and heat maps of a trained network, from its frozen outputs, by the runtime's own formula."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgecad.answer.heatmap import ClassActivation, Dense, class_activation, score_map
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.networks.network import POOLING, Network


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
        return log_odds_of(self.logits)

    @staticmethod
    def joined(parts: list[Explained]) -> Explained:
        """Several after one another."""
        return Explained(np.concatenate([p.logits for p in parts]), np.concatenate([p.maps for p in parts]))


def log_odds_of(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logit of CAD minus logit of the other class, `(n,)`, of logits `(n, 2)`."""
    positive = CLASSES.index(POSITIVE)
    return np.asarray(logits[:, positive] - logits[:, 1 - positive])


class Explainer:
    """Explains what a network says as it stands; compiled once, used as often as its weights change."""

    def __init__(self, network: Network, below: Any, batch_size: int = 16) -> None:
        """Compile nothing yet.

        Args:
            below: tensor of the network whose values are known.
        """
        self._network, self._below, self._batch_size = network, below, batch_size
        features = network.pooled
        model = None if below is features else keras.Model(below, features)
        self._forward = model and tf.function(lambda batch: model(batch, training=False), reduce_retracing=True)

    def __call__(self, values: NDArray[Any], rows: NDArray[np.intp]) -> Explained:
        """Explain the scans in `rows`; `values` `(n, ...)` is what the tensor below gives for all."""
        head, parts = dense_head(self._network), []
        for start in range(0, len(rows), self._batch_size):
            batch = np.asarray(values[rows[start : start + self._batch_size]])
            features = batch if self._forward is None else self._forward(tf.constant(batch)).numpy()
            parts.append(_of(class_activation(np.asarray(features, np.float64), head)))
        return Explained.joined(parts)

    def pooled(self, values: NDArray[Any], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Pooled features of the scans in `rows`, `(n, channels)`; `values` as for an explanation."""
        return pooled_features(self._network.model, self._below, values, rows, self._batch_size)


def pooled_features(
    model: keras.Model, below: Any, values: Any, rows: NDArray[np.intp], batch_size: int = 16
) -> NDArray[np.float32]:
    """Pooled features of a network's model as it stands, `(n, channels)`.

    Args:
        below: tensor of the model whose values are known.
        values: these, `(m, ...)`; read by rows.
        rows: which of them, `(n,)`.
    """
    pooled = keras.Model(below, model.get_layer(POOLING).output)
    forward = tf.function(lambda batch: pooled(batch, training=False), reduce_retracing=True)
    batches = (np.asarray(values[rows[start : start + batch_size]]) for start in range(0, len(rows), batch_size))
    return np.concatenate([forward(tf.constant(batch)).numpy() for batch in batches])


def dense_head(network: Network) -> list[Dense]:
    """The head as it stands, for the formula of the heat map."""
    return dense_layers(network.head_layers())


def dense_layers(layers: Iterable[keras.layers.Dense]) -> list[Dense]:
    """Layers of a head, in order, as they stand."""
    found = []
    for layer in layers:
        weights, bias = (np.asarray(value, np.float64) for value in layer.get_weights())
        found.append(Dense(weights, bias, layer.activation.__name__))
    return found


def _of(activation: ClassActivation) -> Explained:
    maps = score_map(activation.cam, CLASSES.index(POSITIVE))
    return Explained(np.asarray(activation.logits, np.float64), np.asarray(maps, np.float32))
