"""The markers of a JPEG 2000 codestream, one after the other (ITU-T T.800, annex A)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from edgecad.images.limits import check_size
from edgecad.images.refusals import damaged, truncated, wrong_kind

MAGIC = b"\xff\x4f\xff\x51"
"""SOC, and SIZ, which has to follow at once."""
_SIZ, _COD, _SOT, _EOC = 0xFF51, 0xFF52, 0xFF90, 0xFFD9
_JP2 = b"\0\0\0\x0cjP  "
_MAX_SEGMENTS, _MAX_PARTS = 1024, 4096
_MAX_TILES = 1024
_SIZE = struct.Struct(">H8IH")
_PART = struct.Struct(">HIBB")
_EARLY = "the JPEG 2000 frame ends before its end mark"


@dataclass(frozen=True)
class CodestreamHeader:
    """Size in pixels, components, and whether three of them are transformed, as RGB is (MCT)."""

    width: int
    height: int
    components: int
    transformed: bool


def header_from_codestream(data: bytes) -> CodestreamHeader:
    """Walk the markers and the tiles to the end of the image, without decoding.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large` or `wrong-kind`.
    """
    if data.startswith(_JP2):
        raise wrong_kind("DICOM whose frame is a whole JP2 file", "the JPEG 2000 codestream alone (PS3.5 A.4.4)")
    if not data.startswith(MAGIC):
        raise damaged("the DICOM frame is not the JPEG 2000 that it declares")
    position, size, transform = 2, None, None
    for _ in range(_MAX_SEGMENTS):
        marker, body = _segment(data, position)
        if marker == _SOT:
            break
        if marker == _SIZ:
            size = _size(body)
        if marker == _COD:
            transform = _transform(body)
        position += 4 + len(body)
    else:
        raise damaged(f"holds more than {_MAX_SEGMENTS} JPEG 2000 segments")
    if size is None or transform is None:
        raise damaged("the JPEG 2000 frame lacks a header")
    width, height, components, tiles = size
    _walk_tiles(data, position, tiles)
    return CodestreamHeader(width, height, components, transform)


def _segment(data: bytes, position: int) -> tuple[int, bytes]:
    """Marker and body of the segment at `position`."""
    if position + 4 > len(data):
        raise truncated(_EARLY)
    marker, length = struct.unpack_from(">HH", data, position)
    if marker < 0xFF01 or length < 2:
        raise damaged("a JPEG 2000 marker is not where it must be")
    if position + 2 + length > len(data):
        raise truncated(_EARLY)
    return marker, data[position + 4 : position + 2 + length]


def _size(body: bytes) -> tuple[int, int, int, int]:
    """Width, height, components and tiles, of SIZ."""
    if len(body) < _SIZE.size:
        raise damaged("the JPEG 2000 size does not add up")
    _, right, bottom, left, top, across, down, tile_left, tile_top, components = _SIZE.unpack_from(body)
    depths = body[_SIZE.size :]
    if len(depths) != 3 * components or not (right > left and bottom > top and across and down):
        raise damaged("the JPEG 2000 size does not add up")
    check_size(right - left, bottom - top)
    if components not in (1, 3) or any(depths[0::3][number] != 7 for number in range(components)):
        raise wrong_kind("JPEG 2000 of another depth or number of components", "8 bits, and 1 component or 3")
    if set(depths[1::3] + depths[2::3]) != {1}:
        raise wrong_kind("JPEG 2000 whose colours are at another resolution", "all at one")
    if tile_left > left or tile_top > top:
        raise damaged("the JPEG 2000 tiles do not add up")
    tiles = -(-(right - tile_left) // across) * -(-(bottom - tile_top) // down)
    if not 1 <= tiles <= _MAX_TILES:
        raise wrong_kind(f"JPEG 2000 of {tiles:,} tiles", f"at most {_MAX_TILES:,}")
    return right - left, bottom - top, components, tiles


def _transform(body: bytes) -> bool:
    """Whether COD says that the first three components are transformed."""
    if len(body) < 10 or body[4] > 1:
        raise damaged("the JPEG 2000 coding does not add up")
    return body[4] == 1


def _walk_tiles(data: bytes, position: int, tiles: int) -> None:
    """Step from tile part to tile part to the end mark; each tile must have come, and only zeros may follow."""
    come: set[int] = set()
    for _ in range(_MAX_PARTS):
        if position + 2 > len(data):
            raise truncated(_EARLY)
        if int.from_bytes(data[position : position + 2], "big") == _EOC:
            return _check_end(data, position + 2, len(come) == tiles)
        marker, body = _segment(data, position)
        if marker != _SOT or len(body) != _PART.size:
            raise damaged("a JPEG 2000 tile is not where it must be")
        tile, length, _, _ = _PART.unpack(body)
        if tile >= tiles or (length and length < 14):
            raise damaged("a JPEG 2000 tile does not add up")
        come.add(tile)
        # The last one may leave its length open: it goes up to the end mark.
        position = position + length if length else _end_mark(data)
    raise damaged(f"holds more than {_MAX_PARTS} JPEG 2000 tile parts")


def _end_mark(data: bytes) -> int:
    whole = data.rstrip(b"\0")
    if not whole.endswith(b"\xff\xd9"):
        raise truncated(_EARLY)
    return len(whole) - 2


def _check_end(data: bytes, position: int, complete: bool) -> None:
    if not complete:
        raise truncated("the JPEG 2000 frame lacks tiles of its picture")
    if data[position:].strip(b"\0"):
        raise damaged("something follows the end of the JPEG 2000 picture", "one picture")
