"""Whether an ONNX file wants to read other files, found in its bytes before any engine opens them.

A tensor may name a file that holds its values. An engine that follows such a name reads whatever the model's author
wrote there, and our models are one file. The walk is over the few protobuf fields that can hold a tensor (onnx.proto
of ONNX 1.23), because the runtime has no onnx package; a file that is no ONNX is left to the engine's own words.
"""

from __future__ import annotations

from typing import Literal

from edgecad.modelfiles.protobuf import ENUMERATION, fields

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
        for field, value in fields(message):
            if kind == "tensor" and (
                field == EXTERNAL_DATA
                or (field == DATA_LOCATION and isinstance(value, int) and value & ENUMERATION == EXTERNAL)
            ):
                return True
            inner = HOLDS[kind].get(field)
            if inner is not None and isinstance(value, memoryview):
                waiting.append((inner, value))
    return False
