"""A model folder as a whole: which precisions it has, and whether its files are those that were exported."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgecad.contract import RunPrecision
from edgecad.errors import ModelInvalid, UsageError
from edgecad.modelfiles.file import DEFAULT, FILES, VARIABLE, locate_model, parse_run_precision, pointed
from edgecad.modelfiles.signature import check_signature, demanded_key, signed_place
from edgecad.modelfiles.sums import SIGNATURE, FileSum, check_sums, places_of, sums_of

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
        names = {place.name for place in places_of(path)}
        if self.files and sha256 not in {entry.sha256 for entry in self.files if entry.name in names}:
            raise ModelInvalid(f"{path} changed while it was verified; verify it again")


def model_folder(given: str | os.PathLike[str] | None) -> Path | None:
    """The folder that `edgecad.modelfiles.file.locate_model` looks into; None for a lone file.

    Raises:
        ModelInvalid: a pointer names no folder beside it.
    """
    path = pointed(Path(given or os.environ.get(VARIABLE) or DEFAULT))
    return path if path.is_dir() else None


def check_integrity(given: str | os.PathLike[str] | None, key: Path | None = None) -> Integrity:
    """Check sums and, with the signer's public key, the signature of all files of a folder.

    Args:
        given: a model folder, a pointer, or a file; with a key, a file's folder is the one in which it was signed.
        key: default: `$EDGECAD_KEY`.

    Raises:
        ModelInvalid: a file is not as it was exported or signed; with a key: or nobody signed it.
        UsageError: the file is no key.
    """
    folder, key = model_folder(given), demanded_key(key)
    if key is not None:
        folder = signed_place(locate_model(given)).parent if folder is None else folder
        return Integrity(folder, "holds", "holds", check_signature(folder, key))
    if folder is None:
        return Integrity(None, "none", "none")
    signed: State = "not checked" if os.path.lexists(folder / SIGNATURE) else "none"
    sums = sums_of(folder)
    if sums is None:
        return Integrity(folder, "none", signed)
    return Integrity(folder, "holds", signed, check_sums(folder, sums))


def requested_precisions(given: str | os.PathLike[str] | None, word: str | None) -> tuple[RunPrecision | None, ...]:
    """Read `--precision` where `all` is allowed: those that a folder has. None: whichever is meant by default.

    Raises:
        ModelInvalid: no model is there.
        UsageError: no precision is called so.
    """
    if word != ALL:
        return (_parsed(word),)
    folder = model_folder(given)
    there: tuple[RunPrecision | None, ...] = tuple(
        own for own, name in FILES.items() if folder is not None and (folder / name).is_file()
    )
    if not there:
        locate_model(given)
        return (None,)
    return there


def _parsed(word: str | None) -> RunPrecision | None:
    try:
        return parse_run_precision(word)
    except UsageError as error:
        raise UsageError(f"{error}, or {ALL}") from error
