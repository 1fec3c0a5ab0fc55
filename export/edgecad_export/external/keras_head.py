"""Read pooling and dense layers at the end of a flat Keras graph, whatever layers they were written with.

Between activations everything that a head does in use is affine: dense layers, batch normalisation, dropout. So a run
of those is one matrix and one bias, and the head becomes the form whose heat map is exact (`edgecad.answer.heatmap`).
A head of class maps, which are pooled last, is that form as well: its matrix is the identity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import Dense
from edgecad.contract import Activation
from edgecad.errors import ModelInvalid
from edgecad_export.external.head_steps import (
    RESHAPING,
    HeadStep,
    activation_of,
    affine_of,
    is_activation,
    is_idle,
    pools_all,
    steps_upwards,
)

WANTED = (
    "wanted: image - ... - average pooling over the whole map - dense layers with ReLU or SiLU between them, or none - "
    "two logits, softmax of two, or one sigmoid"
)
NONLINEAR: tuple[Activation, ...] = ("relu", "silu")
"""Activations that stand between affine maps; `linear` only makes two of them one."""
End = Literal["linear", "softmax", "sigmoid"]
ENDS: dict[str, End] = {"softmax": "softmax", "sigmoid": "sigmoid"}
"""Activations that end a model."""
MAXIMA = ("GlobalMaxPooling2D", "MaxPooling2D", "Max", "Amax")


@dataclass(frozen=True)
class KerasHead:
    """What stands above the last features.

    Attributes:
        features: tensor `(n, h, w, channels)` that is pooled.
        layers: affine maps, each with its activation; the last gives one or two logits.
        end: what the model itself makes of them.
        last: the layer or operation whose activation `end` is; None for `linear`.
        class_maps: whether the features are maps of the classes, so that the one layer is the identity.
    """

    features: Any
    layers: tuple[Dense, ...]
    end: End
    last: Any = None
    class_maps: bool = False

    @property
    def units(self) -> int:
        """How many logits the model has."""
        return len(self.layers[-1].bias)

    @property
    def words(self) -> str:
        """The head in one line, as contracts tell it."""
        if self.class_maps:
            return f"{self.units} class maps - GAP - {self.end}"
        hidden = [f"Dense({len(layer.bias)}, {layer.activation})" for layer in self.layers[:-1]]
        return " - ".join(["GAP", *hidden, f"Dense({self.units}, {self.end})"])


def head_of(output: Any) -> KerasHead:
    """Walk from the output tensor back to the pooling, and read what lies between.

    Raises:
        ModelInvalid: another form; says what was found and what is wanted.
    """
    above: list[HeadStep] = []
    for step, inputs in steps_upwards(output):
        if inputs > 1:
            raise ModelInvalid(f"{step} joins {inputs} branches in the head; {WANTED}")
        if pools_all(step) is not None:
            _check_pooling(step)
            return _read(step.before, above[::-1])
        _check_known(step)
        above.append(step)
    raise ModelInvalid(f"no layer pools the last features; {WANTED}")


def _read(features: Any, steps: list[HeadStep]) -> KerasHead:
    reader = _Reader(features)
    for step in steps:
        reader.read(step)
    return reader.finished()


def _check_pooling(step: HeadStep) -> None:
    shape = step.before.shape
    if len(shape) != 4 or None in shape[1:]:
        raise ModelInvalid(f"{step} pools {shape[1:]}; a map (h, w, channels) of known size is wanted")
    if not pools_all(step):
        part = getattr(step.operation, "pool_size", None)
        what = f"{part[0]}x{part[1]} cells" if part else f"along axis {step.operation.axis}"
        raise ModelInvalid(f"{step} averages {what} of a map of {shape[1]}x{shape[2]}, not all; {WANTED}")


def _check_known(step: HeadStep) -> None:
    """Refuse at once what a head may not have."""
    if step.kind in MAXIMA:
        raise ModelInvalid(
            f"{step} keeps the largest cell of each channel, so the score is no mean over the cells and no heat map "
            f"adds up to it; train the head again with average pooling; {WANTED}"
        )
    if step.kind in RESHAPING and not step.one_cell:
        words = "x".join(map(str, step.before.shape[1:-1]))
        raise ModelInvalid(f"{step} takes a map of {words} apart, so each cell has weights of its own; {WANTED}")
    if not is_idle(step) and affine_of(step) is None and not is_activation(step):
        raise ModelInvalid(f"the head has {step}; {WANTED}")


class _Reader:
    """Folds the layers of a head, in order, into affine maps with activations between them."""

    def __init__(self, features: Any) -> None:
        self._features = features
        self._done: list[Dense] = []
        self._open: Dense | None = None
        self._end: End | None = None
        self._last: Any = None

    def read(self, step: HeadStep) -> None:
        """Take one more layer or operation."""
        if is_idle(step):
            return
        if self._end is not None:
            raise ModelInvalid(f"{step} follows the {self._end}; {WANTED}")
        affine = affine_of(step)
        if affine is not None:
            self._affine(*affine)
        self._activation(step, activation_of(step) or "linear")

    def finished(self) -> KerasHead:
        """The whole head, and what the model makes of its last logits."""
        class_maps = self._open is None and not self._done
        if class_maps:
            _check_class_maps(self._features)
            channels = self._features.shape[-1]
            self._affine(np.eye(channels), np.zeros(channels))
        units = 0 if self._open is None else len(self._open.bias)
        end = self._end or "linear"
        if self._open is None or (units, end) not in ((2, "linear"), (2, "softmax"), (1, "linear"), (1, "sigmoid")):
            what = "an activation" if self._open is None else f"{units} units, {end}"
            without = " and no dense layer: the channels that are pooled" if class_maps else ""
            raise ModelInvalid(f"the head ends in {what}{without}; {WANTED}")
        return KerasHead(self._features, (*self._done, self._open), end, self._last, class_maps)

    def _affine(self, weights: NDArray[np.float64], bias: NDArray[np.float64]) -> None:
        before = self._open
        self._open = Dense(weights, bias)
        if before is not None:
            self._open = Dense(before.weights @ weights, before.bias @ weights + bias)

    def _activation(self, step: HeadStep, name: str) -> None:
        nonlinear = next((known for known in NONLINEAR if known == name), None)
        if nonlinear and self._open is not None:
            self._done.append(replace(self._open, activation=nonlinear))
            self._open = None
        elif name in ENDS:
            self._end, self._last = ENDS[name], step.operation
        elif name != "linear":
            raise ModelInvalid(f"{step} has activation {name} where {self._place()}; {WANTED}")

    def _place(self) -> str:
        return "nothing but pooling is below" if self._open is None else f"{' or '.join(NONLINEAR)} is wanted"


def _check_class_maps(features: Any) -> None:
    """Maps of probabilities add up to a probability and not to a logit."""
    for step, _ in steps_upwards(features):
        if is_idle(step):
            continue
        name = activation_of(step)
        if name in ENDS:
            raise ModelInvalid(
                f"{step} makes probabilities of each cell and the pooling averages them, so no map adds up to the "
                f"logits; pool the maps before the {name}; {WANTED}"
            )
        return
