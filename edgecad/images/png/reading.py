"""PNG: an 8-bit opaque picture, rebuilt from the few chunks that make it.

An alpha channel that is 255 everywhere is opaque; screenshots often have one.

OpenCV inflates ancillary chunks and animation frames of small malformed files into gigabytes, so it gets a
file of IHDR, PLTE, IDAT and IEND only. libpng holds no more pixels than the header declares, but inflates a
longer stream to its end: minutes, for a file of allowed size. And of a stream that does not match its own checksum
it only warns, which OpenCV hides. So the rows are inflated and checked here, and handed on stored.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from edgecad.images.opencv import rgb_from_clean_png, rgba_from_clean_png
from edgecad.images.png.chunks import SIGNATURE, PngHeader, parts_from_png, transparent
from edgecad.images.refusals import damaged, truncated
from edgecad.images.screen import Pixels

MAGIC = SIGNATURE
_FILTERS = 5
"""Ways in which a row may be filtered; its first byte names one (PNG specification, 9.2)."""
_SOLID = 255
"""Alpha of what nothing is seen through."""
# Adam7 (PNG specification, 8.2): first column, first row, column step, row step of each pass.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def rgb_from_png(data: bytes) -> Pixels:
    """Decode a PNG file into `(height, width, 3)` uint8 RGB; grey is repeated.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large` or `wrong-kind`.
    """
    parts = parts_from_png(data)
    header = parts.header
    passes = _passes(header)
    rows = _inflated(parts.compressed, sum(count * length for count, length in passes))
    _check_filters(rows, passes)
    clean = [SIGNATURE, _chunk(b"IHDR", header.body)]
    if parts.palette:
        clean.append(_chunk(b"PLTE", parts.palette))
    clean += [_chunk(b"IDAT", zlib.compress(rows, 0)), _chunk(b"IEND", b"")]
    if header.alpha:
        return _opaque(rgba_from_clean_png(b"".join(clean), header.width, header.height))
    return rgb_from_clean_png(b"".join(clean), header.width, header.height)


def _opaque(picture: Pixels) -> Pixels:
    """Colours of `(height, width, 4)` RGBA, of which nothing is transparent."""
    if picture[..., 3].min() < _SOLID:
        raise transparent()
    return np.ascontiguousarray(picture[..., :3])


def _inflated(compressed: bytes, length: int) -> bytes:
    """Inflate to exactly `length` bytes, whatever the stream would make of itself; its checksum holds."""
    stream = zlib.decompressobj()
    try:
        rows = stream.decompress(compressed, length + 1)
    except zlib.error as error:
        raise damaged("the PNG's pixel data are corrupt") from error
    if len(rows) > length or (stream.eof and (len(rows) != length or stream.unused_data)):
        raise damaged("the PNG's pixel data do not fit its declared size")
    if not stream.eof:
        raise truncated("the PNG's pixel data end early")
    return rows


def _passes(header: PngHeader) -> list[tuple[int, int]]:
    """Rows, and bytes of a row with its filter, for each pass over the picture; one pass unless it is interlaced."""
    if not header.interlaced:
        return [(header.height, _bytes_of_row(header.width, header))]
    passes = []
    for column, row, column_step, row_step in _ADAM7:
        width = max(0, -(-(header.width - column) // column_step))
        height = max(0, -(-(header.height - row) // row_step))
        if width and height:
            passes.append((height, _bytes_of_row(width, header)))
    return passes


def _bytes_of_row(width: int, header: PngHeader) -> int:
    return 1 + (width * header.bits_per_pixel + 7) // 8


def _check_filters(rows: bytes, passes: list[tuple[int, int]]) -> None:
    values, position = np.frombuffer(rows, np.uint8), 0
    for count, length in passes:
        end = position + count * length
        if values[position:end:length].max() >= _FILTERS:
            raise damaged("the PNG's rows are filtered in a way that does not exist")
        position = end


def _chunk(kind: bytes, body: bytes) -> bytes:
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))))
