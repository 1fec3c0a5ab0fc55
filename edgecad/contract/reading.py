"""Read a contract of any version that was ever released."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from edgecad.contract.parts import CONTRACT_VERSION, Contract
from edgecad.errors import ModelInvalid
from edgecad.frozen import struct_from_json

METADATA_KEY = "edgecad.contract"
"""Of the ONNX file's metadata, under which a contract stands."""

_LATER_FIELDS: dict[int, dict[tuple[str, ...], dict[str, Any]]] = {
    2: {
        (): {
            "activations": None,
            "features": "last",
            "pooled_over": "all",
            "familiarity": None,
            "orientation": None,
            "test_openings": None,
            "members": [],
            "clinical": None,
            "digest": None,
            "executions": {},
        },
        ("decision",): {"asked": None, "evidence": None, "zone": None, "zone_words": None},
        ("preparation",): {"input": "rgb", "tables": [], "drawing": None, "map": None},
        ("golden",): {"familiarity": None, "clinical": None},
    },
}
"""Version -> path of a part, or of a list of parts -> the fields that this version added to it, with what older
contracts mean by their absence. All of them are listed: a newer contract must not pass for an older one, of which less
is demanded. Versions 1 and 2 are closed: a field that is added, renamed or removed, or that changes its meaning, makes
version 3."""


class _VersionNumber(msgspec.Struct):
    version: int


def contract_from_json(
    text: str | bytes, next_step: str = "export the model again", what: str = "the model's contract"
) -> Contract:
    """Read a contract of any version that was ever released; errors call it `what`.

    Raises:
        ModelInvalid: if it is newer than this runtime, or not a contract.
    """
    version = struct_from_json(text, _VersionNumber, what, next_step).version
    if version < 1:
        raise ModelInvalid(f"{what} has version {version}, which never was; export the model again")
    if version > CONTRACT_VERSION:
        raise ModelInvalid(
            f"{what} has version {version}, and this runtime reads up to {CONTRACT_VERSION}; "
            "update edgecad, or export the model with this version"
        )
    if version < CONTRACT_VERSION:
        text = _with_later_fields(text, version, what, next_step)
    return struct_from_json(text, Contract, what, next_step)


def json_from_contract(contract: Contract) -> str:
    """A contract in the fields of its own version, so that `contract_from_json` reads it again, of any version."""
    content = msgspec.to_builtins(contract)
    for later in range(contract.version + 1, CONTRACT_VERSION + 1):
        for path, fields in _LATER_FIELDS[later].items():
            for part in _parts_at(content, path):
                for field in fields:
                    del part[field]
    return msgspec.json.format(msgspec.json.encode(content), indent=1).decode()


def _with_later_fields(text: str | bytes, version: int, what: str, next_step: str) -> bytes:
    """An older contract in today's fields; its version stays what it is."""
    content = struct_from_json(text, dict[str, Any], what, next_step)
    for later in range(version + 1, CONTRACT_VERSION + 1):
        for path, fields in _LATER_FIELDS[later].items():
            for part in _parts_at(content, path):
                _refuse_fields(part.keys() & fields.keys(), version, what, next_step)
                part.update(fields)
    return msgspec.json.encode(content)


def _parts_at(content: Any, path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The parts at a path; what is no part of a contract is found when it is decoded."""
    if path:
        content = content.get(path[0]) if isinstance(content, dict) else None
        yield from _parts_at(content, path[1:])
        return
    for part in content if isinstance(content, (list, tuple)) else [content]:
        if isinstance(part, dict):
            yield part


def _refuse_fields(names: AbstractSet[str], version: int, what: str, next_step: str) -> None:
    if names:
        words = ", ".join(sorted(names))
        raise ModelInvalid(f"{what} cannot be used: version {version} has no field {words}; {next_step}")
