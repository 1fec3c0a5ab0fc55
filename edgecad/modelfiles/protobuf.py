"""Protobuf's wire format, as far as it takes to look into an ONNX file without the onnx package."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad.system.reading import FilePart

FIXED, GROUP = {1: 8, 5: 4}, (3, 4)
"""Wire types: bytes of a number, and the ends of a group."""
NO_FIELD = 0
"""The number of what is no field: the ends of groups. Protobuf itself gives none this number."""
ALL_BITS, ENUMERATION = 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF


def fields(message: memoryview | FilePart) -> Iterator[tuple[int, int | memoryview | FilePart]]:
    """Each field's number, and its value: a number of 64 bits, or bytes that are only looked at if they matter.

    What stands in a group, which protobuf skips, is taken for fields of the message: too much is seen, not too little.
    The ends of a group are given as `NO_FIELD`, so that whoever counts fields counts them.

    Raises:
        ValueError, IndexError: the bytes are no protobuf message.
    """
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        field, wire = key >> 3, key & 7
        if wire == 0:
            number, at = varint(message, at, ALL_BITS)
            yield field, number
        elif wire in GROUP:
            yield NO_FIELD, 0
        else:
            length, at = varint(message, at) if wire == 2 else (FIXED.get(wire, -1), at)
            if length < 0 or at + length > len(message):
                raise ValueError(f"wire type {wire}, {length} bytes")
            yield field, message[at : at + length]
            at += length


def varint(message: memoryview | FilePart, at: int, bits: int = 0xFFFFFFFF) -> tuple[int, int]:
    """A number and where it ends; of tags, lengths and enumerations protobuf reads 32 bits."""
    value = shift = 0
    while shift < 70:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value & bits, at
        shift += 7
    raise ValueError("a number that does not end")


def numbers(value: int | memoryview | FilePart, most: int = 1000) -> list[int]:
    """Numbers of a repeated field: one, or several that are packed; no more than one beyond `most`."""
    if isinstance(value, int):
        return [value]
    found: list[int] = []
    at = 0
    while at < len(value) and len(found) <= most:
        number, at = varint(value, at, ALL_BITS)
        found.append(number)
    return found


def message(number: int, content: bytes) -> bytes:
    """A field that holds bytes."""
    return _written(number << 3 | 2) + _written(len(content)) + content


def message_field(number: int, value: int | memoryview | FilePart) -> bytes:
    """A field as `fields` gave it: a number, or bytes."""
    return _written(number << 3) + _written(value) if isinstance(value, int) else message(number, bytes(value))


def _written(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
