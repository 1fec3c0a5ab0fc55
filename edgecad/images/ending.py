"""Whether a file has come to its own end: for who must not read one that is still being written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from edgecad.errors import InputRefused
from edgecad.images.jpeg import reading as jpeg
from edgecad.images.limits import MAX_BYTES
from edgecad.images.png import reading as png
from edgecad.images.png.chunks import parts_from_png
from edgecad.system.reading import READ_ONLY, opened

JPEG_END = b"\xff\xd9"
"""EOI, ITU-T T.81, table B.1. Some cameras pad with zeros behind it."""
PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
"""The IEND chunk, PNG specification, section 11.2.5."""
ENDS_EARLY = frozenset({"truncated", "empty"})
"""Why a file is refused that may only not be written to its end yet."""
_TAIL = 4096


def has_ended(path: Path) -> bool | None:
    """Whether a file's end marker is its last word, and its own; None for a kind of file that has none, like DICOM.

    A file that is followed by other bytes than zeros has not ended by this rule: wait, then read it all the same. One
    that was cut where a thumbnail ends has not, either.

    Raises:
        OSError: it cannot be read.
    """
    with opened(path, READ_ONLY) as file:
        head = file.read(len(png.MAGIC))
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
        walk: Callable[[bytes], object]
        if head.startswith(jpeg.MAGIC):
            marked, walk = tail.rstrip(b"\0").endswith(JPEG_END), jpeg.header_from_jpeg
        elif head.startswith(png.MAGIC):
            marked, walk = tail.endswith(PNG_END), parts_from_png
        else:
            return None
        if not marked or size > MAX_BYTES:
            return marked
        file.seek(0)
        return not _ends_early(file.read(MAX_BYTES), walk)


def _ends_early(data: bytes, walk: Callable[[bytes], object]) -> bool:
    try:
        walk(data)
    except InputRefused as refused:
        return refused.reason in ENDS_EARLY
    return False
