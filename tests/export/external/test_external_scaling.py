"""What a model does to its input before its first convolution is measured, whatever layers do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import keras
import numpy as np
import pytest
from keras import ops

from edgecad.contract import Scaling
from edgecad.contract.scaling import pixel_rule
from edgecad_export.external.about import ExternalModel
from edgecad_export.external.own_scaling import OwnScaling, doubts_of_scaling, own_scaling
from edgecad_export.external.rebuilt import RebuiltModel, rebuilt_from_external

layers = keras.layers
SIZE = 32
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
Before = Callable[[Any], Any]


def _normalised(image: Any) -> Any:
    layer = layers.Normalization(mean=255 * MEAN, variance=(255 * DEVIATION) ** 2)
    return layer(image)


def _learned(image: Any) -> Any:
    layer = layers.BatchNormalization(epsilon=1e-6)
    values = layer(image)
    layer.set_weights([np.full(3, value, np.float32) for value in (1.0, 0.0, 120.0, 3600.0)])
    return values


def _convolved(image: Any) -> Any:
    """As `--scaling` itself is written."""
    layer = layers.Conv2D(3, 1)
    values = layer(image)
    rule = pixel_rule("caffe")
    layer.set_weights([rule.matrix[None, None].astype(np.float32), rule.offset.astype(np.float32)])
    return values


KNOWN: dict[str, tuple[Before, str]] = {
    "nothing": (lambda x: x, "none"),
    "idle layers": (lambda x: layers.RandomFlip()(layers.ZeroPadding2D(2)(layers.Identity()(x))), "none"),
    "a name that lies": (lambda x: layers.Rescaling(1.0, name="normalization")(x), "none"),
    "order alone": (lambda x: ops.flip(x, -1), "none in BGR"),
    "tf, layer": (lambda x: layers.Rescaling(1 / 127.5, -1.0)(x), "tf"),
    "tf, operations": (lambda x: x / 127.5 - 1.0, "tf"),
    "tf, in two steps": (lambda x: (layers.Rescaling(1 / 255)(x) - 0.5) * 2.0, "tf"),
    "tf, 128": (lambda x: (x - 128.0) / 128.0, "tf"),
    "0 to 1": (lambda x: layers.Rescaling(1 / 255)(x), "unit"),
    "0 to 1, padded": (lambda x: layers.ZeroPadding2D(3)(x / 256.0), "unit"),
    "caffe": (lambda x: x[..., ::-1] - np.array([103.939, 116.779, 123.68], np.float32), "caffe"),
    "caffe, convolution": (_convolved, "caffe"),
    "torch, layer": (_normalised, "torch"),
    "torch, operations": (lambda x: (x / 255.0 - MEAN) / DEVIATION, "torch"),
    "torch in BGR": (lambda x: ops.flip((x / 255.0 - MEAN) / DEVIATION, -1), "torch in BGR"),
    "mean alone": (lambda x: x - 255 * MEAN, "caffe in RGB"),
    "EfficientNet": (lambda x: (x / 255.0 - MEAN) / np.sqrt(DEVIATION), "EfficientNet's"),
}
UNKNOWN: dict[str, Before] = {
    "x / 100 - 1": lambda x: x / 100.0 - 1.0,
    "learned": _learned,
    "times 255": lambda x: x * 255.0,
    "one channel": lambda x: ops.mean(x, axis=-1, keepdims=True) / 255.0,
}
BENT: dict[str, Before] = {
    "power": lambda x: ops.power(ops.abs(x) / 255.0, 0.5),
    "logarithm": lambda x: ops.log1p(ops.abs(x)),
    "largest channel": lambda x: ops.max(x, axis=-1, keepdims=True),
}
FLAT: dict[str, Before] = {
    "its own mean": lambda x: x - ops.mean(x, axis=(1, 2), keepdims=True),
    "its own mean and spread": lambda x: (
        (x - ops.mean(x, axis=(1, 2), keepdims=True)) / (ops.std(x, axis=(1, 2), keepdims=True) + 1e-3)
    ),
}


def _rebuilt(before: Before, scaling: Scaling, dtype: str = "float32") -> RebuiltModel:
    image = keras.Input((SIZE, SIZE, 3), dtype=dtype)
    x = layers.Conv2D(4, 3, strides=4, activation="relu")(before(image))
    model = keras.Model(image, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    return rebuilt_from_external(model, ExternalModel("CAD,nonCAD", "CAD", scaling))


def _measured(before: Before, scaling: Scaling) -> OwnScaling:
    found = own_scaling(_rebuilt(before, scaling), scaling)
    assert found is not None
    return found


@pytest.mark.parametrize("scaling", ["none", "torch"])
@pytest.mark.parametrize("what", KNOWN)
def test_what_the_graph_does_is_named_whatever_is_said(what: str, scaling: Scaling) -> None:
    before, name = KNOWN[what]
    found = _measured(before, scaling)
    assert found.map is not None
    assert found.map.name == name


@pytest.mark.parametrize("scaling", get_args(Scaling))
def test_nothing_is_said_where_one_of_both_scales(scaling: Scaling) -> None:
    before = KNOWN["torch, layer"][0] if scaling == "none" else KNOWN["idle layers"][0]
    said = list(doubts_of_scaling(_rebuilt(before, scaling), scaling))
    assert bool(said) == (scaling == "efficientnet")
    assert not said or "--scaling efficientnet is for networks that scale by themselves" in said[0]


@pytest.mark.parametrize("what", [name for name, (_, rule) in KNOWN.items() if not rule.startswith("none")])
def test_scaling_twice_is_said_with_the_word_that_is_right(what: str) -> None:
    (said,) = doubts_of_scaling(_rebuilt(KNOWN[what][0], "tf"), "tf")
    assert f"scales by itself ({KNOWN[what][1]}), and --scaling tf scales before that" in said
    assert "--scaling none" in said


@pytest.mark.parametrize("what", ["nothing", "order alone", "a name that lies"])
def test_never_scaling_is_said(what: str) -> None:
    (said,) = doubts_of_scaling(_rebuilt(KNOWN[what][0], "none"), "none")
    assert "nothing scales before its first weights, and --scaling none feeds it 0 to 255" in said


def test_the_second_half_of_a_scaling_is_no_second_scaling() -> None:
    """A model that was fed -1 to 1 and brings it to 0 to 1, and Keras' EfficientNet after EdgeCAD's own correction."""
    halves: list[tuple[Before, Scaling]] = [
        (lambda x: x * 0.5 + 0.5, "tf"),
        (KNOWN["EfficientNet"][0], "efficientnet"),
    ]
    for before, scaling in halves:
        assert list(doubts_of_scaling(_rebuilt(before, scaling), scaling)) == []


@pytest.mark.parametrize("what", UNKNOWN)
def test_a_scaling_of_its_own_is_said_with_its_values(what: str) -> None:
    found = _measured(UNKNOWN[what], "none")
    assert found.map is not None
    assert found.map.name is None
    (said,) = doubts_of_scaling(_rebuilt(UNKNOWN[what], "none"), "none")
    assert f"({found.map.words}), which is no known scaling" in said
    assert ("see values up to" in said) == (what == "times 255")


@pytest.mark.parametrize("what", BENT)
def test_what_is_not_affine_is_said(what: str) -> None:
    assert _measured(BENT[what], "tf") == OwnScaling(None)
    (said,) = doubts_of_scaling(_rebuilt(BENT[what], "tf"), "tf")
    assert "is not affine" in said


@pytest.mark.parametrize("what", FLAT)
def test_an_image_that_is_scaled_by_itself_is_said(what: str) -> None:
    assert _measured(FLAT[what], "none") == OwnScaling(None, flat=True)
    (said,) = doubts_of_scaling(_rebuilt(FLAT[what], "none"), "none")
    assert "scales each image by itself" in said


def test_a_model_of_uint8_is_measured_as_well() -> None:
    before: Before = lambda x: layers.Rescaling(1 / 255)(x)  # noqa: E731 - as its kin above
    assert list(doubts_of_scaling(_rebuilt(before, "none", "uint8"), "none")) == []
