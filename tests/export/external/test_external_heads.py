"""Heads as people write them: each becomes the same function with an exact heat map, in Keras and in the ONNX file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from edgecad.answer.heatmap import correlation, score_map
from edgecad.runners.devices import DeviceRequest
from edgecad.runners.onnx import OnnxRunner
from edgecad_export.exporter import candidates_of
from edgecad_export.external.about import ExternalModel
from edgecad_export.external.run import external_run
from edgecad_export.proof.tolerances import TOLERANCES
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import Run

layers = keras.layers
SIZE = 64
ABOUT = ExternalModel("CAD,nonCAD", "CAD", "tf")
Head = Callable[[], list[Any]]


def _base(name: str = "base", pooling: bool = False, dtype: str = "float32") -> Any:
    image = keras.Input((SIZE, SIZE, 3), dtype=dtype)
    x = layers.Rescaling(1 / 100, offset=-1.0)(image) if dtype == "uint8" else image
    for filters in (8, 10):
        x = layers.Conv2D(filters, 3, strides=4, padding="same", activation="relu")(x)
    return keras.Model(image, layers.GlobalAveragePooling2D()(x) if pooling else x, name=name)


def _dense(units: int, **options: Any) -> Any:
    return layers.Dense(units, **options)


HEADS: dict[str, Head] = {
    "softmax": lambda: [layers.GlobalAveragePooling2D(), _dense(2, activation="softmax")],
    "linear": lambda: [layers.GlobalAveragePooling2D(), _dense(2)],
    "softmax layer": lambda: [layers.GlobalAveragePooling2D(), _dense(2), layers.Softmax()],
    "activation layer": lambda: [layers.GlobalAveragePooling2D(), _dense(2), layers.Activation("softmax")],
    "sigmoid": lambda: [layers.GlobalAveragePooling2D(), _dense(6, activation="relu"), _dense(1, activation="sigmoid")],
    "one logit": lambda: [layers.GlobalAveragePooling2D(), _dense(1)],
    "sigmoid layer": lambda: [layers.GlobalAveragePooling2D(), _dense(1), layers.Activation("sigmoid")],
    "relu layer": lambda: [layers.GlobalAveragePooling2D(), _dense(6), layers.ReLU(), layers.Dropout(0.5), _dense(2)],
    "relu activation": lambda: [layers.GlobalAveragePooling2D(), _dense(6), layers.Activation("relu"), _dense(2)],
    "no bias": lambda: [
        layers.GlobalAveragePooling2D(),
        _dense(6, activation="relu", use_bias=False),
        _dense(2, use_bias=False),
    ],
    "keepdims, flatten": lambda: [layers.GlobalAveragePooling2D(keepdims=True), layers.Flatten(), _dense(2)],
    "keepdims, reshape": lambda: [layers.GlobalAveragePooling2D(keepdims=True), layers.Reshape((10,)), _dense(2)],
    "average pooling": lambda: [layers.AveragePooling2D(4), layers.Flatten(), _dense(5, activation="relu"), _dense(2)],
    "normalised": lambda: [
        layers.GlobalAveragePooling2D(),
        layers.BatchNormalization(),
        layers.Dropout(0.2),
        _dense(7),
        layers.BatchNormalization(scale=False),
        layers.ReLU(),
        _dense(2, activation="softmax"),
    ],
    "two linear layers": lambda: [layers.GlobalAveragePooling2D(), _dense(5), _dense(2)],
    "two hidden": lambda: [
        layers.GlobalAveragePooling2D(),
        _dense(9, activation="relu"),
        _dense(6, activation="relu"),
        layers.Identity(),
        _dense(2, activation="softmax"),
    ],
}


def _randomised(model: Any) -> Any:
    """Weights of a size that keeps scores away from 0 and 1, biases included; moving variances above 0."""
    draw = np.random.default_rng(3)
    for layer in [inner for outer in model.layers for inner in getattr(outer, "layers", [outer])]:
        low = 0.5 if isinstance(layer, layers.BatchNormalization) else -0.35
        layer.set_weights([draw.uniform(low, low + 0.75, value.shape) for value in layer.get_weights()])
    return model


def _about(model: Any, **changes: Any) -> ExternalModel:
    unit = {"unit": "nonCAD"} if model.output_shape[-1] == 1 else {}
    end = {"linear_end": "logits"} if _ends_linear(model) else {}
    return replace(ABOUT, **{**unit, **end, **changes})


def _ends_linear(model: Any) -> bool:
    last = model.layers[-1]
    while isinstance(last, keras.Model):
        last = last.layers[-1]
    return getattr(last, "activation", None) is keras.activations.linear


@dataclass(frozen=True)
class Way:
    """An external model, what was made of it, and the bytes of its export."""

    original: Any
    head: list[Any]
    about: ExternalModel
    run: Run
    file: bytes


@pytest.fixture(scope="module", params=HEADS)
def way(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Way:
    head = HEADS[request.param]()
    original = _randomised(keras.Sequential([keras.Input((SIZE, SIZE, 3)), _base(), *head]))
    path = tmp_path_factory.mktemp("external") / "model.keras"
    original.save(path)
    about = _about(original)
    run = external_run(path, about)
    candidate = candidates_of(run, ExportRequest()).of("fp32", TOLERANCES["fp32"])
    assert candidate.verdict.holds, candidate.verdict.summary
    return Way(original, head, about, run, candidate.content())


def _scaled(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(images.astype(np.float32) / 127.5 - 1, np.float32)


def _score_of_cad(model: Any, images: NDArray[np.float32], about: ExternalModel) -> NDArray[np.float64]:
    """P(CAD) as the external model's own output means it."""
    output = np.asarray(model(images, training=False), np.float64).reshape(len(images), -1)
    if output.min() < 0 or output.max() > 1 or (output.shape[1] == 2 and not np.allclose(output.sum(1), 1)):
        output = 1 / (1 + np.exp(-(output[:, :1] - (output[:, 1:] if output.shape[1] == 2 else 0))))
    first = output[:, 0]
    return 1 - first if about.unit == "nonCAD" else first


