"""Phantoms drawn once, a network small enough for arithmetic, and one real run in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import edgecad_train  # noqa: F401 - silences TensorFlow before keras is imported

keras = pytest.importorskip("keras", reason="training needs the extra edgecad[train]")

from edgecad.contract import Preparation  # noqa: E402
from edgecad_train.data import PreparedData, find_cases, parse_input, preparation_for, prepare_cases  # noqa: E402
from edgecad_train.networks.backbones import Backbone, Top  # noqa: E402
from edgecad_train.networks.network import Network  # noqa: E402
from edgecad_train.options import InputOptions  # noqa: E402
from edgecad_train.phantoms import write_dataset  # noqa: E402
from edgecad_train.running.training import train  # noqa: E402
from edgecad_train.runs.outcome import TrainingOutcome  # noqa: E402
from edgecad_train.splits.split import folds_by_patient, split_by_patient  # noqa: E402
from edgecad_train.training.epochs import EpochSeed  # noqa: E402
from edgecad_train.training.freezing import cut_of  # noqa: E402
from edgecad_train.training.frozen import Scans, Storage, frozen_outputs, layer_of  # noqa: E402
from edgecad_train.training.history import StageHistory  # noqa: E402
from edgecad_train.training.loss import Loss  # noqa: E402
from edgecad_train.training.settings import Settings  # noqa: E402
from edgecad_train.training.stages import StageOptions, StageRunner, examples_of  # noqa: E402

from .small import small_mobilenet  # noqa: E402

SMALL_SIZE = 32


@pytest.fixture(autouse=True)
def network_of_little_matter(request: pytest.FixtureRequest) -> Iterator[None]:
    """Train a small network by the name of MobileNetV2, but where networks themselves are looked at.

    A run, its folder and a study do not depend on the network, and the real one takes several times as long.
    """
    with nullcontext() if request.path.parent.name == "networks" else small_mobilenet():
        yield


@pytest.fixture(scope="session")
def phantom_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders with 30 phantoms."""
    folder = tmp_path_factory.mktemp("phantoms") / "data"
    write_dataset(folder, 30, seed=3)
    return folder


@pytest.fixture(scope="session")
def phantoms(phantom_folder: Path) -> PreparedData:
    """The 30 phantoms, prepared for a 224 pixel network as `edgecad train` does: uptake, drawn in one table."""
    cases = find_cases(phantom_folder).cases
    return prepare_cases(cases, preparation_for(parse_input(InputOptions()), 224, cases))


@pytest.fixture(scope="session")
def coloured(phantom_folder: Path) -> PreparedData:
    """The same in the colours of their screens."""
    return prepare_cases(find_cases(phantom_folder).cases, Preparation(size=224))


@pytest.fixture(scope="session")
def outcome(phantoms: PreparedData) -> TrainingOutcome:
    """A two-stage run of the small network from random weights, one epoch a stage."""
    settings = Settings("mobilenetv2", "none", "two-stage", warmup_epochs=1, finetune_epochs=1)
    with small_mobilenet():
        return train(phantoms, split_by_patient(phantoms.cases, seed=0), settings, "a-run")


@pytest.fixture(scope="session")
def folded(phantoms: PreparedData) -> TrainingOutcome:
    """The same with three folds and a refit."""
    settings = Settings("mobilenetv2", "none", "two-stage", warmup_epochs=2, finetune_epochs=1)
    with small_mobilenet():
        return train(phantoms, folds_by_patient(phantoms.cases, seed=0, folds=3), settings, "a-run-of-folds")


def _small_model(dropout: float) -> Any:
    layers = keras.layers
    image = keras.Input((SMALL_SIZE, SMALL_SIZE, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(image)
    for block, filters in (("b1", 6), ("b2", 8), ("b3", 8)):
        x = layers.Conv2D(filters, 3, strides=2, name=f"{block}_conv")(x)
        x = layers.BatchNormalization(name=f"{block}_bn")(x)
        x = layers.ReLU(name=f"{block}_relu")(x)
    x = layers.GlobalAveragePooling2D(name="pooling")(x)
    x = layers.Dense(12, activation="relu", name="head_hidden")(x)
    x = layers.Dropout(dropout, name="head_dropout")(x)
    return keras.Model(image, layers.Dense(2, name="head_logits")(x))


@pytest.fixture(scope="session")
def small_network() -> Callable[..., Network]:
    """Build a three-block network; the same seed gives the same weights, uneven statistics included."""

    def build(seed: int = 0, dropout: float = 0.0) -> Network:
        keras.utils.set_random_seed(seed)
        model = _small_model(dropout)
        draw = np.random.default_rng(seed)
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.set_weights([draw.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
            elif layer.weights:
                layer.set_weights([draw.normal(0, 0.3, w.shape) for w in layer.get_weights()])
        tops = Top("b3_relu", (3, 6)), Top("b2_relu", (3,))
        backbone = Backbone("small", "Small", SMALL_SIZE, "tf", *tops, "small.h5")
        return Network(model, backbone, "b3_conv", "none")

    return build


@dataclass(frozen=True)
class Drawn:
    """Images `(n, 32, 32, 3)` uint8 and class indices `(n,)`."""

    images: Any
    labels: Any


@pytest.fixture(scope="session")
def run_stage() -> Callable[..., StageHistory]:
    """Run one stage of a network as a run does: the frozen part once, then the epochs."""

    def run(
        network: Network,
        stage: Any,
        train: Drawn,
        validation: Drawn | None,
        batch_size: int,
        seed: int = 0,
        **more: Any,
    ) -> StageHistory:
        parts = [train] if validation is None else [train, validation]
        images = np.concatenate([part.images for part in parts])
        labels = np.concatenate([part.labels for part in parts])
        cut = cut_of(network, stage.part)
        scans = Scans(images, "drawn")
        values = (
            images
            if cut is None
            else frozen_outputs(network, [cut], scans, batch_size, Storage()).outputs[layer_of(cut)]
        )
        own, held = np.arange(len(train.labels)), np.arange(len(train.labels), len(labels))
        loss = Loss(**{key: more.pop(key) for key in ("class_weights", "label_smoothing") if key in more})
        options = StageOptions(batch_size, loss, more.pop("patience", None))
        run = StageRunner(network, stage, options).run(
            examples_of([values], own, labels),
            None if validation is None else examples_of([values], held, labels),
            EpochSeed(seed, 0, 0),
            **more,
        )
        return run.history

    return run


@pytest.fixture(scope="session")
def small_examples() -> Callable[[int, int], Drawn]:
    """Images in which the class is a matter of which half is brighter, with noise."""

    def draw(count: int, seed: int) -> Drawn:
        rng = np.random.default_rng(seed)
        labels = np.arange(count) % 2
        images = rng.integers(0, 200, (count, SMALL_SIZE, SMALL_SIZE, 3))
        images[labels == 1, : SMALL_SIZE // 2] += 55
        return Drawn(images.astype(np.uint8), labels.astype(np.int64))

    return draw


@dataclass(frozen=True)
class Answered:
    """What a command printed, and its exit code."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def edgecad_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answered]:
    """Run a command in this process, in an empty folder."""
    from edgecad.cli.program import app

    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Answered:
        result = CliRunner().invoke(app, [str(word) for word in words])
        return Answered(result.exit_code, result.stdout, result.stderr)

    return run
