"""Small Keras classifiers, run folders around them, and their exports, made once."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray
from typer.testing import CliRunner

import edgecad_export  # noqa: F401 - silences TensorFlow before keras is imported

keras = pytest.importorskip("keras", reason="export needs the extra edgecad[export]")
pytest.importorskip("tf2onnx", reason="export needs the extra edgecad[export]")

from edgecad.answer.familiarity import unit  # noqa: E402
from edgecad.contract import (  # noqa: E402
    Colours,
    Contract,
    Decision,
    Familiarity,
    HeatmapScale,
    Labelling,
    Preparation,
)
from edgecad.frozen import json_from_struct  # noqa: E402
from edgecad.golden import golden_samples  # noqa: E402
from edgecad.images import read_screen  # noqa: E402
from edgecad.polarmap import prepare  # noqa: E402
from edgecad_export.exported import Exported  # noqa: E402
from edgecad_export.exporter import candidates_of, export_run  # noqa: E402
from edgecad_export.proof.gate import Verdict  # noqa: E402
from edgecad_export.proof.tolerances import TOLERANCES  # noqa: E402
from edgecad_export.request import ExportRequest  # noqa: E402
from edgecad_export.runfiles import Run, read_run  # noqa: E402
from edgecad_train.networks.backbones import BACKBONES, backbone_named  # noqa: E402
from edgecad_train.networks.head import Head  # noqa: E402
from edgecad_train.networks.network import build_network  # noqa: E402

SIZE = 64


@pytest.fixture(scope="module", autouse=True)
def given_back() -> Iterator[None]:
    """Give memory back to the system after each module: a worker that converts many networks would grow to 10 GB.

    `backbone_onnx` does so after each full-size network.
    """
    yield
    give_back()


def give_back() -> None:
    """Collect what is in cycles, a graph's tensors for example, and return free pages to the system."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL("libc.so.6").malloc_trim(0)


@dataclass(frozen=True)
class Way:
    """A run that was exported: both ends of the way."""

    run: Run
    exported: Exported

    @property
    def file(self) -> Path:
        return self.exported.folder / "model.onnx"


