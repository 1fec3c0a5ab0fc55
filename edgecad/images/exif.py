"""The one thing in EXIF that matters here: whether viewers turn the picture.

A viewer obeys the orientation, a decoder may not: the two would see different walls of the heart. Turning
it here would trust a tag that phones write and editors forget to reset, so anything but upright is refused.
"""

from __future__ import annotations

import struct

from edgecad.errors import InputRefused

_ORIENTATION = 0x0112
_ENTRY_BYTES = 12
_MAX_ENTRIES = 1024


def check_upright(block: bytes) -> None:
    """Refuse a TIFF block (EXIF without its `Exif` mark) that asks for a turned or mirrored picture.

    Raises:
        InputRefused: `wrong-kind`.
    """
    orientation = _orientation(block)
    if 2 <= orientation <= 8:
        raise InputRefused(
            "wrong-kind",
            f"asks viewers to turn or mirror it (EXIF orientation {orientation}); wanted a screen stored as "
            "shown (orientation 1): export it from the reading station without rotation",
        )


def _orientation(block: bytes) -> int:
    """Orientation of the first directory; 1, as viewers take it, where there is none to read."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, start)
        entries = range(start + 2, start + 2 + min(count, _MAX_ENTRIES) * _ENTRY_BYTES, _ENTRY_BYTES)
        return next((_short(block, entry, order) for entry in entries if _is_orientation(block, entry, order)), 1)
    except struct.error:
        return 1


def _is_orientation(block: bytes, entry: int, order: str) -> bool:
    return bool(struct.unpack_from(f"{order}H", block, entry)[0] == _ORIENTATION)


def _short(block: bytes, entry: int, order: str) -> int:
    kind, _count, short = struct.unpack_from(f"{order}HIH", block, entry + 2)
    # Some writers use a LONG, whose low half comes last in big-endian files.
    return int(struct.unpack_from(f"{order}I", block, entry + 8)[0]) if kind == 4 else int(short)
