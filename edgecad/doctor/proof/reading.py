"""From a file that somebody sent to a proof: read within bounds, decoded, and never executed."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TypeVar

import msgspec

from edgecad.doctor.proof.record import KIND, SCHEMA, GpuProof
from edgecad.errors import UsageError
from edgecad.system.reading import file_bytes
from edgecad.system.words import on_one_line

MOST = 4 * 2**20
"""Bytes of a file; one of four networks has some 60 thousand."""
NEXT = "name the gpu-proof.json that make test-gpu wrote"
Decoded = TypeVar("Decoded")


class _Beginning(msgspec.Struct, frozen=True):
    """What every version of the file has; anything else in it is passed over."""

    kind: str = ""
    schema: int = 0


def read_proof(path: Path) -> GpuProof:
    """Read a proof.

    Raises:
        UsageError: there is no such file, or it is no proof, is cut off, of another version, or larger than `MOST`.
    """
    name = on_one_line(path.name)
    try:
        content = file_bytes(path, MOST)
    except OSError as error:
        raise UsageError(f"{name} cannot be read as a proof: {_why(error)}; {NEXT}") from error
    beginning = _decoded(content, _Beginning, name)
    if beginning.kind != KIND:
        raise UsageError(f"{name} is JSON, and no proof of a GPU; {NEXT}")
    if beginning.schema != SCHEMA:
        newer = "update edgecad" if beginning.schema > SCHEMA else "run make test-gpu again"
        raise UsageError(f"{name} has schema {beginning.schema}, and this edgecad reads {SCHEMA}; {newer}")
    return _decoded(content, GpuProof, name)


def _decoded(content: bytes, kind: type[Decoded], name: str) -> Decoded:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{name} is no proof of a GPU: {on_one_line(str(error))[:200]}; {NEXT}") from error


def _why(error: OSError) -> str:
    if error.errno == errno.EFBIG:
        return f"it is larger than {MOST // 2**20} MiB"
    return error.strerror or type(error).__name__
