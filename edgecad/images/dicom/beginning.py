"""How a DICOM file begins: with its preamble, as it should, or without one, as a stream that was saved (PS3.10 7.1).

What has no preamble has no mark either. It counts as DICOM only if its first elements can be walked, in order, up to
one that says what follows: the transfer syntax of a meta group, or the SOP class of a data set.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

MAGIC, MAGIC_AT = b"DICM", 128
HEAD_BYTES = 4096
"""Bytes within which a file without a preamble must have said what it is."""
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"

_META_SYNTAX, _SOP_CLASS = (0x0002, 0x0010), (0x0008, 0x0016)
_UID = re.compile(rb"[0-2](?:\.(?:0|[1-9][0-9]*)){3,}[\0 ]?")
_SHORT = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_MAX_ELEMENTS = 64


@dataclass(frozen=True)
class Beginning:
    """Where the first element is, in bytes, and the transfer syntax where no meta group will say it."""

    start: int
    syntax: str | None


def beginning_of(data: bytes) -> Beginning | None:
    """How a file begins; None if it is not DICOM."""
    if data.startswith(MAGIC, MAGIC_AT):
        return Beginning(MAGIC_AT + len(MAGIC), None)
    head = data[:HEAD_BYTES]
    explicit = head[4:6] in _SHORT | _LONG
    if head.startswith(b"\2\0"):
        return Beginning(0, None) if explicit and _reaches(head, _META_SYNTAX, explicit=True) else None
    if head.startswith(b"\x08\0") and _reaches(head, _SOP_CLASS, explicit=explicit):
        return Beginning(0, EXPLICIT if explicit else IMPLICIT)
    return None


def _reaches(head: bytes, wanted: tuple[int, int], *, explicit: bool) -> bool:
    """Whether elements of one group, in their order, lead to the wanted one, and it holds a UID."""
    position, before = 0, (0, -1)
    for _ in range(_MAX_ELEMENTS):
        if len(head) < position + 12:
            return False
        tag = struct.unpack_from("<HH", head, position)
        start, length = _value_at(head, position, explicit=explicit)
        if tag <= before or tag[0] != wanted[0] or tag > wanted or start + length > len(head):
            return False
        if tag == wanted:
            return 0 < length <= 64 and _UID.fullmatch(head, start, start + length) is not None
        position, before = start + length, tag
    return False


def _value_at(head: bytes, position: int, *, explicit: bool) -> tuple[int, int]:
    """Start and length of the value of the element at `position`; a length beyond all heads where it has none."""
    if not explicit:
        return position + 8, int.from_bytes(head[position + 4 : position + 8], "little")
    kind = head[position + 4 : position + 6]
    if kind in _SHORT:
        return position + 8, int.from_bytes(head[position + 6 : position + 8], "little")
    if kind in _LONG:
        return position + 12, int.from_bytes(head[position + 8 : position + 12], "little")
    return position, len(head) + 1
