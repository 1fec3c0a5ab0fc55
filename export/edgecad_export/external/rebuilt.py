"""Someone else's Keras model, rebuilt in the form that export explains exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from edgecad.answer.heatmap import Dense
from edgecad.contract import Scaling
from edgecad.contract.graph import OUTPUTS
from edgecad.contract.scaling import pixel_rule
from edgecad.errors import ModelInvalid, UsageError
from edgecad_export.external.about import ExternalModel
from edgecad_export.external.keras_head import KerasHead, head_of
from edgecad_export.external.losses import FileLoss, check_linear_end
from edgecad_export.graph.flat import FlatCopy
from edgecad_export.runfiles import reason_of

OWN = ("image", "as_float", "scaling", "pooling", "cam_head", "classes")
HIDDEN = "cam_hidden_{}"
MOST_HIDDEN = 32
"""Names of what is added here and by export, hidden layers by number; a copied layer of such a name gets another."""


@dataclass(frozen=True)
class RebuiltModel:
    """A model in our form: uint8 image, scaling, its own layers, pooling, dense layers, two logits.

    Attributes:
        original: as it was loaded.
        head: what was read of its end.
        last: layer of the original whose activation ends it; None where no layer does.
        layers: of the original, all that were copied.
        halved: whether the original computed in 16 bits; the rebuilt one does not.
    """

    model: keras.Model
    original: keras.Model
    head: KerasHead
    last: keras.layers.Layer | None
    layers: tuple[keras.layers.Layer, ...]
    halved: bool

    @property
    def size(self) -> int:
        """Side of the input, pixels."""
        return int(self.model.inputs[0].shape[1])


def rebuilt_from_external(original: keras.Model, about: ExternalModel, loss: FileLoss | None = None) -> RebuiltModel:
    """Copy the layers up to the pooling onto a uint8 image with scaling, and write the head anew.

    Args:
        loss: that it was trained with, where its file tells.

    Raises:
        ModelInvalid: its form is another; says what was found and what is wanted.
        UsageError: what was said of it does not fit it.
    """
    image = keras.Input((_size(original, about),) * 2 + (3,), dtype="uint8", name="image")
    flat = FlatCopy((*OUTPUTS, *OWN, *map(HIDDEN.format, range(1, MOST_HIDDEN + 1))))
    try:
        output = flat.called(original, _scaled(image, about.input_scaling))
    except (ValueError, TypeError, NotImplementedError) as error:  # what Keras says of shapes, and of odd layers
        raise ModelInvalid(f"the model cannot be built again on {image.shape[1:]}: {reason_of(error)}") from error
    head = head_of(keras.tree.flatten(output)[0])
    _check_end(head, about, loss)
    values = keras.layers.GlobalAveragePooling2D(name="pooling")(head.features)
    layers = _two_logits(head, about)
    for number, layer in enumerate(layers[:-1], 1):
        values = _dense(layer, HIDDEN.format(number), values)
    model = keras.Model(image, _dense(layers[-1], "classes", values))
    return RebuiltModel(model, original, head, flat.original_of(head.last), flat.originals, flat.halved)


def _check_end(head: KerasHead, about: ExternalModel, loss: FileLoss | None) -> None:
    if head.end == "linear":
        check_linear_end(head.units, about, loss)
    elif about.linear_end is not None:
        raise UsageError(f"the model ends in {head.end}, not in linear units; leave --linear-end out")


def _size(model: keras.Model, about: ExternalModel) -> int:
    """Side of the square input, once there is found to be one image in and one answer out."""
    side, dtype = _input_of(model)
    if side is None and about.size is None:
        raise UsageError("the model takes images of any size; say which it was trained on: --size 224")
    if None not in (side, about.size) and side != about.size:
        raise UsageError(f"the model's input is {side} pixels and --size says {about.size}; leave --size out")
    if dtype == "uint8" and about.input_scaling != "none":
        raise UsageError(
            f"the model takes uint8 and so scales by itself; --scaling none is wanted, not {about.input_scaling}"
        )
    size = int(side or about.size or 0)
    if not 32 <= size <= 1024:
        raise ModelInvalid(f"the model's input is {size} pixels; 32 to 1024 wanted")
    return size


def _input_of(model: keras.Model) -> tuple[int | None, str]:
    """Side of a model's only input, None where it takes any, and the type of its numbers."""
    inputs, outputs = (list(getattr(model, name, None) or ()) for name in ("inputs", "outputs"))
    if (len(inputs), len(outputs)) != (1, 1):
        raise ModelInvalid(
            f"the model has {len(inputs)} inputs and {len(outputs)} outputs; one image in and one answer out wanted"
        )
    shape = tuple(inputs[0].shape[1:])
    if len(shape) != 3 or shape[2] != 3 or shape[0] != shape[1]:
        raise ModelInvalid(f"the model's input is {shape}; a square image (size, size, 3), channels last, is wanted")
    return shape[0], inputs[0].dtype


def _scaled(image: Any, scaling: Scaling) -> Any:
    """What the model was fed in training, float32, made of the uint8 image by layers that need no code to load."""
    rule = pixel_rule(scaling)
    values = keras.layers.Rescaling(1.0, name="as_float")(image)
    if scaling == "none":
        return values
    layer = keras.layers.Conv2D(3, 1, name="scaling", trainable=False)
    values = layer(values)
    layer.set_weights([rule.matrix[None, None].astype(np.float32), rule.offset.astype(np.float32)])
    return values


def _two_logits(head: KerasHead, about: ExternalModel) -> Sequence[Dense]:
    """The head's layers with two logits: one unit z of class A becomes z for A and 0 for the other, the same P(A)."""
    if head.units == 2:
        if about.unit is not None:
            raise UsageError(f"the model has a unit for each of {', '.join(about.class_names)}; leave --unit out")
        return head.layers
    if about.unit is None:
        first, second = about.class_names
        raise UsageError(
            f"the model ends in one unit ({head.end}): say which class's probability it is, --unit {second} or "
            f"--unit {first}; Keras counts the label 1, as a rule the second class in alphabetical order"
        )
    last, column = head.layers[-1], about.class_names.index(about.unit)
    weights, bias = np.zeros((len(last.weights), 2)), np.zeros(2)
    weights[:, column], bias[column] = last.weights[:, 0], last.bias[0]
    return (*head.layers[:-1], Dense(weights, bias))


def _dense(layer: Dense, name: str, values: Any) -> Any:
    made = keras.layers.Dense(len(layer.bias), activation=layer.activation, name=name)
    values = made(values)
    made.set_weights([layer.weights.astype(np.float32), layer.bias.astype(np.float32)])
    return values
