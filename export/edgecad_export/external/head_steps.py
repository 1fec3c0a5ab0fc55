"""What one layer or operation of a head does in use: nothing, an affine map, or an activation.

A head may be written with layers, with operations of `keras.ops`, or with plain arithmetic. All are read by what they
do to a row of channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Affine = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Weights `(inputs, outputs)` and bias `(outputs,)`."""
IDLE = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout2D,
    keras.layers.Identity,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.AlphaDropout,
    keras.layers.ActivityRegularization,
)
"""Layers that do nothing in use."""
RESHAPING = ("Flatten", "Reshape", "Squeeze", "ExpandDims")
"""Layers and operations that keep a row of channels, if they are given one cell and give one cell."""
ARITHMETIC = ("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Negative", "Rescaling")
"""Operations that are affine where all but one of their arguments are constants, and the layer that is."""
OPERATIONS = {"Relu": "relu", "Silu": "silu", "Sigmoid": "sigmoid", "Softmax": "softmax"}
"""Operations of `keras.ops` that are activations, by the name of their class."""
POOLED_AXES = ((1, 2), (-3, -2))


@dataclass(frozen=True)
class HeadStep:
    """A layer or an operation, as it is called in the graph.

    Attributes:
        before: the tensor that it is given.
        after: the tensor that it gives.
        node: its call, with all other arguments.
    """

    operation: Any
    before: Any
    after: Any
    node: Any

    @property
    def kind(self) -> str:
        """Name of its class."""
        return type(self.operation).__name__

    def __str__(self) -> str:
        """As messages name it."""
        what = "layer" if isinstance(self.operation, keras.layers.Layer) else "operation"
        return f"the {self.kind} {what} {self.operation.name!r}"

    @property
    def one_cell(self) -> bool:
        """Whether what it is given is one row of channels."""
        return _cells(self.before) == 1


def steps_upwards(tensor: Any) -> Iterator[tuple[HeadStep, int]]:
    """Each step before `tensor`, from the last to the first, and how many tensors it takes."""
    while True:
        history = tensor._keras_history
        node = history.operation._inbound_nodes[history.node_index]
        if not node.input_tensors:
            return
        step = HeadStep(history.operation, node.input_tensors[0], tensor, node)
        yield step, len(node.input_tensors)
        tensor = step.before


def _cells(tensor: Any) -> int | None:
    sides = tensor.shape[1:-1]
    return None if None in sides else prod(sides)


def pools_all(step: HeadStep) -> bool | None:
    """Whether a step is the mean over all cells of a map; None where it is no mean of cells at all."""
    operation, shape = step.operation, step.before.shape
    if isinstance(operation, keras.layers.GlobalAveragePooling2D):
        return True
    if isinstance(operation, keras.layers.AveragePooling2D):
        return tuple(operation.pool_size) == tuple(shape[1:3]) and _cells(step.after) == 1
    if step.kind == "Mean" and len(shape) == 4:
        axis = operation.axis
        return (tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)) in POOLED_AXES
    return None


def is_idle(step: HeadStep) -> bool:
    """Whether it changes no value of a row of channels; a reshape must be given one cell and give one."""
    if step.kind in RESHAPING:
        return step.one_cell and _cells(step.after) == 1 and step.before.shape[-1] == step.after.shape[-1]
    if step.kind == "Cast":  # between 16 and 32 bits; the rebuilt model has 32 alone
        return all("float" in tensor.dtype for tensor in (step.before, step.after))
    return isinstance(step.operation, IDLE)


def affine_of(step: HeadStep) -> Affine | None:
    """Its affine map on a row of channels; None if it is none."""
    operation = step.operation
    if isinstance(operation, keras.layers.Dense):
        return _of_kernel(operation.get_weights())
    if isinstance(operation, keras.layers.BatchNormalization):
        return _of_normalisation(operation) if operation.axis in (-1, len(step.before.shape) - 1) else None
    if type(operation) is keras.layers.Conv2D:
        kernel, *bias = operation.get_weights()
        fits = step.one_cell and kernel.shape[:2] == (1, 1) and operation.groups == 1
        return _of_kernel([kernel[0, 0], *bias]) if fits else None
    return _of_arithmetic(step) if step.kind in ARITHMETIC and step.before.shape == step.after.shape else None


def is_activation(step: HeadStep) -> bool:
    """Whether it is an activation and nothing else."""
    return activation_of(step) is not None and not getattr(step.operation, "weights", None)


def activation_of(step: HeadStep) -> str | None:
    """Name of its activation, `linear` for none; None if it is neither a layer with one nor an activation."""
    operation = step.operation
    if isinstance(operation, keras.layers.Softmax) or step.kind == "Softmax":
        whole = operation.axis in (-1, len(step.before.shape) - 1)
        return "softmax" if whole else f"softmax along axis {operation.axis}"
    if step.kind == "ReLU":  # the layer, and what `keras.activations.relu` makes of a tensor
        plain = operation.max_value is None and not operation.negative_slope and not operation.threshold
        return "relu" if plain else "relu with a bend of its own"
    if not isinstance(operation, keras.layers.Layer):
        return OPERATIONS.get(step.kind)
    given = getattr(operation, "activation", None)
    return None if given is None else str(getattr(given, "__name__", given))


def _of_kernel(weights: list[NDArray[np.float32]]) -> Affine:
    kernel, *bias = (np.asarray(value, np.float64) for value in weights)
    return kernel, bias[0] if bias else np.zeros(kernel.shape[1])


def _of_normalisation(layer: Any) -> Affine:
    """In use: (x - mean) / sqrt(variance + epsilon) * gamma + beta, with the moving statistics of training."""
    mean, variance = (np.asarray(value, np.float64) for value in (layer.moving_mean, layer.moving_variance))
    gain = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        gain = gain * np.asarray(layer.gamma, np.float64)
    offset = np.asarray(layer.beta, np.float64) if layer.center else np.zeros_like(mean)
    return np.diag(gain), offset - mean * gain


def _of_arithmetic(step: HeadStep) -> Affine | None:
    """Arithmetic with constants, value by value: what it makes of noughts and of ones tells it all."""
    if len(step.node.input_tensors) != 1:
        return None
    row = (1, *step.before.shape[1:])
    ends = []
    for value in (0.0, 1.0):
        args, kwargs = step.node.arguments.fill_in({id(step.before): keras.ops.full(row, value, dtype="float32")})
        ends.append(np.asarray(keras.ops.convert_to_numpy(step.operation(*args, **kwargs)), np.float64).reshape(-1))
    nought, one = ends
    finite = bool(np.isfinite(nought).all() and np.isfinite(one).all())
    return (np.diag(one - nought), nought) if finite else None
