"""Base of the data that crosses rooms: how it checks itself, and how it becomes JSON and comes back."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from edgecad.errors import ModelInvalid

Checked = TypeVar("Checked")


class Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the data that crosses rooms: immutable, and no field that is not known."""


def demand(holds: bool, message: str) -> None:
    """Raise `ValueError` with the message unless it holds; a decoder names the part that it is about."""
    if not holds:
        raise ValueError(message)


class SchemaNumber(msgspec.Struct, frozen=True):
    """The one field that every version of a file has. It is read alone and first: the others depend on it."""

    schema: int


def struct_from_json(text: str | bytes, kind: type[Checked], what: str, next_step: str) -> Checked:
    """Decode JSON into `kind`.

    Raises:
        ModelInvalid: naming the field, if anything is missing, unknown or cannot be meant.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ModelInvalid(f"{what} cannot be used: {error}; {next_step}") from error


def json_from_struct(value: msgspec.Struct) -> str:
    """Encode as indented JSON that a person can read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()
