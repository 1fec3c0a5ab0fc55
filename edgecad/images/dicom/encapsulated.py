"""Compressed DICOM pixel data: fragments, and run lengths undone (PS3.5 annexes A.4 and G)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import accumulate, pairwise

import numpy as np

from edgecad.errors import InputRefused
from edgecad.images.refusals import damaged, truncated
from edgecad.images.screen import Pixels

_ITEM = struct.pack("<HH", 0xFFFE, 0xE000)
_END = struct.pack("<HH", 0xFFFE, 0xE0DD)
_PADDING = struct.pack("<HH", 0xFFFC, 0xFFFC)
"""Data Set Trailing Padding (PS3.10 7.2)."""
_MAX_FRAGMENTS = 4096
# Undoing run lengths is a loop in Python: seconds beyond this.
_MAX_RLE_PIXELS = 4_000_000
_RLE_PADDING = b"\0\x80"
_RLE_HEADER = struct.Struct("<16I")


def fragments_of_frame(value: memoryview, index: int = 0, count: int = 1, mark: bytes = b"") -> bytes:
    """Join the fragments of one frame; those of the others are stepped over.

    Args:
        value: of the pixel data element: the offset table, all fragments, the end mark.
        index: of the frame among `count`, from 0.
        mark: what a frame begins with, to tell frames of several fragments apart where the table is empty.

    Raises:
        InputRefused: `truncated` where an item is cut, `damaged` where none is or the frames cannot be told apart.
    """
    table, *fragments = _items(value, marked=count > 1)
    if not fragments:
        raise damaged("the DICOM frame is empty")
    if count == 1:
        return b"".join(fragments)
    if count > len(fragments):
        raise damaged(f"{count} DICOM frames are declared, and there are {len(fragments)} fragments")
    begins = _begins_by_table(table, fragments, count) if table else _begins_by_mark(fragments, count, mark)
    return b"".join(fragments[begins[index] : [*begins, len(fragments)][index + 1]])


def _begins_by_table(table: memoryview, fragments: list[memoryview], count: int) -> list[int]:
    """Number of each frame's first fragment; an offset counts from the first fragment's tag."""
    if len(table) != 4 * count:
        raise damaged("the DICOM offset table is of another length than the number of frames")
    places = accumulate((8 + len(fragment) for fragment in fragments), initial=0)
    number_at = {place: number for number, place in enumerate(places)}
    begins = [number_at.get(offset, -1) for offset in struct.unpack(f"<{count}I", table)]
    if begins[0] != 0 or any(after <= before for before, after in pairwise(begins)) or begins[-1] == len(fragments):
        raise damaged("the DICOM offset table does not point at the frames")
    return begins


def _begins_by_mark(fragments: list[memoryview], count: int, mark: bytes) -> list[int]:
    """The same without a table: a fragment each, or else wherever a fragment starts with `mark`."""
    if len(fragments) == count:
        return list(range(count))
    begins = [number for number, fragment in enumerate(fragments) if mark and fragment[: len(mark)] == mark]
    if len(begins) != count or begins[0] != 0:
        raise damaged(f"{count} DICOM frames in {len(fragments)} fragments cannot be told apart")
    return begins


def _items(value: memoryview, *, marked: bool) -> Iterator[memoryview]:
    """The offset table, and the fragments up to the end mark.

    The standard demands the mark (PS3.5 A.4), and some writers forget it. Nothing is lost where the only frame's last
    item ends with the object, or is followed by nothing but its padding: that the frame is whole is told by its own
    code's end. Of several frames one is decoded, and says nothing of the others: there the mark must be (`marked`).
    """
    position = 0
    for _ in range(_MAX_FRAGMENTS):
        if value[position : position + 4] == _END or (position and not marked and _is_padding(value[position:])):
            return
        if len(value) < position + 8:
            raise truncated("the DICOM frame ends early")
        tag, length = (
            value[position : position + 4],
            int.from_bytes(value[position + 4 : position + 8], "little"),
        )
        if tag != _ITEM:
            raise damaged("a DICOM fragment is not where it must be")
        position += 8
        if len(value) < position + length:
            raise truncated("the DICOM frame ends early")
        yield value[position : position + length]
        position += length
    raise damaged(f"the DICOM pixel data have more than {_MAX_FRAGMENTS} fragments")


def _is_padding(rest: memoryview) -> bool:
    """Whether nothing follows but zeros, or the element that pads a data set."""
    return rest[:4] == _PADDING or not rest.tobytes().strip(b"\0")


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
        raise truncated("the DICOM frame ends early")
    count, *offsets = _RLE_HEADER.unpack_from(data)
    bounds = [*offsets[:samples], len(data)]
    if count != samples or bounds[0] < _RLE_HEADER.size or bounds != sorted(bounds):
        raise damaged("the DICOM RLE header does not add up")
    return [_unpacked(data[start:end], pixels) for start, end in pairwise(bounds)]


def _unpacked(packed: bytes, length: int) -> Pixels:
    # No packing is worse than a count before every byte, so this also bounds the loop.
    if len(packed) > 2 * length + 2:
        raise damaged("a DICOM RLE segment is longer than its plane")
    plane = bytearray()
    position = 0
    while len(plane) < length:
        if position + 1 >= len(packed):
            raise truncated("the DICOM frame ends early")
        count = packed[position]
        if count < 128:
            plane += packed[position + 1 : position + 2 + count]
            position += count + 2
        else:
            plane += packed[position + 1 : position + 2] * ((257 - count) % 129)
            position += 2 if count > 128 else 1
    if len(plane) > length or packed[position:].strip(_RLE_PADDING):
        raise damaged("a DICOM RLE segment unpacks to more than its plane")
    return np.frombuffer(plane, np.uint8)
