"""A model folder as a whole: which precisions it has, and whether its files are those that were exported."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgecad.contract import Precision
from edgecad.errors import ModelInvalid, UsageError
from edgecad.modelfiles.file import DEFAULT, FILES, VARIABLE, locate_model, parse_precision
from edgecad.modelfiles.signature import check_signature
from edgecad.modelfiles.sums import SIGNATURE, SUMS, FileSum, check_sums
from edgecad.system.folders import followed

ALL = "all"
State = Literal["holds", "not checked", "none"]


@dataclass(frozen=True)
class Integrity:
    """What is known of the files of a model.

    Attributes:
        folder: None for a lone `.onnx` file.
        sums: `none` without `SHA256SUMS`.
        signature: `none` without one; `not checked` without a key.
        files: of the folder, where the sums were checked.
    """

    folder: Path | None
    sums: State
    signature: State
    files: tuple[FileSum, ...] = ()

    def demand(self, path: Path, sha256: str) -> None:
        """Hold a file that was opened against the sums.

        Raises:
            ModelInvalid: it is not the one whose sum was checked.
        """
        if self.files and sha256 not in {entry.sha256 for entry in self.files if entry.name == path.name}:
            raise ModelInvalid(f"{path} changed while it was verified; verify it again")


def model_folder(given: str | os.PathLike[str] | None) -> Path | None:
    """The folder that `edgecad.modelfiles.file.locate_model` looks into; None for a lone file.

    Raises:
        ModelInvalid: a pointer names no folder beside it.
    """
    try:
        path = followed(Path(given or os.environ.get(VARIABLE) or DEFAULT))
    except UsageError as error:
        raise ModelInvalid(str(error)) from error
    return path if path.is_dir() else None


def check_integrity(given: str | os.PathLike[str] | None, key: Path | None = None) -> Integrity:
    """Check sums and, with the signer's public key, the signature.

    Raises:
        ModelInvalid: a file is not as it was exported or signed; with a key: or nobody signed it.
        UsageError: the file is no key.
    """
    folder = model_folder(given)
    if folder is None:
        if key is not None:
            raise ModelInvalid(f"{given} is a lone file, which carries no signature; name the folder that was signed")
        return Integrity(None, "none", "none")
    if key is not None:
        return Integrity(folder, "holds", "holds", check_signature(folder, key))
    signed: State = "not checked" if (folder / SIGNATURE).is_file() else "none"
    if not (folder / SUMS).is_file():
        return Integrity(folder, "none", signed)
    return Integrity(folder, "holds", signed, check_sums(folder))


def requested_precisions(given: str | os.PathLike[str] | None, word: str | None) -> tuple[Precision | None, ...]:
    """Read `--precision` where `all` is allowed: those that a folder has. None: whichever is meant by default.

    Raises:
        ModelInvalid: no model is there.
        UsageError: no precision is called so.
    """
    if word != ALL:
        return (_parsed(word),)
    folder = model_folder(given)
    there = tuple(own for own, name in FILES.items() if folder is not None and (folder / name).is_file())
    if not there:
        locate_model(given)
        return (None,)
    return there


def _parsed(word: str | None) -> Precision | None:
    try:
        return parse_precision(word)
    except UsageError as error:
        raise UsageError(f"{error}, or {ALL}") from error
