"""Read what training left in a run folder: files with a contract, never training's code."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Contract, contract_from_json
from edgecad.errors import ModelInvalid
from edgecad.folders import followed


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        folder: where it lies.
        model: the trained Keras model.
        contract: what training wrote; export completes it.
        images: prepared validation images, `(n, size, size, 3)` uint8 RGB.
        logits: what training computed for them, `(n, 2)`.
    """

    folder: Path
    model: keras.Model
    contract: Contract
    images: NDArray[np.uint8]
    logits: NDArray[np.float64]


def read_run(path: Path) -> Run:
    """Read a run folder, or the pointer `runs/latest`.

    Raises:
        ModelInvalid: something is missing or damaged.
    """
    folder = followed(path)
    if not folder.is_dir():
        where = f" (it names {folder})" if folder != path else ""
        raise ModelInvalid(f"no run at {path}{where}; run `edgecad train`, or name a run folder")
    if (folder / "model.onnx").is_file():
        raise ModelInvalid(f"{path} is an exported model already; name the run folder that it came from")
    contract = contract_from_json(_file(folder, "contract.json").read_bytes(), "run `edgecad train` again")
    model = _load(_file(folder, "model.keras"))
    images, logits = _validation(_file(folder, "validation.npz"), contract.preparation.size)
    return Run(folder, model, contract, images, logits)


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise ModelInvalid(f"{folder} has no {name}, so it is not a finished run; run `edgecad train` again")
    return path


def _load(path: Path) -> keras.Model:
    """Load without compiling, in safe mode: a file that wants to run code of its own is refused."""
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever the damaged part happens to hit.
        reason = str(error).strip().partition("\n")[0][:160]
        raise ModelInvalid(f"{path} cannot be loaded: {reason}; run `edgecad train` again") from error


def _validation(path: Path, size: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    try:
        # Opened here: numpy leaves a file open that turns out to be no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            images, logits = arrays["images"], np.asarray(arrays["logits"], np.float64)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelInvalid(f"{path} is damaged: {error}; run `edgecad train` again") from error
    if images.dtype != np.uint8 or images.shape[1:] != (size, size, 3) or logits.shape != (len(images), 2):
        raise ModelInvalid(
            f"{path} holds images {images.dtype} {images.shape} and logits {logits.shape}; "
            f"uint8 (n, {size}, {size}, 3) and (n, 2) wanted"
        )
    if not len(images):
        raise ModelInvalid(f"{path} holds no image, so nothing can be compared; run `edgecad train` again")
    return np.asarray(images), logits
