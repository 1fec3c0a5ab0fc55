"""JPEG: one upright, complete picture of one or three components."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgecad.images.exif import check_upright
from edgecad.images.jpeg.decoding import rgb_from_clean_jpeg
from edgecad.images.jpeg.markers import APP0, APP1, APP14, SOS, MarkerSegment, is_frame, segments
from edgecad.images.jpeg.scans import JpegFrame, Progress, frame_from_segment
from edgecad.images.refusals import damaged, wrong_kind
from edgecad.images.screen import Pixels

MAGIC = b"\xff\xd8\xff"
_EXIF = b"Exif\0\0"
_JFIF, _JFIF_LENGTH, _JFIF_MAJOR = b"JFIF\0", 14, 5
_ADOBE, _ADOBE_LENGTH, _ADOBE_TRANSFORM = b"Adobe", 12, 11
"""Mark of a segment's body, least length that the decoder obeys, and the byte that it reads."""

Edit = tuple[int, int, bytes]


@dataclass(frozen=True)
class JpegHeader:
    """What the markers of a complete JPEG say.

    `usual_sampling` tells whether the decoder knows at which resolution the colours are;
    `colour_stated` tells whether a JFIF or Adobe segment says what the three components are; `edits` are the
    `(start, end, in their place)` bytes that make a copy for the decoder.
    """

    width: int
    height: int
    components: int
    usual_sampling: bool
    colour_stated: bool
    edits: tuple[Edit, ...]


def rgb_from_jpeg(data: bytes, *, halved: bool = False) -> Pixels:
    """Decode a JPEG file into `(height, width, 3)` uint8 RGB, or at half its size, rounded up.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large` or `wrong-kind`.
    """
    header = header_from_jpeg(data)
    if not header.usual_sampling:
        raise wrong_kind("JPEG whose colours are sampled in an unusual way", "4:4:4, 4:2:2, 4:2:0 or grey")
    return rgb_from_clean_jpeg(_edited(data, header.edits), header.width, header.height, halved=halved)


def header_from_jpeg(data: bytes) -> JpegHeader:
    """Walk the markers to the end of the image, without decoding.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large` or `wrong-kind`.
    """
    progress: Progress | None = None
    stated = False
    edits: list[Edit] = []
    for segment in segments(data):
        progress = _followed(segment, progress)
        stated = stated or _states_colour(segment)
        if _is_extra(segment):
            _check_extra(segment)
            edits.append((segment.start, segment.end, b""))
        edits += _quietened(segment)
    frame = _finished(progress)
    return JpegHeader(frame.width, frame.height, len(frame.components), frame.usual_sampling, stated, tuple(edits))


def _followed(segment: MarkerSegment, progress: Progress | None) -> Progress | None:
    if is_frame(segment.marker):
        if progress is not None:
            raise damaged("holds two JPEG frames", "one picture")
        return Progress(frame_from_segment(segment))
    if segment.marker == SOS:
        if progress is None:
            raise damaged("JPEG data come before their frame")
        progress.follow(segment.body)
    return progress


def _finished(progress: Progress | None) -> JpegFrame:
    if progress is None:
        raise damaged("this JPEG holds no frame", "one picture")
    progress.check_complete()
    return progress.frame


def _states_colour(segment: MarkerSegment) -> bool:
    return _is_jfif(segment) or _is_adobe(segment)


def _is_jfif(segment: MarkerSegment) -> bool:
    return segment.marker == APP0 and segment.body.startswith(_JFIF)


def _is_adobe(segment: MarkerSegment) -> bool:
    return segment.marker == APP14 and segment.body.startswith(_ADOBE)


def _quietened(segment: MarkerSegment) -> Iterator[Edit]:
    """Write as usual what the decoder reads as usual but warns of: its warnings are for damage.

    These are the major version of JFIF, 1, and Adobe's transform, where all but 0 is read as 1 in three components.
    """
    body, start = segment.body, segment.end - len(segment.body)
    if _is_jfif(segment) and len(body) >= _JFIF_LENGTH and body[_JFIF_MAJOR] != 1:
        yield start + _JFIF_MAJOR, start + _JFIF_MAJOR + 1, b"\1"
    if _is_adobe(segment) and len(body) >= _ADOBE_LENGTH and body[_ADOBE_TRANSFORM] > 1:
        yield start + _ADOBE_TRANSFORM, start + _ADOBE_TRANSFORM + 1, b"\1"


def _is_extra(segment: MarkerSegment) -> bool:
    """Comments, profiles, thumbnails: the decoder needs none, and is shown none of a stranger's."""
    return segment.marker == 0xFE or (0xE0 <= segment.marker <= 0xEF and not _states_colour(segment))


def _check_extra(segment: MarkerSegment) -> None:
    if segment.marker == APP1 and segment.body.startswith(_EXIF):
        check_upright(segment.body[len(_EXIF) :])


def _edited(data: bytes, edits: tuple[Edit, ...]) -> bytes:
    if not edits:
        return data
    parts, position = [], 0
    for start, end, instead in edits:
        parts += [data[position:start], instead]
        position = end
    return b"".join((*parts, data[position:]))
