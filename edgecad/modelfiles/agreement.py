"""Whether the precisions of a folder are of one export: their contracts say the same of all but the file itself.

Of the other files no more than their metadata is read, so that opening one precision does not cost all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from edgecad.contract import METADATA_KEY, differing_fields
from edgecad.errors import ModelInvalid
from edgecad.modelfiles.digest import said_in
from edgecad.modelfiles.metadata import METADATA, metadata_of
from edgecad.modelfiles.protobuf import outermost
from edgecad.modelfiles.sums import NEXT_STEP

MOST_BYTES, MOST_FIELDS = 2**24, 2**10
"""Of another file's metadata, and of its outermost fields; export writes about 0.1 MB in a dozen."""
HEAD_BYTES = 20
"""A field's number and length take 20 bytes at most."""


def check_agreement(path: Path, contract: Mapping[str, Any], others: Iterable[Path]) -> None:
    """Hold a file's contract against those of the other precisions beside it.

    Args:
        contract: as its text has it.
        others: their paths; those that are not there are left out.

    Raises:
        ModelInvalid: one of them is of another export, or says nothing that can be read.
    """
    for other in others:
        if other.is_file():
            _check(path, contract, other)


def _check(path: Path, contract: Mapping[str, Any], other: Path) -> None:
    try:
        text = metadata_in(other).get(METADATA_KEY)
    except OSError as error:
        raise ModelInvalid(
            f"{other}, another precision of {path.name}, cannot be read ({error.strerror}); allow it, or {NEXT_STEP}"
        ) from error
    if text is None:
        raise ModelInvalid(
            f"{other} lies beside {path.name} as another precision and carries no EdgeCAD contract; {NEXT_STEP}"
        )
    differing = differing_fields(contract, said_in(text, f"the contract of {other.name}"))
    if differing:
        words = ", ".join(differing)
        raise ModelInvalid(
            f"{path.name} and {other.name} in {path.parent} are not of one export: they differ in {words}; {NEXT_STEP}"
        )


def metadata_in(path: Path) -> dict[str, str]:
    """Keys and values of an ONNX file's metadata; the graph is passed over and not read.

    None where the file is no protobuf, or has more of them than any model.
    """
    with path.open("rb", buffering=0) as file:
        try:
            return metadata_of(_entries(file, path.stat().st_size))
        except (IndexError, ValueError):
            return {}


def _entries(file: BinaryIO, size: int) -> bytes:
    """The metadata of a file as they stand there, one after another."""
    found, at = bytearray(), 0
    for _ in range(MOST_FIELDS):
        if at >= size:
            return bytes(found)
        file.seek(at)
        field, _, end = outermost(memoryview(file.read(HEAD_BYTES)))
        if field == METADATA:
            file.seek(at)
            found += file.read(min(end, MOST_BYTES))
        if len(found) >= MOST_BYTES:
            break
        at += end
    raise ValueError("more metadata than any model has")
