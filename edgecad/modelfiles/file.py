"""Find a model's file: from the command line, the environment, or `models/latest`; in the precision that is wanted."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgecad.contract import Precision
from edgecad.errors import ModelInvalid, UsageError
from edgecad.modelfiles.sums import check_listed
from edgecad.system.folders import followed

VARIABLE = "EDGECAD_MODEL"
DEFAULT = Path("models/latest")
FILES: dict[Precision, str] = {"fp32": "model.onnx", "fp16": "model.fp16.onnx", "int8": "model.int8.onnx"}
"""What a model folder calls its files."""
NEXT_STEP = f"run `edgecad export`, name another model, or set {VARIABLE}"


@dataclass(frozen=True)
class ModelFile:
    """The bytes of an ONNX file, read once: what is hashed is what runs."""

    path: Path
    content: bytes
    sha256: str


AUTO: Literal["auto"] = "auto"
"""The fastest precision that a device is good at and that a folder has; `edgecad.inference.loading` chooses."""


def parse_choice(text: str) -> Precision | Literal["auto"]:
    """Read `auto`, `fp32`, `fp16` or `int8`."""
    try:
        return AUTO if text == AUTO else parse_precision(text) or AUTO
    except UsageError as error:
        raise UsageError(f"{error}, or {AUTO}") from error


def parse_precision(text: str | None) -> Precision | None:
    """Read `fp32`, `fp16` or `int8`; None where none was named."""
    for precision in FILES:
        if text == precision:
            return precision
    if text is None:
        return None
    raise UsageError(f"no precision is called {text!r}; choose {', '.join(FILES)}")


def locate_model(given: str | os.PathLike[str] | None = None, precision: Precision | None = None) -> Path:
    """Path of the `.onnx` file that is meant.

    Args:
        given: a model folder, a pointer such as `models/latest`, or an `.onnx` file. Without it,
            `$EDGECAD_MODEL`, then `models/latest`.
        precision: which file of a folder; fp32 unless it is named. A lone file has the one that it has.

    Raises:
        ModelInvalid: nothing is there, or not in that precision.
    """
    path = Path(given or os.environ.get(VARIABLE) or DEFAULT)
    try:
        target = followed(path)
    except UsageError as error:
        raise ModelInvalid(str(error)) from error
    if (target / "model.keras").is_file():
        raise ModelInvalid(f"{path} is a training run, not a model; run `edgecad export` on it first")
    file = target / FILES[precision or "fp32"] if target.is_dir() else target
    if not file.is_file():
        there = [name for name, own in FILES.items() if target.is_dir() and (target / own).is_file()]
        if there:
            raise ModelInvalid(
                f"{path} has no {precision or 'fp32'} file, only {', '.join(there)}; name one with --precision, "
                f"or export it again{'' if precision in (None, 'fp32') else f' with --{precision}'}"
            )
        where = f" (it names {target})" if target != path else ""
        raise ModelInvalid(f"no model at {path}{where}; {NEXT_STEP}")
    return file


def read_model(given: str | os.PathLike[str] | None = None, precision: Precision | None = None) -> ModelFile:
    """Read a model's file, wherever `locate_model` finds it.

    Raises:
        ModelInvalid: nothing is there, or it is not what the `SHA256SUMS` beside it lists.
    """
    path = locate_model(given, precision)
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    check_listed(path, sha256)
    return ModelFile(path, content, sha256)
