"""Runs without training: the tiny model of the runtime's tests, as Keras would have left it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from msgspec.structs import replace

from edgecad.contract import Contract
from edgecad.frozen import json_from_struct

WEIGHTS = np.array([[4.0, -4.0], [-3.0, 3.0], [-2.0, 2.0]], np.float32)
"""`(channels, classes)`: the transpose of the tiny ONNX model's."""
BIAS = np.array([-0.1, 0.1], np.float32)

RunMaker = Callable[..., Path]


def _network(size: int, weights: np.ndarray) -> Any:
    image = keras.Input((size, size, 3), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.AveragePooling2D(16)(x)
    x = keras.layers.GlobalAveragePooling2D(name="pooling")(x)
    model = keras.Model(image, keras.layers.Dense(2, name="head_logits")(x))
    model.layers[-1].set_weights([weights, BIAS])
    return model


@pytest.fixture(scope="session")
def few_phantoms(phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six of each class: reading scans is what takes the time of these tests."""
    folder = tmp_path_factory.mktemp("few") / "data"
    for label in ("CAD", "nonCAD"):
        (folder / label).mkdir(parents=True)
        for path in sorted((phantom_folder / label).iterdir())[:6]:
            shutil.copy(path, folder / label)
    return folder


@pytest.fixture
def make_run(tmp_path: Path, tiny_contract: Contract) -> RunMaker:
    """Write a run folder: `make_run(name, tilt, split, **contract)`.

    `tilt` multiplies what each colour adds to the score; further fields replace the contract's.
    """

    def make(
        name: str = "a-run",
        tilt: tuple[float, float, float] = (1, 1, 1),
        split: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Path:
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        contract = replace(tiny_contract, name=name, **{"familiarity": None, **fields})
        _network(contract.preparation.size, WEIGHTS * np.array(tilt)[:, None]).save(folder / "model.keras")
        (folder / "contract.json").write_text(json_from_struct(contract))
        if split is not None:
            (folder / "split.json").write_text(json.dumps(split))
        return folder

    return make
