"""Compressed DICOM pixel data: fragments, and run lengths undone (PS3.5 annexes A.4 and G)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from edgecad.errors import InputRefused
from edgecad.images.screen import Pixels

_ITEM = struct.pack("<HH", 0xFFFE, 0xE000)
_END = struct.pack("<HH", 0xFFFE, 0xE0DD)
_MAX_FRAGMENTS = 4096
# Undoing run lengths is a loop in Python: seconds beyond this.
_MAX_RLE_PIXELS = 4_000_000
_RLE_PADDING = b"\0\x80"
_RLE_HEADER = struct.Struct("<16I")


def joined_fragments(value: memoryview) -> bytes:
    """Join the fragments of the one frame behind its offset table.

    Raises:
        InputRefused: `truncated` where the end mark is missing, `damaged` where no item is.
    """
    _offsets, *fragments = _items(value)
    if not fragments:
        raise _damaged("the DICOM frame is empty")
    return b"".join(fragments)


def _items(value: memoryview) -> Iterator[memoryview]:
    position = 0
    for _ in range(_MAX_FRAGMENTS):
        if len(value) < position + 8:
            raise _ends_early()
        tag, length = (
            value[position : position + 4],
            int.from_bytes(value[position + 4 : position + 8], "little"),
        )
        if tag == _END:
            return
        if tag != _ITEM:
            raise _damaged("a DICOM fragment is not where it must be")
        position += 8
        if len(value) < position + length:
            raise _ends_early()
        yield value[position : position + length]
        position += length
    raise _damaged(f"the DICOM frame has more than {_MAX_FRAGMENTS} fragments")


def unpacked_planes(data: bytes, samples: int, pixels: int) -> list[Pixels]:
    """Undo the run lengths of `samples` planes of `pixels` bytes each.

    Raises:
        InputRefused: `too-large`, `damaged` or `truncated`.
    """
    if pixels > _MAX_RLE_PIXELS:
        raise InputRefused(
            "too-large",
            f"DICOM RLE of {pixels:,} pixels; wanted {_MAX_RLE_PIXELS:,} or fewer: export uncompressed",
        )
    if len(data) < _RLE_HEADER.size:
        raise _ends_early()
    count, *offsets = _RLE_HEADER.unpack_from(data)
    bounds = [*offsets[:samples], len(data)]
    if count != samples or bounds[0] < _RLE_HEADER.size or bounds != sorted(bounds):
        raise _damaged("the DICOM RLE header does not add up")
    return [_unpacked(data[start:end], pixels) for start, end in pairwise(bounds)]


def _unpacked(packed: bytes, length: int) -> Pixels:
    # No packing is worse than a count before every byte, so this also bounds the loop.
    if len(packed) > 2 * length + 2:
        raise _damaged("a DICOM RLE segment is longer than its plane")
    plane = bytearray()
    position = 0
    while len(plane) < length:
        if position + 1 >= len(packed):
            raise _ends_early()
        count = packed[position]
        if count < 128:
            plane += packed[position + 1 : position + 2 + count]
            position += count + 2
        else:
            plane += packed[position + 1 : position + 2] * ((257 - count) % 129)
            position += 2 if count > 128 else 1
    if len(plane) > length or packed[position:].strip(_RLE_PADDING):
        raise _damaged("a DICOM RLE segment unpacks to more than its plane")
    return np.frombuffer(plane, np.uint8)


def _damaged(seen: str) -> InputRefused:
    return InputRefused("damaged", f"{seen}; wanted a complete file: copy or export it again")


def _ends_early() -> InputRefused:
    return InputRefused("truncated", "the DICOM frame ends early; wanted a complete file: copy it again")
