"""Find a model's file: from the command line, the environment, or `models/latest`."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from edgecad.errors import ModelInvalid, UsageError
from edgecad.folders import followed

VARIABLE = "EDGECAD_MODEL"
DEFAULT = Path("models/latest")
NEXT_STEP = f"run `edgecad export`, name another model, or set {VARIABLE}"


@dataclass(frozen=True)
class ModelFile:
    """The bytes of an ONNX file, read once: what is hashed is what runs."""

    path: Path
    content: bytes
    sha256: str


def locate_model(given: str | os.PathLike[str] | None = None) -> Path:
    """Path of the `.onnx` file that is meant.

    Args:
        given: a model folder, a pointer such as `models/latest`, or an `.onnx` file. Without it,
            `$EDGECAD_MODEL`, then `models/latest`.

    Raises:
        ModelInvalid: nothing is there.
    """
    path = Path(given or os.environ.get(VARIABLE) or DEFAULT)
    try:
        target = followed(path)
    except UsageError as error:
        raise ModelInvalid(str(error)) from error
    if (target / "model.keras").is_file():
        raise ModelInvalid(f"{path} is a training run, not a model; run `edgecad export` on it first")
    file = target / "model.onnx" if target.is_dir() else target
    if not file.is_file():
        where = f" (it names {target})" if target != path else ""
        raise ModelInvalid(f"no model at {path}{where}; {NEXT_STEP}")
    return file


def read_model(given: str | os.PathLike[str] | None = None) -> ModelFile:
    """Read a model's file, wherever `locate_model` finds it."""
    path = locate_model(given)
    content = path.read_bytes()
    return ModelFile(path, content, hashlib.sha256(content).hexdigest())
