"""Heads of operations, of convolutions and of class maps: the same scores, and maps that are the model's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from edgecad.errors import ModelInvalid
from edgecad_export.exporter import candidates_of
from edgecad_export.external.about import ExternalModel
from edgecad_export.external.run import external_run
from edgecad_export.graph.cam_head import explained_model
from edgecad_export.graph.trained_classifier import classifier_from_keras
from edgecad_export.proof.tolerances import TOLERANCES
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import Run

layers = keras.layers
SIZE = 32
ABOUT = ExternalModel("CAD,nonCAD", "CAD", "tf")
Head = Callable[[Any], Any]


def _pool(x: Any, **options: Any) -> Any:
    return layers.GlobalAveragePooling2D(**options)(x)


def _dense(x: Any, units: int = 2, activation: Any = None) -> Any:
    return layers.Dense(units, activation=activation)(x)


def _conv(x: Any, units: int = 2, side: int = 1, activation: Any = None) -> Any:
    return layers.Conv2D(units, side, padding="same", activation=activation)(x)


HEADS: dict[str, Head] = {
    "ops.softmax": lambda x: ops.softmax(_dense(_pool(x))),
    "activations.softmax": lambda x: keras.activations.softmax(_dense(_pool(x))),
    "ops.sigmoid": lambda x: ops.sigmoid(_dense(_pool(x), 1)),
    "ops.relu": lambda x: _dense(ops.relu(_dense(_pool(x), 6)), 2, "softmax"),
    "activations.relu": lambda x: _dense(keras.activations.relu(_dense(_pool(x), 6)), 2, "softmax"),
    "ops.silu": lambda x: _dense(ops.silu(_dense(_pool(x), 6)), 2, "softmax"),
    "silu layer": lambda x: _dense(layers.Activation("silu")(_dense(_pool(x), 6)), 2, "softmax"),
    "ops.mean": lambda x: _dense(ops.mean(x, axis=(1, 2)), 2, "softmax"),
    "ops.mean from the end": lambda x: _dense(ops.mean(x, axis=[-3, -2]), 2, "softmax"),
    "ops.mean, squeeze": lambda x: _dense(ops.squeeze(ops.mean(x, (1, 2), keepdims=True), (1, 2)), 2, "softmax"),
    "convolutions after pooling": lambda x: layers.Softmax()(
        layers.Flatten()(_conv(layers.Dropout(0.2)(_conv(_pool(x, keepdims=True), 5, activation="relu"))))
    ),
    "arithmetic": lambda x: ops.softmax((_dense(_pool(x) * 0.5 - 0.1) + np.array([0.1, 0.3], np.float32)) / 1.7),
    "cast before softmax": lambda x: ops.softmax(ops.cast(_dense(_pool(x)), "float32")),
    "cast before pooling": lambda x: _dense(_pool(layers.Activation("linear")(ops.cast(x, "float32"))), 2, "softmax"),
    "cast after pooling": lambda x: _dense(ops.cast(_pool(x), "float32"), 2, "softmax"),
    "turned round": lambda x: ops.softmax(1.0 - _dense(_pool(x))),
    "rescaling": lambda x: _dense(layers.Rescaling(0.5, 0.1)(_pool(x)), 2, "softmax"),
    "normalised class maps": lambda x: layers.Softmax()(layers.BatchNormalization()(_pool(_conv(x)))),
}
CLASS_MAPS: dict[str, Head] = {
    "Conv2D 1x1": lambda x: layers.Softmax()(_pool(_conv(x))),
    "Conv2D 1x1, keepdims": lambda x: ops.softmax(layers.Flatten()(_pool(_conv(x), keepdims=True))),
    "Conv2D 3x3, ReLU": lambda x: layers.Activation("softmax")(_pool(_conv(x, side=3, activation="relu"))),
    "two Conv2D 1x1": lambda x: ops.softmax(ops.mean(_conv(_conv(x, 7, activation="relu")), axis=(1, 2))),
    "Dense on the map": lambda x: layers.Softmax()(_pool(layers.SpatialDropout2D(0.2)(_dense(x)))),
    "one map": lambda x: layers.Activation("sigmoid")(_pool(_conv(x, 1))),
}


def _model(head: Head) -> Any:
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(10, 3, strides=4, padding="same", activation="relu")(image)
    model = keras.Model(image, head(x))
    draw = np.random.default_rng(3)
    for layer in model.layers:
        low = 0.5 if isinstance(layer, layers.BatchNormalization) else -0.35
        layer.set_weights([draw.uniform(low, low + 0.75, value.shape) for value in layer.get_weights()])
    return model


def _opened(model: Any, folder: Path, **changes: Any) -> Run:
    model.save(folder / "model.keras")
    unit = {"unit": "CAD"} if model.output_shape[-1] == 1 else {}
    return external_run(folder / "model.keras", replace(ABOUT, **{**unit, **changes}))


def _fed(run: Run) -> Any:
    return np.asarray(run.images.astype(np.float32) / 127.5 - 1, np.float32)


@pytest.mark.parametrize("head", HEADS)
def test_the_scores_are_the_models_own(head: str, tmp_path: Path) -> None:
    model = _model(HEADS[head])
    run = _opened(model, tmp_path)
    wanted = np.asarray(model(_fed(run)), np.float64)[:, 0]
    assert np.ptp(wanted) > 1e-4
    logits = np.asarray(run.model(run.images), np.float64)
    np.testing.assert_allclose(1 / (1 + np.exp(logits[:, 1] - logits[:, 0])), wanted, atol=1e-6)


@pytest.mark.parametrize("head", CLASS_MAPS)
def test_class_maps_are_the_heat_map(head: str, tmp_path: Path) -> None:
    model = _model(CLASS_MAPS[head])
    run = _opened(model, tmp_path)
    last = next(layer for layer in reversed(model.layers) if isinstance(layer, (layers.Conv2D, layers.Dense)))
    both = keras.Model(model.inputs[0], [last.output, model.output])
    maps, scores = map(np.asarray, both(_fed(run)))
    maps = np.moveaxis(maps, -1, 1)
    shown = {
        name: np.asarray(own)
        for name, own in explained_model(classifier_from_keras(run.model), 1.0)(run.images).items()
    }
    np.testing.assert_allclose(shown["cam"][:, : maps.shape[1]], maps, atol=1e-5)
    np.testing.assert_allclose(shown["cam_bias"], 0, atol=1e-6)
    np.testing.assert_allclose(shown["probabilities"][:, 0], scores[:, 0], atol=1e-6)
    assert run.contract.head.startswith(f"{maps.shape[1]} class maps - GAP - s")


def test_class_maps_hold_in_the_file(tmp_path: Path) -> None:
    run = _opened(_model(CLASS_MAPS["Conv2D 1x1"]), tmp_path)
    candidate = candidates_of(run, ExportRequest()).of("fp32", TOLERANCES["fp32"])
    assert candidate.verdict.holds, candidate.verdict.summary


def test_the_whole_of_a_head_may_stand_in_models_inside_models(tmp_path: Path) -> None:
    def head(x: Any) -> Any:
        inner = keras.Input(x.shape[1:])
        return keras.Model(inner, CLASS_MAPS["Conv2D 1x1"](inner))(x)

    model = _model(head)
    run = _opened(model, tmp_path)
    wanted = np.asarray(model(_fed(run)), np.float64)[:, 0]
    logits = np.asarray(run.model(run.images), np.float64)
    np.testing.assert_allclose(1 / (1 + np.exp(logits[:, 1] - logits[:, 0])), wanted, atol=1e-6)


REFUSED: dict[str, tuple[Head, tuple[str, ...]]] = {
    "largest cell, layer": (
        lambda x: _dense(layers.GlobalMaxPooling2D()(x), 2, "softmax"),
        ("GlobalMaxPooling2D layer", "keeps the largest cell", "average pooling"),
    ),
    "largest cell, operation": (
        lambda x: _dense(ops.max(x, axis=(1, 2)), 2, "softmax"),
        ("Max operation", "keeps the largest cell", "average pooling"),
    ),
    "mean of rows": (
        lambda x: _dense(layers.Flatten()(ops.mean(x, axis=1)), 2, "softmax"),
        ("Flatten", "each cell has weights of its own"),
    ),
    "mean of channels": (lambda x: _dense(ops.mean(x, axis=-1), 2, "softmax"), ("averages along axis", "not all")),
    "softmax in each cell": (lambda x: _pool(_conv(x, activation="softmax")), ("makes probabilities of each cell",)),
    "sigmoid in each cell": (
        lambda x: _pool(layers.Dropout(0.1)(ops.sigmoid(_conv(x, 1)))),
        ("Sigmoid operation", "pool the maps before the sigmoid"),
    ),
    "three class maps": (lambda x: layers.Softmax()(_pool(_conv(x, 3))), ("3 units, softmax", "no dense layer")),
    "channels apart": (
        lambda x: layers.Softmax()(layers.Flatten()(_dense(layers.Reshape((5, 2))(_pool(x)), 1))),
        ("Flatten", "5"),
    ),
    "a wide convolution after pooling": (
        lambda x: layers.Softmax()(layers.Flatten()(_conv(_pool(x, keepdims=True), 2, 3))),
        ("the head has the Conv2D layer",),
    ),
    "softmax along another axis": (
        lambda x: layers.Flatten()(layers.Softmax(axis=[1, 2])(_conv(_pool(x, keepdims=True)))),
        ("softmax along axis [1, 2]",),
    ),
    "a product of two branches": (
        lambda x: ops.softmax(_dense(_pool(x)) * _dense(_pool(x))),
        ("Multiply operation", "joins 2 branches"),
    ),
    "ops.tanh": (lambda x: ops.softmax(ops.tanh(_dense(_pool(x)))), ("the head has the Tanh operation",)),
}


@pytest.mark.parametrize("head", REFUSED)
def test_what_has_no_exact_map_is_refused_with_the_reason(head: str, tmp_path: Path) -> None:
    build, words = REFUSED[head]
    with pytest.raises(ModelInvalid) as told:
        _opened(_model(build), tmp_path)
    assert "\n" not in str(told.value)
    for word in words:
        assert word in str(told.value)
