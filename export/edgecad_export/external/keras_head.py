"""Read pooling and dense layers at the end of a flat Keras graph, whatever layers they were written with.

Between activations everything that a head does in use is affine: dense layers, batch normalisation, dropout. So a run
of those is one matrix and one bias, and the head becomes the form whose heat map is exact (`edgecad.answer.heatmap`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import Dense
from edgecad.contract import Activation
from edgecad.errors import ModelInvalid

WANTED = (
    "wanted: image - ... - average pooling over the whole map - dense layers with ReLU or SiLU between them - two "
    "logits, softmax of two, or one sigmoid"
)
NONLINEAR: tuple[Activation, ...] = ("relu", "silu")
"""Activations that stand between affine maps; `linear` only makes two of them one."""
End = Literal["linear", "softmax", "sigmoid"]
POOLINGS = (keras.layers.GlobalAveragePooling2D, keras.layers.AveragePooling2D)
IDLE = (
    keras.layers.Dropout,
    keras.layers.Identity,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.AlphaDropout,
    keras.layers.ActivityRegularization,
)
"""Layers that do nothing in use."""


@dataclass(frozen=True)
class KerasHead:
    """What stands above the last features.

    Attributes:
        features: tensor `(n, h, w, channels)` that is pooled.
        layers: affine maps, each with its activation; the last gives one or two logits.
        end: what the model itself makes of them.
    """

    features: Any
    layers: tuple[Dense, ...]
    end: End

    @property
    def units(self) -> int:
        """How many logits the model has."""
        return len(self.layers[-1].bias)


def head_of(output: Any) -> KerasHead:
    """Walk from the output tensor back to the pooling, and read what lies between.

    Raises:
        ModelInvalid: another form; says what was found and what is wanted.
    """
    above: list[Any] = []
    for operation, tensor in _upwards(output):
        if isinstance(operation, POOLINGS):
            _check_pooling(operation, tensor)
            reader = _Reader(tensor.shape[-1])
            for step in reversed(above):
                reader.read(step)
            return KerasHead(tensor, *reader.finished())
        _check_known(operation, tensor)
        above.append(operation)
    raise ModelInvalid(f"no layer pools the last features; {WANTED}")


def _upwards(tensor: Any) -> Iterator[tuple[Any, Any]]:
    """Each operation before `tensor`, and its only input, from the last to the first."""
    while True:
        history = tensor._keras_history
        inputs = history.operation._inbound_nodes[history.node_index].input_tensors
        if not inputs:
            return
        if len(inputs) > 1:
            raise ModelInvalid(f"{_name(history.operation)} joins {len(inputs)} branches in the head; {WANTED}")
        tensor = inputs[0]
        yield history.operation, tensor


def _name(operation: Any) -> str:
    return f"the {type(operation).__name__} layer {operation.name!r}"


def _check_pooling(layer: Any, features: Any) -> None:
    if len(features.shape) != 4 or None in features.shape[1:]:
        raise ModelInvalid(f"{_name(layer)} pools {features.shape[1:]}; a map (h, w, channels) of known size is wanted")
    height, width = features.shape[1:3]
    if isinstance(layer, keras.layers.AveragePooling2D) and tuple(layer.pool_size) != (height, width):
        raise ModelInvalid(
            f"{_name(layer)} averages {layer.pool_size[0]}x{layer.pool_size[1]} cells of a map of {height}x{width}, "
            f"not all; {WANTED}"
        )


def _check_known(operation: Any, before: Any) -> None:
    """Refuse at once what a head may not have."""
    if isinstance(operation, (keras.layers.Flatten, keras.layers.Reshape)):
        sides = before.shape[1:-1]
        if any(side != 1 for side in sides):
            words = "x".join(map(str, sides))
            raise ModelInvalid(
                f"{_name(operation)} takes a map of {words} apart, so each cell has weights of its own; {WANTED}"
            )
        return
    known = (keras.layers.Dense, keras.layers.BatchNormalization, keras.layers.Activation, keras.layers.ReLU)
    if not isinstance(operation, (*known, keras.layers.Softmax, *IDLE)):
        raise ModelInvalid(f"the head has {_name(operation)}; {WANTED}")


class _Reader:
    """Folds the layers of a head, in order, into affine maps with activations between them."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._done: list[Dense] = []
        self._open: Dense | None = None
        self._end: End | None = None

    def read(self, layer: Any) -> None:
        """Take one more layer."""
        if isinstance(layer, (*IDLE, keras.layers.Flatten, keras.layers.Reshape)):
            return
        if self._end is not None:
            raise ModelInvalid(f"{_name(layer)} follows the {self._end}; {WANTED}")
        if isinstance(layer, keras.layers.Dense):
            self._affine(*_of_dense(layer))
            self._activation(layer, _activation_of(layer))
        elif isinstance(layer, keras.layers.BatchNormalization):
            self._affine(*_of_normalisation(layer))
        else:
            self._activation(layer, _activation_of(layer))

    def finished(self) -> tuple[tuple[Dense, ...], End]:
        """All layers, and what the model makes of the last one's logits."""
        units = 0 if self._open is None else len(self._open.bias)
        end = self._end or "linear"
        if self._open is None or (units, end) not in ((2, "linear"), (2, "softmax"), (1, "linear"), (1, "sigmoid")):
            what = f"{units} units, {end}" if units else "no dense layer, or an activation"
            raise ModelInvalid(f"the head ends in {what}; {WANTED}")
        return (*self._done, self._open), end

    def _affine(self, weights: NDArray[np.float64], bias: NDArray[np.float64]) -> None:
        before = self._open
        self._open = Dense(weights, bias)
        if before is not None:
            self._open = Dense(before.weights @ weights, before.bias @ weights + bias)

    def _activation(self, layer: Any, name: str) -> None:
        nonlinear = next((known for known in NONLINEAR if known == name), None)
        if nonlinear and self._open is not None:
            self._done.append(replace(self._open, activation=nonlinear))
            self._open = None
        elif name == "softmax":
            self._end = "softmax"
        elif name == "sigmoid":
            self._end = "sigmoid"
        elif name != "linear":
            raise ModelInvalid(f"{_name(layer)} has activation {name} where {self._place()}; {WANTED}")

    def _place(self) -> str:
        return "nothing but pooling is below" if self._open is None else f"{' or '.join(NONLINEAR)} is wanted"


def _activation_of(layer: Any) -> str:
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    if isinstance(layer, keras.layers.ReLU):
        plain = layer.max_value is None and not layer.negative_slope and not layer.threshold
        return "relu" if plain else "relu with a bend of its own"
    return str(getattr(layer.activation, "__name__", layer.activation))


def _of_dense(layer: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    weights, *bias = (np.asarray(value, np.float64) for value in layer.get_weights())
    return weights, bias[0] if bias else np.zeros(weights.shape[1])


def _of_normalisation(layer: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """In use: (x - mean) / sqrt(variance + epsilon) * gamma + beta, with the moving statistics of training."""
    mean, variance = (np.asarray(value, np.float64) for value in (layer.moving_mean, layer.moving_variance))
    gain = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        gain = gain * np.asarray(layer.gamma, np.float64)
    offset = np.asarray(layer.beta, np.float64) if layer.center else np.zeros_like(mean)
    return np.diag(gain), offset - mean * gain