def test_the_file_gives_the_external_models_own_probabilities(way: Way) -> None:
    wanted = _score_of_cad(way.original, _scaled(way.run.images), way.about)
    assert 0.001 < wanted.min() < wanted.max() < 0.999
    assert np.ptp(wanted) > 1e-3  # the images do differ
    seen = OnnxRunner(way.file, DeviceRequest("cpu")).run(way.run.images, ("probabilities",))["probabilities"]
    np.testing.assert_allclose(seen[:, 0], wanted, atol=2e-5)


def _log_odds(way: Way, features: Any) -> Any:
    """Log-odds of CAD by calling the external head's own layers."""
    values = features
    for layer in way.head:
        values = layer(values)
    values = tf.reshape(values, (len(values), -1))
    last = getattr(way.head[-1], "activation", None)
    ends_in = "softmax" if isinstance(way.head[-1], layers.Softmax) else getattr(last, "__name__", "linear")
    if ends_in == "softmax":
        values = tf.math.log(values)
    elif ends_in == "sigmoid":
        values = tf.math.log(values) - tf.math.log1p(-values)
    return -values[:, 0] if way.about.unit == "nonCAD" else values[:, 0] - values[:, 1]


def test_the_heat_map_is_grad_cam_of_the_external_head_by_automatic_differentiation(way: Way) -> None:
    features = tf.convert_to_tensor(way.original.layers[0](_scaled(way.run.images)))
    with tf.GradientTape() as tape:
        tape.watch(features)
        score = _log_odds(way, features)
    slope = tf.reduce_mean(tape.gradient(score, features), axis=(1, 2))
    wanted = tf.einsum("nk,nhwk->nhw", slope, features).numpy() * features.shape[1] * features.shape[2]
    seen = OnnxRunner(way.file, DeviceRequest("cpu")).run(way.run.images, ("cam",))
    shown = score_map(seen["cam"], 0)
    assert np.abs(shown - wanted).max() <= 1e-3 * np.abs(wanted).max()
    assert min(correlation(one, other) for one, other in zip(shown, wanted, strict=True)) >= 0.9999


