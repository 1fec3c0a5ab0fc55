"""Find the parts of a trained Keras classifier that its graph and its heat map are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import keras
import numpy as np

from edgecad.answer.heatmap import Dense, disc_weights
from edgecad.contract import Activation, PooledOver
from edgecad.errors import ModelInvalid
from edgecad_export.graph.outputs import Answering, answering

HIDDEN_ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
WANTED = "wanted: image - ... - features - global average pooling - dense layers, the last with two linear units"


@dataclass(frozen=True)
class TrainedClassifier:
    """A trained Keras model, and where its features and its head are.

    Attributes:
        model: the model itself.
        features: tensor `(n, h, w, channels)` that feeds the pooling layer; each cell is weighted already.
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

    @cached_property
    def answering(self) -> Answering:
        """Gives logits `(n, 2)` and features for images."""
        return answering(self.model.inputs[0], [self.model.output, self.features])

    @property
    def feature_layer(self) -> str:
        """Name of the layer whose output is pooled, before its cells are weighted."""
        layer = _producer(self.features)
        return str((_producer(layer.input) if _weighs_cells(layer) else layer).name)

    @property
    def pooled_over(self) -> PooledOver:
        """Over which cells the features' mean is taken.

        Raises:
            ModelInvalid: cells are weighted otherwise than by their share of the disc.
        """
        layer = _producer(self.features)
        if not _weighs_cells(layer):
            return "all"
        wanted = disc_weights(*layer.output.shape[1:3])[..., None]
        if np.shape(layer.scale) != wanted.shape or not np.allclose(layer.scale, wanted) or np.any(layer.offset):
            raise ModelInvalid(
                f"layer {layer.name!r} weighs the cells otherwise than by their share of the disc; train again"
            )
        return "disc"


def _weighs_cells(layer: Any) -> bool:
    """Whether a layer multiplies each cell of the features by a number of its own."""
    return isinstance(layer, keras.layers.Rescaling) and np.ndim(layer.scale) > 0


def classifier_from_keras(model: keras.Model) -> TrainedClassifier:
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
    return TrainedClassifier(model, layer.input, tuple(dense))


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
