"""The check that a rebuilt model is the file's: on images on which the file's own scores vary, or it proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from numpy.typing import NDArray

from edgecad.errors import GateFailed
from edgecad_export.external.about import ExternalModel
from edgecad_export.external.rebuilt import RebuiltModel, rebuilt_from_external
from edgecad_export.external.same_function import check_same_function, drawn_images

layers = keras.layers
SIZE = 32
ABOUT = ExternalModel("CAD,nonCAD", "CAD", "tf", unit=None)
ONE = ExternalModel("CAD,nonCAD", "CAD", "tf", unit="CAD")
Head = Callable[[Any], Any]
ENDS: dict[str, Head] = {
    "softmax": lambda x: layers.Dense(2, activation="softmax")(x),
    "softmax layer": lambda x: layers.Softmax()(layers.Dense(2)(x)),
    "softmax activation": lambda x: layers.Activation("softmax")(layers.Dense(2)(x)),
    "softmax operation": lambda x: ops.softmax(layers.Dense(2)(x)),
    "sigmoid": lambda x: layers.Dense(1, activation="sigmoid")(x),
    "sigmoid operation": lambda x: ops.sigmoid(layers.Dense(1)(x)),
}


def _model(end: Head, gain: float = 1.0, bias: float = 0.0) -> Any:
    """A small model whose logits are `gain` times as large, with `bias` for the first unit."""
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(5, 3, strides=4, activation="relu")(image)
    model = keras.Model(image, end(layers.GlobalAveragePooling2D()(x)))
    draw = np.random.default_rng(4)
    for layer in model.layers:
        layer.set_weights([draw.uniform(-0.3, 0.5, value.shape) for value in layer.get_weights()])
    last = next(layer for layer in model.layers if isinstance(layer, layers.Dense))
    kernel, offset = last.get_weights()
    offset[0] += bias
    last.set_weights([gain * kernel, offset])
    return model


def _rebuilt(model: Any) -> RebuiltModel:
    return rebuilt_from_external(model, _about(model))


def _about(model: Any) -> ExternalModel:
    return ONE if model.output_shape[-1] == 1 else ABOUT


@pytest.fixture
def images(prepared_images: Callable[..., NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return prepared_images(SIZE)


def _moved(rebuilt: RebuiltModel, by: float) -> None:
    """Change one weight of the first convolution of the rebuilt model alone."""
    conv = next(layer for layer in rebuilt.model.layers if isinstance(layer, layers.Conv2D) and layer.filters == 5)
    kernel, bias = conv.get_weights()
    kernel[1, 1, 0, 0] += by
    conv.set_weights([kernel, bias])


@pytest.mark.parametrize("bias", [60.0, -60.0])
@pytest.mark.parametrize("end", ENDS)
def test_a_wrong_weight_is_found_though_every_score_is_0_or_1(end: str, bias: float, images: NDArray[np.uint8]) -> None:
    model = _model(ENDS[end], bias=bias)
    about = _about(model)
    honest = _rebuilt(model)
    check_same_function(honest, about, images)
    assert model.output is not None
    scores = np.asarray(model(images[:1] / np.float32(127.5) - 1))
    assert 0 <= scores.min() <= scores.max() <= 1  # its end is its own again
    _moved(honest, 0.05)
    with pytest.raises(GateFailed, match=r"answers otherwise.*nothing was written"):
        check_same_function(honest, about, images)


def test_a_model_whose_scores_are_all_alike_proves_nothing(images: NDArray[np.uint8]) -> None:
    model = _model(ENDS["softmax"], gain=0.0)
    with pytest.raises(GateFailed, match=r"on every image tried.*tells nothing apart.*check that its weights"):
        check_same_function(_rebuilt(model), ABOUT, images)


def test_scans_on_which_all_scores_are_alike_are_helped_by_drawn_images() -> None:
    """Black scans alone would prove nothing."""
    black = np.zeros((3, SIZE, SIZE, 3), np.uint8)
    model = _model(ENDS["softmax"])
    rebuilt = _rebuilt(model)
    check_same_function(rebuilt, ABOUT, black)
    _moved(rebuilt, 0.05)
    with pytest.raises(GateFailed, match="answers otherwise"):
        check_same_function(rebuilt, ABOUT, black)


@pytest.mark.parametrize("gain", [1e-3, 1e4])
def test_scores_that_vary_little_or_much_are_held_to_their_own_size(gain: float, images: NDArray[np.uint8]) -> None:
    rebuilt = _rebuilt(_model(ENDS["softmax"], gain=gain))
    check_same_function(rebuilt, ABOUT, images)
    _moved(rebuilt, 0.2)
    with pytest.raises(GateFailed, match="answers otherwise"):
        check_same_function(rebuilt, ABOUT, images)


def test_a_model_of_16_bits_is_held_in_32(images: NDArray[np.uint8]) -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = _model(lambda x: layers.Dense(2, activation="softmax", dtype="float32")(x))
    finally:
        keras.config.set_dtype_policy("float32")
    rebuilt = _rebuilt(model)
    assert rebuilt.halved
    check_same_function(rebuilt, ABOUT, images)
    assert {layer.dtype_policy.name for layer in model.layers} == {"mixed_float16", "float32"}
    _moved(rebuilt, 1e-3)
    with pytest.raises(GateFailed, match="answers otherwise"):
        check_same_function(rebuilt, ABOUT, images)


def test_drawn_images_are_of_the_size_that_is_wanted_and_always_the_same() -> None:
    for size in (32, 100, 224):
        drawn = drawn_images(size)
        assert (drawn.shape, drawn.dtype) == ((6, size, size, 3), np.uint8)
        np.testing.assert_array_equal(drawn, drawn_images(size))
        assert len({image.tobytes() for image in drawn}) == 6
