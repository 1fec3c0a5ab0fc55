"""Parts of a model that are its author's own code: what only training uses does no harm, all else is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from edgecad.errors import ModelInvalid
from edgecad_export.external.about import ExternalModel
from edgecad_export.external.keras_file import open_external
from edgecad_export.external.run import external_run

layers = keras.layers
ABOUT = ExternalModel("CAD,nonCAD", "CAD", "tf")


class OwnLoss(keras.losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square(y_true - y_pred), axis=-1)


class OwnSchedule(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step: Any) -> float:
        return 1e-3

    def get_config(self) -> dict[str, Any]:
        return {}


class OwnMetric(keras.metrics.Mean):
    pass


def own_loss(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


class OwnLayer(keras.layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 2


class OwnRegularizer(keras.regularizers.Regularizer):
    def __call__(self, x: Any) -> Any:
        return 1e-3 * ops.sum(ops.abs(x))

    def get_config(self) -> dict[str, Any]:
        return {}


class OwnInitializer(keras.initializers.Initializer):
    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        return ops.full(shape, 0.1, dtype)

    def get_config(self) -> dict[str, Any]:
        return {}


def own_activation(x: Any) -> Any:
    return ops.square(x)


@pytest.fixture(params=["__main__", "their_training"])
def of_a_module(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The classes above as if a program, or a module beside it, had them: Keras writes the two otherwise."""
    name = str(request.param)
    if name != "__main__":
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for own in (OwnLoss, OwnSchedule, OwnMetric, own_loss, OwnLayer, OwnRegularizer, OwnInitializer, own_activation):
        monkeypatch.setattr(own, "__module__", name)
    return name


def _model(first: Any = None, **options: Any) -> Any:
    keras.utils.set_random_seed(3)
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(5, 3, strides=4, **{"activation": "relu", **options})(first(image) if first else image)
    return keras.Model(image, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    "compiled",
    [
        lambda: {"optimizer": "adam", "loss": OwnLoss()},
        lambda: {"optimizer": "adam", "loss": own_loss, "metrics": [own_loss, OwnMetric()]},
        lambda: {"optimizer": keras.optimizers.SGD(OwnSchedule()), "loss": "categorical_crossentropy"},
    ],
    ids=["loss", "functions", "schedule"],
)
def test_what_it_was_compiled_with_may_be_its_own(
    compiled: Callable[[], dict[str, Any]], suffix: str, of_a_module: str, tmp_path: Path
) -> None:
    model = _model()
    model.compile(**compiled())
    model.save(tmp_path / f"model{suffix}")
    assert external_run(tmp_path / f"model{suffix}", ABOUT).contract.head == "GAP - Dense(2, softmax)"


def _inside(compiled: dict[str, Any]) -> Any:
    """A model on top of another one that was compiled, and so trained, by itself."""
    keras.utils.set_random_seed(4)
    first = keras.Input((32, 32, 3))
    base = keras.Model(first, layers.Conv2D(5, 3, strides=4, activation="relu")(first), name="base")
    base.compile(**compiled)
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, activation="relu")(base(image))
    return keras.Model(image, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    "compiled",
    [{"loss": OwnLoss()}, {"loss": own_loss, "metrics": [OwnMetric()]}, {"loss": "mse"}],
    ids=["class", "functions", "of Keras"],
)
def test_a_model_inside_may_have_been_compiled_with_its_own(
    compiled: dict[str, Any], suffix: str, of_a_module: str, tmp_path: Path
) -> None:
    model = _inside(compiled)
    model.compile(loss="categorical_crossentropy")
    path = tmp_path / f"model{suffix}"
    model.save(path)
    opened = open_external(path)
    images = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(opened.model(images)), np.asarray(model(images)))
    assert opened.loss is not None
    assert opened.loss.name == "CategoricalCrossentropy"
    if suffix == ".keras":  # the loss is never looked up, whatever module it names
        assert not opened.model.get_layer("base").compiled
    assert external_run(path, ABOUT).contract.head == "GAP - Dense(2, softmax)"


def test_a_layer_of_its_own_in_a_model_that_was_compiled_inside_is_refused(of_a_module: str, tmp_path: Path) -> None:
    inner = _model(OwnLayer())
    inner.compile(loss=OwnLoss())
    image = keras.Input((32, 32, 3))
    keras.Model(image, inner(image)).save(tmp_path / "model.keras")
    with pytest.raises(ModelInvalid, match="OwnLayer"):
        open_external(tmp_path / "model.keras")


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: _model(OwnLayer()), "OwnLayer"),
        (lambda: _model(kernel_regularizer=OwnRegularizer()), "OwnRegularizer"),
        (lambda: _model(kernel_initializer=OwnInitializer()), "OwnInitializer"),
        (lambda: _model(activation=own_activation), "own_activation"),
    ],
    ids=["layer", "regularizer", "initializer", "activation"],
)
def test_a_part_of_its_own_is_named_with_what_helps(
    build: Callable[[], Any], name: str, of_a_module: str, tmp_path: Path
) -> None:
    model = build()
    model.save(tmp_path / "model.keras")
    with pytest.raises(ModelInvalid) as told:
        external_run(tmp_path / "model.keras", ABOUT)
    assert f"wants {name} of " in str(told.value)
    assert "model.load_weights('model.keras')" in str(told.value)
    assert "\n" not in str(told.value)


def test_the_advice_works(tmp_path: Path) -> None:
    _model(kernel_regularizer=OwnRegularizer()).save(tmp_path / "model.keras")
    again = _model()
    again.set_weights([0 * weight for weight in again.get_weights()])
    again.load_weights(tmp_path / "model.keras")
    again.save(tmp_path / "again.keras")
    external_run(tmp_path / "again.keras", ABOUT)  # refused if the weights were still noughts
