"""Whether a file has come to its own end: for who must not read one that is still being written."""

from __future__ import annotations

import os
from pathlib import Path

from edgecad.images.jpeg import reading as jpeg
from edgecad.images.png import reading as png
from edgecad.images.source import READ_ONLY

JPEG_END = b"\xff\xd9"
"""EOI, ITU-T T.81, table B.1. Some cameras pad with zeros behind it."""
PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
"""The IEND chunk, PNG specification, section 11.2.5."""
_TAIL = 4096


def has_ended(path: Path) -> bool | None:
    """Whether a file's end marker is its last word; None for a kind of file that has none, like DICOM.

    A file that is followed by other bytes than zeros has not ended by this rule: wait, then read it all the same.

    Raises:
        OSError: it cannot be read.
    """
    with os.fdopen(os.open(path, READ_ONLY), "rb") as file:
        head = file.read(len(png.MAGIC))
        file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
        tail = file.read(_TAIL)
    if head.startswith(jpeg.MAGIC):
        return tail.rstrip(b"\0").endswith(JPEG_END)
    if head.startswith(png.MAGIC):
        return tail.endswith(PNG_END)
    return None
