"""A model's own metadata, read from its bytes: an engine must be found before any engine opens the model."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from edgecad.modelfiles.protobuf import fields
from edgecad.system.reading import FilePart

METADATA, KEY, VALUE = 14, 1, 2
"""`metadata_props` of ModelProto, and the fields of its entries (onnx.proto of ONNX 1.23)."""
MOST_FIELDS, MOST_ENTRY_BYTES = 2000, 2**22
"""Fields of a file that are looked at, not counting those inside of its graph, and bytes of one entry. Nothing beyond
is metadata: what a file holds must not decide how long its reader works."""


def metadata_of(model: bytes | FilePart) -> dict[str, str]:
    """Keys and values of an ONNX file; none where the bytes are no protobuf, or an entry is too large.

    Where a key stands twice the last one counts, as in onnxruntime.
    """
    found: dict[str, str] = {}
    message = model if isinstance(model, FilePart) else memoryview(model)
    try:
        for field, entry in islice(fields(message), MOST_FIELDS):
            if field == METADATA and not isinstance(entry, int):
                parts = dict(islice(fields(entry), MOST_FIELDS))
                found[_text(parts.get(KEY, b""))] = _text(parts.get(VALUE, b""))
    except (IndexError, ValueError):
        return {}
    return found


def metadata_in(path: Path) -> dict[str, str]:
    """The same of a file on the disk, of which the graph is passed over and not read.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        return metadata_of(FilePart.whole(file, path.stat().st_size))


def _text(value: object) -> str:
    if isinstance(value, int):
        return ""
    part = value if isinstance(value, (bytes, memoryview, FilePart)) else b""
    if len(part) > MOST_ENTRY_BYTES:
        raise ValueError(f"an entry of {len(part)} bytes")
    return bytes(part).decode()