def test_the_graph_has_one_uint8_input_and_no_shape_arithmetic(way: Way) -> None:
    graph = onnx.load_from_string(way.file).graph
    assert [(value.name, value.type.tensor_type.elem_type) for value in graph.input] == [
        ("image", onnx.TensorProto.UINT8)
    ]
    assert not {"Shape", "Loop", "If"} & {node.op_type for node in graph.node}


def _opened(model: Any, folder: Path, name: str = "model.keras", **changes: Any) -> Run:
    model.save(folder / name)
    return external_run(folder / name, _about(model, **changes))


def _same_as(model: Any, run: Run, fed: NDArray[Any]) -> None:
    wanted = _score_of_cad(model, fed, ABOUT)
    seen = np.asarray(run.model(run.images), np.float64)
    np.testing.assert_allclose(1 / (1 + np.exp(seen[:, 1] - seen[:, 0])), wanted, atol=2e-5)


def test_one_unit_means_the_class_that_it_was_said_to_mean(tmp_path: Path) -> None:
    model = _randomised(keras.Sequential([keras.Input((SIZE, SIZE, 3)), _base(), *HEADS["sigmoid"]()]))
    runs = [_opened(model, tmp_path, unit=unit) for unit in ("CAD", "nonCAD")]
    one, other = (np.asarray(run.model(run.images)) for run in runs)
    np.testing.assert_allclose(one, other[:, ::-1])
    np.testing.assert_array_equal(one[:, 1], 0)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_pooled_base_inside_a_functional_model_that_is_called_in_inference_mode(name: str, tmp_path: Path) -> None:
    image = keras.Input((SIZE, SIZE, 3))
    outer = layers.RandomFlip()(image)
    model = _randomised(keras.Model(image, _dense(2, activation="softmax")(_base(pooling=True)(outer, training=False))))
    run = _opened(model, tmp_path, name)
    _same_as(model, run, _scaled(run.images))
    assert run.contract.backbone == "base"


def test_a_model_inside_a_model_inside_a_model(tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input((SIZE, SIZE, 3)), _base()], name="inner")
    head = keras.Sequential([keras.Input((4, 4, 10)), *HEADS["relu layer"]()], name="head")
    model = _randomised(keras.Sequential([keras.Input((SIZE, SIZE, 3)), inner, head]))
    run = _opened(model, tmp_path)
    _same_as(model, run, _scaled(run.images))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_model_that_scales_by_itself_is_fed_grey_levels(dtype: str, tmp_path: Path) -> None:
    model = _randomised(
        keras.Sequential([keras.Input((SIZE, SIZE, 3), dtype=dtype), _base(dtype="uint8"), *HEADS["linear"]()])
    )
    run = _opened(model, tmp_path, scaling="none")
    _same_as(model, run, run.images.astype(dtype))


def test_a_layer_that_normalises_by_statistics_of_its_data_keeps_them(tmp_path: Path) -> None:
    normalisation = layers.Normalization()
    normalisation.adapt(np.random.default_rng(0).uniform(0, 200, (50, 8, 8, 3)))
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(6, 3, strides=4, activation="relu")(normalisation(image))
    model = keras.Model(image, _dense(2)(layers.GlobalAveragePooling2D()(x)))
    run = _opened(model, tmp_path, scaling="none")
    _same_as(model, run, run.images.astype(np.float32))