def _images(size: int, count: int = 6) -> NDArray[np.uint8]:
    """The golden screens, prepared, and darker forms of them."""
    clean = [
        prepare(read_screen(content).pixels, Preparation(size=size)).image for content in golden_samples().values()
    ]
    return np.stack([clean[i % 3] // (1 + i // 3) for i in range(count)]).astype(np.uint8)


@pytest.fixture(scope="session")
def prepared_images() -> Callable[..., NDArray[np.uint8]]:
    return _images


def _features(size: int) -> tuple[Any, Any]:
    layers = keras.layers
    image = keras.Input((size, size, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(image)
    for filters in (8, 12, 10):
        x = layers.Conv2D(filters, 3, strides=2, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
    return image, x


@pytest.fixture(scope="session")
def small_classifier() -> Callable[..., Any]:
    """Build image - convolutions - pooling - dense layers with random weights, biases included."""

    def build(hidden: tuple[int, ...] = (16,), head: Callable[[Any], Any] | None = None, size: int = SIZE) -> Any:
        image, x = _features(size)
        if head is None:
            x = keras.layers.GlobalAveragePooling2D()(x)
            for units in hidden:
                x = keras.layers.Dropout(0.3)(keras.layers.Dense(units, activation="relu")(x))
            x = keras.layers.Dense(2)(x)
        else:
            x = head(x)
        model = keras.Model(image, x)
        draw = np.random.default_rng(7)
        for layer in model.layers:
            low = 0.5 if isinstance(layer, keras.layers.BatchNormalization) else -0.4
            layer.set_weights([draw.uniform(low, low + 0.9, w.shape) for w in layer.get_weights()])
        return model

    return build


@pytest.fixture(scope="session")
def contract_of() -> Callable[..., Contract]:
    def make(size: int = SIZE, **changes: Any) -> Contract:
        contract = Contract(
            name="a-run",
            created="2026-01-01T00:00:00+00:00",
            classes=("CAD", "nonCAD"),
            positive="CAD",
            origin="phantom",
            preparation=Preparation(size=size),
            scaling="tf",
            backbone="small",
            head="a head",
            activations=("relu",),
            feature_layer="a layer",
            decision=Decision(threshold=0.4, rule="a rule", temperature=1.7),
            heatmap=HeatmapScale(full_scale=2.0, region_threshold=1.0),
            labelling=Labelling(reference="a simulated reader", prevalence=0.5),
            colours=Colours(),
            metrics=(),
            data_sha256="0" * 64,
            split_sha256="1" * 64,
            weights="none",
            versions={"edgecad": "0"},
            intended_use="tests",
        )
        return replace(contract, **changes)

    return make


@pytest.fixture(scope="session")
def run_folder(contract_of: Callable[..., Contract]) -> Callable[..., Path]:
    """Write a run folder around a Keras model, as training would."""

    def write(folder: Path, model: Any, size: int = SIZE, **changes: Any) -> Path:
        folder.mkdir(parents=True)
        model.save(folder / "model.keras")
        changes = {"feature_layer": _feature_layer(model), **changes}
        (folder / "contract.json").write_text(json_from_struct(contract_of(size, name=folder.name, **changes)))
        images = _images(size)
        logits = np.asarray(model(images))
        if logits.shape != (len(images), 2):  # a model of another form; export must refuse it before
            logits = np.zeros((len(images), 2))
        labels = np.arange(len(images)) % 2
        np.savez_compressed(folder / "validation.npz", images=images, labels=labels, logits=logits)
        np.savez_compressed(folder / "calibration.npz", images=_images(size, 12)[6:])
        if "familiarity" in changes:
            centres = _centres(model, changes["familiarity"].centres)
            np.savez_compressed(folder / "familiarity.npz", directions=centres, members=np.full(len(centres), 3))
        return folder

    return write


LIMITS = Familiarity(centres=4, patients=120, noted=0.02, limit=0.04)
"""Invented, for runs that measured familiarity."""


def _centres(model: Any, count: int) -> NDArray[np.float32]:
    """Directions in which features after a ReLU may lie; the layer below a pooling knows how many there are."""
    pooling = next(own for own in reversed(model.layers) if isinstance(own, keras.layers.GlobalAveragePooling2D))
    return unit(np.abs(np.random.default_rng(0).normal(size=(count, pooling.output.shape[-1])))).astype(np.float32)


def _feature_layer(model: Any) -> str:
    """Name of the layer that feeds the last pooling, if there is one; squeeze-and-excitation has pooling of its own."""
    for layer in reversed(model.layers):
        if isinstance(layer, keras.layers.GlobalAveragePooling2D):
            return str(layer.input._keras_history.operation.name)
    return "none"


def _realistic(name: str) -> Any:
    """A backbone with random weights and a head, scaled so that values are as large as after training."""
    keras.utils.set_random_seed(2)
    backbone = backbone_named(name)
    model = build_network(backbone, "none", Head(units=32, dropout=0.0)).model
    normalised = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in normalised:
        layer.momentum = 0.0  # statistics are those of the next batch
        layer._moments = partial(_size_alone, layer)
    if normalised:
        model(_images(backbone.size), training=True)
    else:
        _he_scaled(model)
    return model


def _size_alone(layer: Any, inputs: Any, mask: Any) -> tuple[Any, Any]:
    """Statistics that scale and do not centre.

    A random network that also centres multiplies every rounding error by 1.2 a layer (Yang et al. 2019,
    arXiv:1902.08129), to 1e-4 in the deep ones; a trained one does not.
    """
    square = keras.ops.mean(keras.ops.square(inputs), axis=layer._reduction_axes)
    return keras.ops.zeros_like(square), square


def _he_scaled(model: Any) -> None:
    """Give kernels the variance that keeps values alive through ReLUs (He et al. 2015, arXiv:1502.01852)."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            fan_in = np.prod(kernel.shape[:-1])
            layer.set_weights([kernel / kernel.std() * np.sqrt(2 / fan_in), bias])


@dataclass(frozen=True)
class Converted:
    """A backbone's run, what export needs of it, and its proven fp32 graph."""

    name: str
    run: Run
    fp32: Any
    verdict: Verdict


ONE_A_FAMILY = (
    "densenet121", "efficientnetb0", "inceptionv3", "mobilenetv2", "resnet50", "resnet50v2", "vgg16", "xception",
)  # fmt: skip
"""Of each family the smallest; the deep ones are of the same blocks, and take minutes: `make soak` converts them."""


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=() if name in ONE_A_FAMILY else pytest.mark.soak) for name in sorted(BACKBONES)],
)
def backbone_onnx(request: pytest.FixtureRequest, contract_of: Callable[..., Contract]) -> Iterator[Converted]:
    """Each of the sixteen backbones, converted and judged once; all tests that want one share it.

    The run stays in memory: saving and loading deep networks would cost more than judging them.
    """
    model, size = _realistic(request.param), backbone_named(request.param).size
    contract = contract_of(size, feature_layer=_feature_layer(model), familiarity=LIMITS)
    centres = _centres(model, LIMITS.centres)
    run = Run(Path("a-run"), model, contract, _images(size), None, None, _images(size, 12)[6:], centres)
    candidate = candidates_of(run, ExportRequest()).of("fp32", TOLERANCES["fp32"])
    yield Converted(request.param, run, candidate.narrowed.proto, candidate.verdict)
    del model, run, candidate
    keras.backend.clear_session()
    give_back()


@pytest.fixture(
    scope="session",
    params=[(), (16,), (16, 9), "mobilenetv2"],
    ids=["no-hidden", "one-hidden", "two-hidden", "mobilenetv2"],
)
def way(
    request: pytest.FixtureRequest,
    small_classifier: Callable[..., Any],
    run_folder: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Way:
    """A run and its export: small networks with none, one and two hidden layers, and MobileNetV2."""
    root = tmp_path_factory.mktemp("way")
    large = request.param == "mobilenetv2"
    model = _realistic("mobilenetv2") if large else small_classifier(request.param)
    run = read_run(run_folder(root / "runs" / "a-run", model, size=224 if large else SIZE, familiarity=LIMITS))
    return Way(run, export_run(run, root / "models" / "a-run", ExportRequest()))


@pytest.fixture
def edgecad_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Run a command in this process, in an empty folder: exit code and stderr."""
    from edgecad.cli.program import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EDGECAD_MODEL", raising=False)

    def run(*words: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, [str(word) for word in words])
        return result.exit_code, result.stderr

    return run
