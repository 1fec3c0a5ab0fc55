"""The models in a folder."""

from __future__ import annotations

from pathlib import Path

from edgecad.answer.prediction import stamp_of
from edgecad.contract import Precision
from edgecad.doctor.proof.record import ModelTried
from edgecad.errors import UsageError
from edgecad.modelfiles.file import FILES, pointed, read_model

PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16")
"""What GPUs are for; int8 is for CPUs."""
DEPTH = 4
"""Folders down in which models are looked for: `FOLDER/NETWORK/models/MODEL` is what other benchmarks keep."""


def models_in(folder: Path | None) -> list[Path]:
    """Model folders at or below a folder, by name. A pointer, such as `models/latest`, is followed.

    Raises:
        UsageError: no folder was named, or none of ours is in it.
        ModelInvalid: a pointer names no folder beside it.
    """
    folder = None if folder is None else pointed(folder)
    if folder is None or not folder.is_dir():
        seen = "no folder of models was named" if folder is None else f"{folder} is no folder"
        raise UsageError(f"{seen}; export a model on a machine that trains, copy it here, and name it: MODELS=FOLDER")
    patterns = ("/".join(("*",) * depth + (FILES["fp32"],)) for depth in range(DEPTH))
    found = sorted({path.parent for pattern in patterns for path in folder.glob(pattern)})
    if not found:
        raise UsageError(f"{folder} has no model folder with {FILES['fp32']} in it; name what edgecad export wrote")
    return found


def model_tried(folder: Path, name: str) -> ModelTried:
    """What a model is.

    Args:
        name: that it goes by in the proof.

    Raises:
        ModelInvalid: one of its files cannot be used.
    """
    files = {own: read_model(folder, own) for own in PRECISIONS if (folder / FILES[own]).is_file()}
    contract = files["fp32"].contract
    return ModelTried(
        folder=name,
        name=contract.name,
        backbone=contract.backbone,
        stamp=stamp_of(contract.origin) or "",
        sha256={own: file.sha256 for own, file in files.items()},
    )


def names_of(folders: list[Path]) -> list[str]:
    """A name for each folder, none twice: its own, with a number behind it where two have the same."""
    names: list[str] = []
    for folder in folders:
        own = folder.resolve().name or "model"
        names.append(own if own not in names else f"{own}-{len(names) + 1}")
    return names
