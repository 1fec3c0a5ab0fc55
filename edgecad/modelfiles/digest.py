"""The digest inside a model's contract, by which a file that lies alone tells that it changed.

It is the SHA-256 of the file's bytes, all of them, with the 64 hexadecimal digits of the digest itself read as zeros
(`0`). The digits stand in the contract's text, so graph, weights and contract are held together. It finds what went
wrong on the way. It proves no origin: who changes a file on purpose can write another digest, and only a signature
tells.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from edgecad.contract import METADATA_KEY
from edgecad.errors import ModelInvalid
from edgecad.frozen import struct_from_json
from edgecad.modelfiles.metadata import metadata_of
from edgecad.modelfiles.sums import NEXT_STEP

PLACEHOLDER = hashlib.sha256(b"the place of a digest").hexdigest()
"""What a contract has for its digest until the file is complete."""
ZEROS, _DIGITS = b"0" * 64, re.compile("[0-9a-f]{64}")
_PIECE = 1 << 20
NOT_CARRIED = (
    "the model's contract is of version 1 and carries no digest, so the file cannot tell whether it changed; export "
    "the model again"
)
"""Said of a model that has nothing but the sums and the signature beside it, if there are any."""


def with_digest(content: bytes) -> bytes:
    """A complete file: its contract's digest, whatever it is, becomes that of the file.

    Args:
        content: an ONNX file whose contract has a digest, for instance `PLACEHOLDER`.

    Raises:
        ModelInvalid: there is no contract, or it has no digest.
    """
    text = metadata_of(content).get(METADATA_KEY)
    digest = None if text is None else said_in(text).get("digest")
    at = _place(content, digest)
    if at < 0:
        raise ModelInvalid("the file has no place for a digest; write a contract of this version into it first")
    _, right = hashed(content, digest)
    return content[:at] + right.encode() + content[at + len(ZEROS) :]


def _place(content: bytes, digest: object) -> int:
    """Where the digits of a digest stand, the last time; -1 where they do not, or it is none."""
    return content.rfind(digest.encode()) if isinstance(digest, str) and _DIGITS.fullmatch(digest) else -1


def said_in(text: str, what: str = "the model's contract") -> dict[str, Any]:
    """The fields of a contract as its text has them, unchecked, which is fast; errors call it `what`.

    Raises:
        ModelInvalid: it is no JSON object.
    """
    return struct_from_json(text, dict[str, Any], what, NEXT_STEP)


def check_digest(path: Path, contract: Mapping[str, Any], right: str) -> None:
    """Hold a file against the digest that it carries; a contract of version 1 has none.

    Args:
        contract: as its text has it.
        right: what the file's digest must be; see `hashed`.

    Raises:
        ModelInvalid: the file is not as it was exported, or lacks the digest that its version has.
    """
    if contract.get("version") == 1:
        return
    carried = contract.get("digest")
    if carried is None:
        raise ModelInvalid(
            f"the contract of {path} carries no digest, and every export of its version writes one; export it again"
        )
    if carried != right:
        raise ModelInvalid(
            f"{path} changed since it was exported: its contract says the digest {str(carried)[:12]}, and its bytes "
            f"have {right[:12]}; {NEXT_STEP}"
        )


def hashed(content: bytes, digest: object) -> tuple[str, str]:
    """SHA-256 of a file, and what its digest must be, in hexadecimal; most of the bytes are read once for both.

    Args:
        digest: as the contract in the file has it, whatever that is.
    """
    view, at = memoryview(content), _place(content, digest)
    if at < 0:
        whole = hashlib.sha256(view).hexdigest()
        return whole, whole  # a digest that does not stand there in so many digits is no digest of this file
    before = hashlib.sha256(view[:at])
    zeroed = before.copy()
    before.update(view[at:])
    zeroed.update(ZEROS)
    zeroed.update(view[at + len(ZEROS) :])
    return before.hexdigest(), zeroed.hexdigest()


def digest_on_disk(path: Path, digest: object) -> str:
    """What the digest of a file on the disk must be, in hexadecimal; it is read in pieces, twice.

    Args:
        digest: as the contract in the file has it, whatever that is.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        at = _place_on_disk(file, digest)
        file.seek(0)
        found, done = hashlib.sha256(), 0
        while piece := file.read(len(ZEROS) if done == at else min(_PIECE, at - done) if done < at else _PIECE):
            found.update(ZEROS if done == at else piece)
            done += len(piece)
    return found.hexdigest()


def _place_on_disk(file: BinaryIO, digest: object) -> int:
    """As `_place` has it."""
    at, begin, rest = -1, 0, b""
    while piece := file.read(_PIECE):
        window = rest + piece
        here = _place(window, digest)
        at = begin + here if here >= 0 else at
        rest = window[-len(ZEROS) + 1 :]
        begin += len(window) - len(rest)
    return at
