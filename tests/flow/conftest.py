"""The whole way by its commands, each a process of its own, in a folder with data/."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="the way begins with training: edgecad[train]")
pytest.importorskip("tf2onnx", reason="the way goes through export: edgecad[export]")

from edgecad_train.phantoms import write_dataset

Edgecad = Callable[..., "subprocess.CompletedProcess[str]"]


def _run(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("EDGECAD_")}
    command = [sys.executable, "-m", "edgecad", *map(str, words)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def edgecad() -> Edgecad:
    """Run `edgecad WORDS` in a folder."""
    return _run


@dataclass(frozen=True)
class Trodden:
    """A folder in which data/ became runs/ and models/, and what the commands said."""

    folder: Path
    trained: subprocess.CompletedProcess[str]
    exported: subprocess.CompletedProcess[str]

    @property
    def run(self) -> Path:
        return self.folder / "runs" / (self.folder / "runs/latest").read_text().strip()

    @property
    def model(self) -> Path:
        return self.folder / "models" / (self.folder / "models/latest").read_text().strip() / "model.onnx"


def _trodden(folder: Path, patients: int, *options: object, export: tuple[str, ...] = ()) -> Trodden:
    write_dataset(folder / "data", patients, seed=3)
    trained = _run(folder, "train", "--backbone", "mobilenetv2", *options)
    return Trodden(folder, trained, _run(folder, "export", *export))


@pytest.fixture(scope="session")
def way_from_nothing(tmp_path_factory: pytest.TempPathFactory) -> Trodden:
    """The way on any machine: random weights, one epoch a stage. It shows no accuracy."""
    epochs = ("--warmup-epochs", 1, "--finetune-epochs", 1)
    return _trodden(tmp_path_factory.mktemp("from-nothing"), 24, "--weights", "none", "--folds", 2, *epochs)


@pytest.fixture(scope="session")
def way_from_imagenet(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Trodden:
    """The user's own lines, small: real ImageNet weights, and a file in 16 bits beside the reference."""
    weights = shared / "weights" / "mobilenetv2_imagenet_notop.weights.h5"
    if not weights.is_file():
        pytest.skip(f"{weights.name} is not among the real files")
    epochs = ("--warmup-epochs", 20, "--finetune-epochs", 3, "--lr-exponent", 3, "--folds", 3)
    folder = tmp_path_factory.mktemp("from imagenet")
    return _trodden(folder, 40, "--weights", weights, *epochs, export=("--fp16",))
