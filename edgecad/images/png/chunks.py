"""The chunks of a PNG file, one after the other (PNG specification, section 5)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from edgecad.errors import InputRefused
from edgecad.images.exif import check_upright
from edgecad.images.limits import check_size
from edgecad.images.refusals import damaged, truncated, wrong_kind

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_DEPTHS = {
    _GREY: (1, 2, 4, 8, 16),
    _RGB: (8, 16),
    _PALETTE: (1, 2, 4, 8),
    _GREY_ALPHA: (8, 16),
    _RGBA: (8, 16),
}
_CHANNELS = {_GREY_ALPHA: 2, _RGB: 3, _RGBA: 4}
_MAX_CHUNKS = 65_536
_ENDS_EARLY = "the PNG ends before its end mark"


@dataclass(frozen=True)
class PngHeader:
    """IHDR: size in pixels, bits of a pixel, whether it has an alpha channel, and the chunk's own bytes."""

    width: int
    height: int
    bits_per_pixel: int
    palette: bool
    grey: bool
    alpha: bool
    interlaced: bool
    body: bytes


@dataclass(frozen=True)
class PngParts:
    """All that makes the picture: header, palette (empty where there is none), compressed rows."""

    header: PngHeader
    palette: bytes
    compressed: bytes


def parts_from_png(data: bytes) -> PngParts:
    """Walk every chunk of a PNG file and keep those of the picture.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large` or `wrong-kind`.
    """
    walk = _chunks(data)
    header = _header(*next(walk))
    palette = b""
    rows: list[bytes] = []
    previous = b"IHDR"
    for kind, body in walk:
        if kind == b"IDAT" and rows and previous != b"IDAT":
            raise damaged("the PNG's pixel data are torn apart")
        if kind == b"IDAT":
            rows.append(body)
        elif kind == b"PLTE":
            palette = _palette(header, body, first=not palette and not rows)
        else:
            _check_other(header, kind, body)
        previous = kind
    if not rows or (header.palette and not palette):
        raise damaged("the PNG lacks its pixel data or its palette")
    return PngParts(header, palette, b"".join(rows))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each chunk with its checksum held, up to IEND; only zeros may follow."""
    position = len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        kind, body, position = _chunk(data, position)
        if kind == b"IEND":
            if body or data[position:].strip(b"\0"):
                raise damaged("something follows the end of the PNG picture", "one picture")
            return
        yield kind, body
    raise damaged(f"the PNG has more than {_MAX_CHUNKS} chunks")


def _chunk(data: bytes, position: int) -> tuple[bytes, bytes, int]:
    if len(data) < position + 12:
        raise truncated(_ENDS_EARLY)
    length, kind = struct.unpack_from(">I4s", data, position)
    if length >= 2**31 or not (kind.isascii() and kind.isalpha()):
        raise damaged("a PNG chunk is not where it must be")
    end = position + 8 + length
    if len(data) < end + 4:
        raise truncated(_ENDS_EARLY)
    body = data[position + 8 : end]
    if zlib.crc32(body, zlib.crc32(kind)) != int.from_bytes(data[end : end + 4], "big"):
        raise damaged("a PNG chunk does not match its checksum")
    return kind, body, end + 4


def _header(kind: bytes, body: bytes) -> PngHeader:
    if kind != b"IHDR" or len(body) != 13:
        raise damaged("the PNG does not start with its header")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", body)
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise damaged("the PNG declares a picture that does not exist")
    if depth == 16:
        raise wrong_kind("PNG with 16 bits a sample", "8")
    check_size(width, height)
    bits = depth * _CHANNELS.get(colour, 1)
    grey, alpha = colour in (_GREY, _GREY_ALPHA), colour in (_GREY_ALPHA, _RGBA)
    return PngHeader(width, height, bits, colour == _PALETTE, grey, alpha, interlace == 1, body)


def _palette(header: PngHeader, body: bytes, *, first: bool) -> bytes:
    entries, odd = divmod(len(body), 3)
    most = 1 << header.bits_per_pixel if header.palette else 256
    if header.grey or not first or odd or not 1 <= entries <= most:
        raise damaged("the PNG's palette is not one")
    # In an RGB picture a palette is only a hint for old displays.
    return body if header.palette else b""


def _check_other(header: PngHeader, kind: bytes, body: bytes) -> None:
    # Of a palette it holds alpha values; of grey and RGB, a colour that is clear.
    if kind == b"tRNS" and not (header.palette and body.strip(b"\xff") == b""):
        raise transparent()
    if kind == b"acTL":
        raise wrong_kind("an animated PNG", "one still screen")
    if kind == b"eXIf":
        check_upright(body)
    if kind[:1].isupper():
        raise damaged("the PNG holds a needed chunk that is unknown or comes twice")


def transparent() -> InputRefused:
    """For a picture through which something else may be seen."""
    return wrong_kind("PNG with transparency", "an opaque screen", "save it without an alpha channel")
