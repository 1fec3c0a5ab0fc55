"""Rebuild a trained classifier with every output that the runtime needs, as one forward graph.

The class activation map of a head with hidden layers is exact and needs no automatic differentiation:
the gates of hidden units are functions of their values, the rest is matrix products. See
`edgecad.answer.heatmap` for the formula, of which this is the graph form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from edgecad.answer.heatmap import Dense
from edgecad.contract import Activation
from edgecad.errors import ModelInvalid

HIDDEN_ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
WANTED = "wanted: image - ... - features - global average pooling - dense layers, the last with two linear units"


@dataclass(frozen=True)
class ClassifierParts:
    """The parts of a trained Keras model that export needs.

    Attributes:
        model: the model itself.
        features: tensor `(n, h, w, channels)` that feeds the pooling layer.
        dense: the dense layers after it, in order.
    """

    model: keras.Model
    features: Any
    dense: tuple[keras.layers.Dense, ...]

    @property
    def activations(self) -> tuple[Activation, ...]:
        """Of the hidden layers, from the pooling on."""
        return tuple(activation_of(layer) for layer in self.dense[:-1])

    def head(self) -> tuple[Dense, ...]:
        """The dense layers as the formula of the heat map takes them, float64."""
        return tuple(_dense_of(layer) for layer in self.dense)

    @property
    def feature_layer(self) -> str:
        """Name of the layer whose output is `features`."""
        return str(_producer(self.features).name)


def classifier_from_keras(model: keras.Model) -> ClassifierParts:
    """Find pooling and head by walking back from the output.

    Raises:
        ModelInvalid: the model has another form; says what was found.
    """
    dense: list[keras.layers.Dense] = []
    layer = _producer(model.output)
    while not isinstance(layer, keras.layers.GlobalAveragePooling2D):
        if isinstance(layer, keras.layers.Dense):
            _check_dense(layer, last=not dense)
            dense.insert(0, layer)
        elif not isinstance(layer, (keras.layers.Dropout, keras.layers.Identity)):
            raise ModelInvalid(f"the head has a {type(layer).__name__} layer {layer.name!r}; {WANTED}")
        layer = _producer(layer.input)
    if not dense or dense[-1].units != 2:
        raise ModelInvalid(f"the head ends in {dense[-1].units if dense else 'no'} units; {WANTED}")
    return ClassifierParts(model, layer.input, tuple(dense))


def _producer(tensor: Any) -> keras.layers.Layer:
    return tensor._keras_history.operation


def activation_of(layer: keras.layers.Dense) -> Any:
    """Name of a dense layer's activation."""
    return getattr(layer.activation, "__name__", str(layer.activation))


def _dense_of(layer: keras.layers.Dense) -> Dense:
    weights, bias = (np.asarray(value, np.float64) for value in layer.get_weights())
    return Dense(weights, bias, activation_of(layer))


def _check_dense(layer: keras.layers.Dense, last: bool) -> None:
    activation, allowed = activation_of(layer), ("linear",) if last else HIDDEN_ACTIVATIONS
    if activation not in allowed:
        raise ModelInvalid(
            f"dense layer {layer.name!r} has activation {activation}; {WANTED}, {', '.join(HIDDEN_ACTIVATIONS)} "
            "in the others"
        )
    if not layer.use_bias:
        raise ModelInvalid(f"dense layer {layer.name!r} has no bias; {WANTED}, each with a bias")


class CamHead(keras.layers.Layer):
    """Features -> logits, probabilities, effective weights, class activation maps and their bias."""

    def __init__(self, dense: tuple[keras.layers.Dense, ...], temperature: float) -> None:
        super().__init__(name="cam_head")
        self._dense = dense
        self._temperature = temperature

    def call(self, features: Any) -> dict[str, Any]:
        """Compute the outputs.

        Args:
            features: `(n, h, w, channels)`.

        Returns:
            `logits`, `probabilities` `(n, 2)`; `fc_weights` `(n, 2, channels)`; `cam` `(n, 2, h, w)`;
            `cam_bias` `(n, 2)`.
        """
        values = ops.mean(features, axis=(1, 2))
        gates = []
        for layer in self._dense[:-1]:
            before = ops.add(ops.matmul(values, layer.kernel), layer.bias)
            values, opened = _activated(activation_of(layer), before)
            gates.append(opened)
        last = self._dense[-1]
        logits = ops.add(ops.matmul(values, last.kernel), last.bias)
        weights, bias = self._effective(gates)
        return {
            "logits": logits,
            "probabilities": ops.softmax(logits / self._temperature),
            **self._maps(features, weights, bias, logits),
        }

    def _effective(self, gates: list[Any]) -> tuple[Any, Any]:
        """Effective weights `(n or 1, 2, channels)` and bias `(n or 1, 2)` through the gates; one that is 1 is None."""
        last = self._dense[-1]
        weights = ops.expand_dims(ops.transpose(last.kernel), 0)
        bias = ops.expand_dims(last.bias, 0)
        for layer, opened in zip(reversed(self._dense[:-1]), reversed(gates), strict=True):
            if opened is not None:
                weights = ops.multiply(weights, ops.expand_dims(opened, 1))
            bias = ops.add(bias, ops.squeeze(_times(weights, ops.expand_dims(layer.bias, 1)), -1))
            weights = _times(weights, ops.transpose(layer.kernel))
        return weights, bias

    def _maps(self, features: Any, weights: Any, bias: Any, logits: Any) -> dict[str, Any]:
        _, height, width, channels = features.shape
        # Only the batch is unknown, so these reshapes have constant targets and need no shape arithmetic.
        cells = ops.reshape(features, (-1, height * width, channels))
        if all(activation_of(layer) == "linear" for layer in self._dense):
            # Without a gate the weights are the same for every image; give them its axis.
            rows = ops.multiply(ops.expand_dims(logits, -1), 0.0)
            weights, bias = ops.add(weights, rows), ops.add(bias, ops.multiply(logits, 0.0))
        cam = ops.matmul(weights, ops.transpose(cells, (0, 2, 1)))
        return {"fc_weights": weights, "cam": ops.reshape(cam, (-1, 2, height, width)), "cam_bias": bias}


def _activated(activation: Activation, before: Any) -> tuple[Any, Any]:
    """A hidden layer's values and its gates, `(n, units)` each; the gates are None where they are all 1."""
    if activation == "silu":
        opened = ops.sigmoid(before)
        return ops.multiply(before, opened), opened
    if activation == "relu":
        values = ops.relu(before)
        # Of what the ReLU gives, so that it and the product before it stay one kernel: 0 or 1. No other node of a
        # head is a Sign: `edgecad_export.proof.answers` finds the switches by it.
        return values, ops.sign(values)
    return before, None


def _times(stack: Any, matrix: Any) -> Any:
    """`(n, a, b)` times `(b, c)`. TensorFlow's own: Keras' computes shapes, and engines pack a matrix, not a stack."""
    return tf.linalg.matmul(stack, matrix)


def explained_model(classifier: ClassifierParts, temperature: float) -> keras.Model:
    """A model from `image` to the six named outputs. Weights are shared with the classifier's."""
    outputs = {"features": classifier.features, **CamHead(classifier.dense, temperature)(classifier.features)}
    # tf2onnx keeps a name only if a layer bears it.
    named = {name: keras.layers.Identity(name=name)(value) for name, value in outputs.items()}
    return keras.Model(classifier.model.inputs[0], named)
