"""Read what training left in a run folder: files with a contract, never training's code."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Contract, Familiarity, contract_from_json
from edgecad.errors import ModelInvalid
from edgecad.system.folders import followed


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        folder: where it lies.
        model: the trained Keras model.
        contract: what training wrote; export completes it.
        images: prepared validation images, `(n, size, size, 3)` uint8 RGB.
        truth: which of them are positive, `(n,)`; None where nobody said.
        logits: what training computed for them, `(n, 2)`; None for a model that was trained elsewhere.
        calibration: prepared training images, `(m, size, size, 3)`, for quantisation; `m` may be 0.
        centres: of the training scans' pooled features, `(k, channels)`, each of length 1; None where nobody measured
            familiarity.
        method: what the method is, for people, where it is none of a fine-tuned network; else empty.
    """

    folder: Path
    model: keras.Model
    contract: Contract
    images: NDArray[np.uint8]
    truth: NDArray[np.bool_] | None
    logits: NDArray[np.float64] | None
    calibration: NDArray[np.uint8]
    centres: NDArray[np.float32] | None = None
    method: str = ""


def read_run(path: Path) -> Run:
    """Read a run folder, or the pointer `runs/latest`.

    Raises:
        ModelInvalid: something is missing or damaged.
    """
    folder = followed(path)
    if folder.is_file():
        raise ModelInvalid(f"{path} is neither a run folder nor a .keras or .h5 model; name one of these")
    if not folder.is_dir():
        where = f" (it names {folder})" if folder != path else ""
        raise ModelInvalid(f"no run at {path}{where}; run `edgecad train`, or name a run folder")
    if (folder / "model.onnx").is_file():
        raise ModelInvalid(f"{path} is an exported model already; name the run folder that it came from")
    method = method_of(folder)
    text = _file(folder, "contract.json")
    contract = contract_from_json(text.read_bytes(), "run `edgecad train` again", str(text))
    model = load_keras(_file(folder, "model.keras"), "run `edgecad train` again")
    size = contract.preparation.size
    images, labels, logits = _validation(_file(folder, "validation.npz"), size)
    calibration = _images(_arrays(folder / "calibration.npz"), folder / "calibration.npz", size)
    centres = None if contract.familiarity is None else _centres(_file(folder, "familiarity.npz"), contract.familiarity)
    return Run(folder, model, contract, images, labels == contract.positive_index, logits, calibration, centres, method)


class _Method(msgspec.Struct):
    """What run.json says of a method; other fields are let be."""

    name: str
    words: str = ""
    row_only: str = ""


class _Said(msgspec.Struct):
    """What of run.json concerns an export."""

    method: _Method | None = None


def method_of(folder: Path) -> str:
    """What the method of a run folder is, for people; empty of a network, and where the folder has no run.json.

    Raises:
        ModelInvalid: the method is a row of a study alone, or run.json is damaged.
    """
    path = folder / "run.json"
    if not path.is_file():
        return ""
    try:
        method = msgspec.json.decode(path.read_bytes(), type=_Said).method
    except (OSError, msgspec.DecodeError) as error:
        raise ModelInvalid(f"{path} cannot be used: {error}; run `edgecad train` again") from error
    if method is None:
        return ""
    if method.row_only:
        raise ModelInvalid(
            f"{folder} is a run of {method.name}, a row of a study that is not exported: {method.row_only}; export a "
            "run of `edgecad train`, whose --method names what else can be exported"
        )
    return method.words or method.name


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    if path.is_file():
        return path
    if (folder / "job.json").is_file():
        raise ModelInvalid(f"{folder} is an unfinished run; finish it with `edgecad train --resume`, then export it")
    if name == "model.keras" and (folder / "run.json").is_file():
        raise ModelInvalid(
            f"{folder} has no {name}: its study did not keep the networks, or the file was removed; run `edgecad "
            "study` with --keep-models, or `edgecad train`"
        )
    raise ModelInvalid(
        f"{folder} has no {name}, so it is not a finished run; give a run folder of `edgecad train`, such as "
        "runs/latest, or train again"
    )


def load_keras(path: Path, next_step: str) -> keras.Model:
    """Load without compiling, in safe mode: a file that wants to run code of its own is refused.

    Raises:
        ModelInvalid: it is damaged, wants to run code of its own, or is no Keras file.
    """
    if path.suffix == ".keras" and not zipfile.is_zipfile(path):
        raise ModelInvalid(f"{path} is not a whole .keras file, which is an archive with its end in place; {next_step}")
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever the damaged part happens to hit.
        raise ModelInvalid(f"{path} cannot be loaded: {reason_of(error)}; {next_step}") from error


CAUSE = "Exception encountered:"
"""What stands in Keras' messages before the reason; before it stands the whole layer."""
LONGEST = 600
"""Characters of a reason that is told whole; of a longer one the last line is, which has the reason."""


def reason_of(error: Exception) -> str:
    """Keras' own reason in one line: what follows its last word on the layer that it stumbled over."""
    text = str(error).rpartition(CAUSE)[2].partition("Full object config:")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [type(error).__name__]
    whole = " ".join(lines)
    return (whole if len(whole) <= LONGEST else lines[-1][:LONGEST]).rstrip(".; ")


def _validation(path: Path, size: int) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.float64]]:
    arrays = _arrays(path)
    images = _images(arrays, path, size)
    labels, logits = (np.asarray(arrays.get(name, ())) for name in ("labels", "logits"))
    if logits.shape != (len(images), 2) or labels.shape != (len(images),):
        raise ModelInvalid(
            f"{path} holds {len(images)} images, logits {logits.shape} and labels {labels.shape}; "
            f"({len(images)}, 2) and ({len(images)},) wanted; run `edgecad train` again"
        )
    if not len(images):
        raise ModelInvalid(f"{path} holds no image, so nothing can be compared; run `edgecad train` again")
    return images, labels, np.asarray(logits, np.float64)


def _centres(path: Path, said: Familiarity) -> NDArray[np.float32]:
    centres = np.asarray(_arrays(path).get("directions", ()))
    fits = centres.ndim == 2 and centres.dtype == np.float32 and len(centres) == said.centres
    if not fits or not np.abs(np.linalg.norm(centres, axis=1) - 1).max() < 1e-3:
        raise ModelInvalid(
            f"{path} holds centres {centres.dtype} {centres.shape}; float32 ({said.centres}, channels), each of length "
            "1, wanted, as its contract says; run `edgecad train` again"
        )
    return centres


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        # Opened here: numpy leaves a file open that turns out to be no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelInvalid(f"{path} is missing or damaged: {error}; run `edgecad train` again") from error


def _images(arrays: dict[str, NDArray[Any]], path: Path, size: int) -> NDArray[np.uint8]:
    images = np.asarray(arrays.get("images", ()))
    if images.dtype != np.uint8 or images.shape[1:] != (size, size, 3):
        raise ModelInvalid(
            f"{path} holds images {images.dtype} {images.shape}; uint8 (n, {size}, {size}, 3) wanted; "
            "run `edgecad train` again"
        )
    return images
