"""PNG: an 8-bit opaque picture, rebuilt from the few chunks that make it.

OpenCV inflates ancillary chunks and animation frames of small malformed files into gigabytes, so it gets a
file of IHDR, PLTE, IDAT and IEND only. libpng holds no more pixels than the header declares, but inflates a
longer stream to its end: minutes, for a file of allowed size. Beyond what takes a second or two, the pixels
are inflated here within their bound, and handed on stored.
"""

from __future__ import annotations

import struct
import zlib

from edgecad.errors import InputRefused
from edgecad.images.opencv import rgb_from_encoded
from edgecad.images.png.chunks import SIGNATURE, PngHeader, parts_from_png
from edgecad.images.screen import Pixels

MAGIC = SIGNATURE
# No deflate stream grows by more than this factor (zlib's technical notes).
_MOST_GROWTH = 1032
_FREELY_INFLATED = 2**30
# Adam7 (PNG specification, 8.2): first column, first row, column step, row step of each pass.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def rgb_from_png(data: bytes) -> Pixels:
    """Decode a PNG file into `(height, width, 3)` uint8 RGB; grey is repeated.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large` or `wrong-kind`.
    """
    parts = parts_from_png(data)
    header = parts.header
    compressed = parts.compressed
    if len(compressed) * _MOST_GROWTH > _FREELY_INFLATED:
        compressed = zlib.compress(_inflated(compressed, _bytes_of_rows(header)), 0)
    clean = [SIGNATURE, _chunk(b"IHDR", header.body)]
    if parts.palette:
        clean.append(_chunk(b"PLTE", parts.palette))
    clean += [_chunk(b"IDAT", compressed), _chunk(b"IEND", b"")]
    return rgb_from_encoded(b"".join(clean), header.width, header.height)


def _inflated(compressed: bytes, length: int) -> bytes:
    """Inflate to exactly `length` bytes, whatever the stream would make of itself."""
    stream = zlib.decompressobj()
    try:
        rows = stream.decompress(compressed, length + 1)
    except zlib.error as error:
        raise _damaged("the PNG's pixel data are corrupt") from error
    if len(rows) > length or (stream.eof and (len(rows) != length or stream.unused_data)):
        raise _damaged("the PNG's pixel data do not fit its declared size")
    if not stream.eof:
        raise InputRefused("truncated", "the PNG's pixel data end early; copy or export the file again")
    return rows


def _bytes_of_rows(header: PngHeader) -> int:
    """Bytes of all filtered rows: each is one filter byte and its pixels."""
    if not header.interlaced:
        return header.height * _bytes_of_row(header.width, header)
    total = 0
    for column, row, column_step, row_step in _ADAM7:
        width = max(0, -(-(header.width - column) // column_step))
        height = max(0, -(-(header.height - row) // row_step))
        total += height * _bytes_of_row(width, header) if width else 0
    return total


def _bytes_of_row(width: int, header: PngHeader) -> int:
    return 1 + (width * header.bits_per_pixel + 7) // 8


def _chunk(kind: bytes, body: bytes) -> bytes:
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))))


def _damaged(seen: str) -> InputRefused:
    return InputRefused("damaged", f"{seen}; wanted a complete file: copy or export it again")
