"""A model's own metadata, read from its bytes: an engine must be found before any engine opens the model."""

from __future__ import annotations

from edgecad.modelfiles.protobuf import fields

METADATA, KEY, VALUE = 14, 1, 2
"""`metadata_props` of ModelProto, and the fields of its entries (onnx.proto of ONNX 1.23)."""


def metadata_of(model: bytes) -> dict[str, str]:
    """Keys and values of an ONNX file; none where the bytes are no protobuf.

    Where a key stands twice the last one counts, as in onnxruntime.
    """
    found: dict[str, str] = {}
    try:
        for field, entry in fields(memoryview(model)):
            if field == METADATA and isinstance(entry, memoryview):
                parts = dict(fields(entry))
                found[_text(parts.get(KEY, b""))] = _text(parts.get(VALUE, b""))
    except (IndexError, ValueError):
        return {}
    return found


def _text(value: object) -> str:
    return bytes(value).decode() if isinstance(value, (bytes, memoryview)) else ""
