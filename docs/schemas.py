"""Write the JSON Schemas of what is closed: a contract of version 2, and a record of schema 2.

    python docs/schemas.py

Both are made from the types themselves, without their docstrings: whatever another program can see of a field is in
them, and nothing else. A closed version never changes, so this makes a new file only for a new version.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edgecad.answer.records import SCHEMA
from edgecad.contract import CONTRACT_VERSION, Contract
from edgecad.spool.index import SpoolRecord

FOLDER = Path(__file__).parent / "reference" / "schemas"
KINDS: dict[str, type[msgspec.Struct]] = {
    f"contract-v{CONTRACT_VERSION}.json": Contract,
    f"record-v{SCHEMA}.json": SpoolRecord,
}
"""File -> type; a record as a watch writes it, with the fields that `infer` leaves out."""


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """JSON Schema of a type: names, types, choices, defaults and what is required, of all that it holds."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(_bare(msgspec.json.schema(kind))))
    return found


def text_of(kind: type[msgspec.Struct]) -> str:
    """The same as a file has it."""
    return msgspec.json.format(msgspec.json.encode(schema_of(kind)), indent=1).decode() + "\n"


def _bare(part: Any, named: bool = False) -> Any:
    """Without descriptions; `named` says that the keys are names of fields or types, of which none is left out."""
    if isinstance(part, dict):
        return {
            key: _bare(value, named=not named and key in ("properties", "$defs"))
            for key, value in part.items()
            if named or key != "description"
        }
    return [_bare(each) for each in part] if isinstance(part, list) else part


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, kind in KINDS.items():
        (FOLDER / name).write_text(text_of(kind), encoding="utf-8")
