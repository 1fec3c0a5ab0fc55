"""Whether an ONNX file wants to read other files, found in its bytes before any engine opens them.

A tensor may name a file that holds its values. An engine that follows such a name reads whatever the model's author
wrote there, and our models are one file. The walk is over the few protobuf fields that can hold a tensor (onnx.proto
of ONNX 1.23), because the runtime has no onnx package; a file that is no ONNX is left to the engine's own words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

Kind = Literal["model", "graph", "node", "attribute", "function", "tensor", "sparse", "training"]

EXTERNAL_DATA, DATA_LOCATION, EXTERNAL = 13, 14, 1
"""Of TensorProto: names of files, and the field that says so."""

HOLDS: dict[Kind, dict[int, Kind]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "sparse": {1: "tensor", 2: "tensor"},
    "training": {1: "graph", 2: "graph"},
    "tensor": {},
}
"""Which field of which message holds what."""
FIXED, GROUP = {1: 8, 5: 4}, (3, 4)
"""Wire types: bytes of a number, and the ends of a group."""


def has_external_data(model: bytes) -> bool:
    """Whether any tensor of an ONNX file says that its values lie in another file.

    Args:
        model: bytes of the file; bytes that are no protobuf have none.
    """
    try:
        return _found(memoryview(model))
    except (IndexError, ValueError):
        return False


def _found(model: memoryview) -> bool:
    waiting: list[tuple[Kind, memoryview]] = [("model", model)]
    while waiting:
        kind, message = waiting.pop()
        for field, value in _fields(message):
            if kind == "tensor" and (field == EXTERNAL_DATA or (field == DATA_LOCATION and value == EXTERNAL)):
                return True
            inner = HOLDS[kind].get(field)
            if inner is not None and isinstance(value, memoryview):
                waiting.append((inner, value))
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Each field's number, and its value: a number, or bytes that are only looked at if they matter.

    What stands in a group, which protobuf skips, is taken for fields of the message: too much is seen, not too little.

    Raises:
        ValueError, IndexError: the bytes are no protobuf message.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        field, wire = key >> 3, key & 7
        if wire == 0:
            number, at = _varint(message, at)
            yield field, number
        elif wire not in GROUP:
            length, at = _varint(message, at) if wire == 2 else (FIXED.get(wire, -1), at)
            if length < 0 or at + length > len(message):
                raise ValueError(f"wire type {wire}, {length} bytes")
            yield field, message[at : at + length]
            at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number and where it ends; of tags and enumerations protobuf reads 32 bits."""
    value = shift = 0
    while shift < 70:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value & 0xFFFFFFFF, at
        shift += 7
    raise ValueError("a number that does not end")
