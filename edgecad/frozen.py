"""Base of the data that crosses rooms, and how it checks itself."""

from __future__ import annotations

import msgspec


class Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the data that crosses rooms: immutable, and no field that is not known."""


class SchemaNumber(msgspec.Struct, frozen=True):
    """The number of a file's schema, read before the rest: it decides how the rest is read."""

    schema: int


def demand(holds: bool, message: str) -> None:
    """Raise `ValueError` with the message unless it holds; a decoder names the part that it is about."""
    if not holds:
        raise ValueError(message)