@pytest.mark.parametrize(("scaling", "application"), [("tf", "resnet_v2"), ("caffe", "vgg16"), ("torch", "densenet")])
def test_the_input_is_scaled_as_keras_own_preprocessing_does(scaling: Any, application: str, tmp_path: Path) -> None:
    model = _randomised(keras.Sequential([keras.Input((SIZE, SIZE, 3)), _base(), *HEADS["linear"]()]))
    model.layers[0].layers[1].set_weights([value / 100 for value in model.layers[0].layers[1].get_weights()])
    run = _opened(model, tmp_path, scaling=scaling)
    preprocessed = getattr(keras.applications, application).preprocess_input(run.images.astype(np.float32))
    _same_as(model, run, preprocessed)


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param("EfficientNetB0", marks=pytest.mark.soak), "MobileNetV3Small"])
def test_networks_of_keras_applications_that_scale_by_themselves(
    name: str, tmp_path: Path, prepared_images: Callable[..., Any]
) -> None:
    keras.utils.set_random_seed(3)
    base = getattr(keras.applications, name)(
        include_top=False, weights=None, input_shape=(SIZE, SIZE, 3), pooling="avg"
    )
    for layer in base.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.0
    base(prepared_images(SIZE).astype(np.float32), training=True)  # statistics that are realistic
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Dropout(0.2)(layers.BatchNormalization()(base(image, training=False)))
    model = keras.Model(image, _dense(1, activation="sigmoid")(x))
    model.save(tmp_path / "model.keras")
    run = external_run(tmp_path / "model.keras", replace(ABOUT, unit="CAD", scaling="none"))
    wanted = np.asarray(model(run.images.astype(np.float32)))[:, 0]
    assert np.ptp(wanted) > 1e-3
    candidate = candidates_of(run, ExportRequest()).of("fp32", TOLERANCES["fp32"])
    assert candidate.verdict.holds, candidate.verdict.summary
    seen = OnnxRunner(candidate.content(), DeviceRequest("cpu")).run(run.images, ("probabilities",))["probabilities"]
    np.testing.assert_allclose(seen[:, 0], wanted, atol=1e-4)


def test_layers_with_the_names_of_outputs_get_others(tmp_path: Path) -> None:
    image = keras.Input((SIZE, SIZE, 3), name="logits")
    x = layers.Conv2D(4, 3, strides=4, name="features")(image)
    x = layers.GlobalAveragePooling2D(name="pooling")(layers.Conv2D(5, 3, strides=4, name="cam", activation="relu")(x))
    model = keras.Model(image, layers.Dense(2, name="probabilities", activation="softmax")(x))
    run = _opened(model, tmp_path)
    assert run.contract.feature_layer == "cam_2"
    assert candidates_of(run, ExportRequest()).of("fp32", TOLERANCES["fp32"]).verdict.holds


def test_two_models_that_use_one_name_twice_are_told_apart(tmp_path: Path) -> None:
    image = keras.Input((SIZE, SIZE, 3))
    first = keras.Model(image, layers.Conv2D(3, 3, padding="same", name="conv")(image), name="first")
    x = layers.Conv2D(6, 3, strides=4, name="conv", activation="relu")(first(image))
    model = keras.Model(image, _dense(2)(layers.GlobalAveragePooling2D()(x)))
    run = _opened(model, tmp_path)
    _same_as(model, run, _scaled(run.images))
    assert run.contract.feature_layer == "conv_2"


def test_a_model_of_any_size_takes_the_size_that_is_said(tmp_path: Path) -> None:
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(6, 3, strides=4, activation="relu")(image)
    model = keras.Model(image, _dense(2)(layers.GlobalAveragePooling2D()(x)))
    run = _opened(model, tmp_path, size=96)
    assert run.model.inputs[0].shape == (None, 96, 96, 3)
    assert run.contract.preparation.size == 96
    _same_as(model, run, _scaled(run.images))


def test_a_model_of_mixed_precision_is_rebuilt_in_fp32(tmp_path: Path) -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        head = [layers.GlobalAveragePooling2D(), _dense(2, dtype="float32", activation="softmax")]
        model = _randomised(keras.Sequential([keras.Input((SIZE, SIZE, 3)), _base(), *head]))
    finally:
        keras.config.set_dtype_policy("float32")
    run = _opened(model, tmp_path)
    assert {layer.compute_dtype for layer in run.model.layers} <= {"float32", "uint8"}
    assert candidates_of(run, ExportRequest()).of("fp32", TOLERANCES["fp32"]).verdict.holds


def test_a_shared_layer_stays_one(tmp_path: Path) -> None:
    image = keras.Input((SIZE, SIZE, 3))
    twice = layers.Conv2D(3, 3, padding="same", activation="relu")
    x = layers.Conv2D(6, 3, strides=4, activation="relu")(layers.Add()([twice(image), twice(twice(image))]))
    model = keras.Model(image, _dense(2)(layers.GlobalAveragePooling2D()(x)))
    run = _opened(model, tmp_path)
    _same_as(model, run, _scaled(run.images))
    assert run.model.count_params() == model.count_params() + 12  # and the scaling
