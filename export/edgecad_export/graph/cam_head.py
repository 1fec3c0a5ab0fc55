"""A trained classifier with every output that the runtime needs, as one forward graph.

The class activation map of a head with hidden layers is exact and needs no automatic differentiation:
the factors of hidden units are functions of their values, the rest is matrix products. See
`edgecad.answer.heatmap` for the formula, of which this is the graph form.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from edgecad.contract import Activation
from edgecad_export.graph.trained_classifier import TrainedClassifier, activation_of


class CamHead(keras.layers.Layer):
    """Features -> logits, probabilities, effective weights, class activation maps and their bias."""

    def __init__(
        self, dense: tuple[keras.layers.Dense, ...], temperature: float, centres: NDArray[np.float32] | None = None
    ) -> None:
        """Take the head's layers; `centres` `(k, channels)` of the training scans' features, each of length 1."""
        super().__init__(name="cam_head")
        self._centres = centres
        self._dense = dense
        self._temperature = temperature

    def call(self, features: Any) -> dict[str, Any]:
        """Compute the outputs.

        Args:
            features: `(n, h, w, channels)`.

        Returns:
            `logits`, `probabilities` `(n, 2)`; `fc_weights` `(n, 2, channels)`; `cam` `(n, 2, h, w)`;
            `cam_bias` `(n, 2)`; with centres `familiarity` `(n, 1)`.
        """
        values = ops.mean(features, axis=(1, 2))
        familiarity = {} if self._centres is None else {"familiarity": _distance(values, self._centres)}
        factors = []
        for layer in self._dense[:-1]:
            before = ops.add(ops.matmul(values, layer.kernel), layer.bias)
            values, factor = _activated(activation_of(layer), before)
            factors.append(factor)
        last = self._dense[-1]
        logits = ops.add(ops.matmul(values, last.kernel), last.bias)
        weights, bias = self._effective(factors)
        return {
            "logits": logits,
            "probabilities": ops.softmax(logits / self._temperature),
            **self._maps(features, weights, bias, logits),
            **familiarity,
        }

    def _effective(self, factors: list[Any]) -> tuple[Any, Any]:
        """Effective weights `(n or 1, 2, channels)` and bias `(n or 1, 2)`; a factor that is 1 everywhere is None."""
        last = self._dense[-1]
        weights = ops.expand_dims(ops.transpose(last.kernel), 0)
        bias = ops.expand_dims(last.bias, 0)
        for layer, factor in zip(reversed(self._dense[:-1]), reversed(factors), strict=True):
            if factor is not None:
                weights = ops.multiply(weights, ops.expand_dims(factor, 1))
            bias = ops.add(bias, ops.squeeze(_times(weights, ops.expand_dims(layer.bias, 1)), -1))
            weights = _times(weights, ops.transpose(layer.kernel))
        return weights, bias

    def _maps(self, features: Any, weights: Any, bias: Any, logits: Any) -> dict[str, Any]:
        _, height, width, channels = features.shape
        # Only the batch is unknown, so these reshapes have constant targets and need no shape arithmetic.
        cells = ops.reshape(features, (-1, height * width, channels))
        if all(activation_of(layer) == "linear" for layer in self._dense):
            # Without factors the weights are the same for every image; give them its axis.
            rows = ops.multiply(ops.expand_dims(logits, -1), 0.0)
            weights, bias = ops.add(weights, rows), ops.add(bias, ops.multiply(logits, 0.0))
        cam = ops.matmul(weights, ops.transpose(cells, (0, 2, 1)))
        return {"fc_weights": weights, "cam": ops.reshape(cam, (-1, 2, height, width)), "cam_bias": bias}


def _activated(activation: Activation, before: Any) -> tuple[Any, Any]:
    """A hidden layer's values z s(z) and their factors s(z), `(n, units)` each; None where all factors are 1."""
    if activation == "silu":
        factor = ops.sigmoid(before)
        return ops.multiply(before, factor), factor
    if activation == "relu":
        values = ops.relu(before)
        # Of what the ReLU gives, so that it and the product before it stay one kernel: 0 or 1. No other node of a
        # head is a Sign: `edgecad_export.proof.answers` finds the switches by it.
        return values, ops.sign(values)
    return before, None


def _distance(pooled: Any, centres: NDArray[np.float32]) -> Any:
    """One minus the cosine to the nearest centre, `(n, 1)`; see `edgecad.answer.familiarity`."""
    length = ops.sqrt(ops.sum(ops.square(pooled), axis=1, keepdims=True))
    cosines = ops.matmul(ops.divide(pooled, ops.maximum(length, 1e-12)), ops.transpose(ops.convert_to_tensor(centres)))
    return ops.subtract(1.0, ops.max(cosines, axis=1, keepdims=True))


def _times(stack: Any, matrix: Any) -> Any:
    """`(n, a, b)` times `(b, c)`. TensorFlow's own: Keras' computes shapes, and engines pack a matrix, not a stack."""
    return tf.linalg.matmul(stack, matrix)


def explained_model(
    classifier: TrainedClassifier, temperature: float, centres: NDArray[np.float32] | None = None
) -> keras.Model:
    """A model from `image` to the named outputs, `familiarity` with centres. Weights are shared with the classifier's.

    Args:
        centres: of the training scans' pooled features, `(k, channels)`, each of length 1.
    """
    head = CamHead(classifier.dense, temperature, centres)
    outputs = {"features": classifier.features, **head(classifier.features)}
    # tf2onnx keeps a name only if a layer bears it.
    named = {name: keras.layers.Identity(name=name)(value) for name, value in outputs.items()}
    return keras.Model(classifier.model.inputs[0], named)
