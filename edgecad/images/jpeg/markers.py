"""The markers of a JPEG file, one after the other (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from edgecad.images.refusals import damaged, truncated

EOI, SOS = 0xD9, 0xDA
APP0, APP1, APP14 = 0xE0, 0xE1, 0xEE

_STANDALONE = frozenset({0x00, 0x01, 0xD8, *range(0xD0, 0xD8)})
_NOT_FRAMES = frozenset({0xC4, 0xC8, 0xCC})
_MAX_SEGMENTS = 4096
# In entropy-coded data FF 00 is a byte, FF D0 to FF D7 a restart, FF FF a filling.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_NOT_PADDING = re.compile(rb"[^\x00]")
_NOT_FILLING = re.compile(rb"[^\xff]")
_ENDS_EARLY = "the JPEG ends before its end mark"


@dataclass(frozen=True)
class MarkerSegment:
    """One marker: `body` is what its length counts, `start` and `end` are bytes in the file."""

    marker: int
    body: bytes
    start: int
    end: int


def is_frame(marker: int) -> bool:
    """Whether this marker starts a frame (SOF) of any coding."""
    return 0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES


def segments(data: bytes) -> Iterator[MarkerSegment]:
    """Walk a file that starts with SOI up to its EOI; after that only zeros may follow.

    A scan's segment ends behind its entropy-coded data, its `body` is the scan header alone.

    Raises:
        InputRefused: `truncated` when the file ends before EOI, `damaged` where no marker is.
    """
    position = 2
    for _ in range(_MAX_SEGMENTS):
        position, marker = _marker(data, position)
        if marker == EOI:
            return _check_rest(data, position)
        segment = _segment(data, position, marker)
        yield segment
        position = segment.end
    raise damaged(f"holds more than {_MAX_SEGMENTS} JPEG segments")


def _marker(data: bytes, position: int) -> tuple[int, int]:
    """Position behind the next marker, and its code."""
    if position < len(data) and data[position] != 0xFF:
        raise damaged("a JPEG marker is not where it must be")
    code = _NOT_FILLING.search(data, position)
    if code is None:
        raise truncated(_ENDS_EARLY)
    marker = data[code.start()]
    if marker in _STANDALONE:
        raise damaged("a JPEG marker is out of place")
    return code.end(), marker


def _segment(data: bytes, position: int, marker: int) -> MarkerSegment:
    length = int.from_bytes(data[position : position + 2], "big")
    end = position + length
    if len(data) < position + 2 or len(data) < end:
        raise truncated(_ENDS_EARLY)
    if length < 2:
        raise damaged("a JPEG segment has no length")
    body = data[position + 2 : end]
    if marker == SOS:
        end = _end_of_scan(data, end)
    return MarkerSegment(marker, body, position - 2, end)


def _end_of_scan(data: bytes, position: int) -> int:
    following = _NEXT_MARKER.search(data, position)
    if following is None:
        raise truncated(_ENDS_EARLY)
    return following.start()


def _check_rest(data: bytes, position: int) -> None:
    if _NOT_PADDING.search(data, position):
        raise damaged("something follows the end of the JPEG picture", "one picture")
