"""JPEG: one upright, complete picture of one or three components."""

from __future__ import annotations

from dataclasses import dataclass

from edgecad.errors import InputRefused
from edgecad.images.exif import check_upright
from edgecad.images.jpeg.markers import APP0, APP1, APP14, SOS, MarkerSegment, is_frame, segments
from edgecad.images.jpeg.scans import JpegFrame, Progress, frame_from_segment
from edgecad.images.opencv import rgb_from_encoded
from edgecad.images.screen import Pixels

MAGIC = b"\xff\xd8\xff"
_EXIF = b"Exif\0\0"


@dataclass(frozen=True)
class JpegHeader:
    """What the markers of a complete JPEG say.

    `colour_stated` tells whether a JFIF or Adobe segment says what the three components are; `dropped` are
    the `(start, end)` bytes that hold no part of the picture.
    """

    width: int
    height: int
    components: int
    colour_stated: bool
    dropped: tuple[tuple[int, int], ...]


def rgb_from_jpeg(data: bytes, *, halved: bool = False) -> Pixels:
    """Decode a JPEG file into `(height, width, 3)` uint8 RGB, or at half its size, rounded up.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large` or `wrong-kind`.
    """
    header = header_from_jpeg(data)
    return rgb_from_encoded(_without(data, header.dropped), header.width, header.height, halved=halved)


def header_from_jpeg(data: bytes) -> JpegHeader:
    """Walk the markers to the end of the image, without decoding.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large` or `wrong-kind`.
    """
    progress: Progress | None = None
    stated = False
    dropped: list[tuple[int, int]] = []
    for segment in segments(data):
        progress = _followed(segment, progress)
        stated = stated or _states_colour(segment)
        if _is_extra(segment):
            _check_extra(segment)
            dropped.append((segment.start, segment.end))
    frame = _finished(progress)
    return JpegHeader(frame.width, frame.height, len(frame.components), stated, tuple(dropped))


def _followed(segment: MarkerSegment, progress: Progress | None) -> Progress | None:
    if is_frame(segment.marker):
        if progress is not None:
            raise InputRefused("damaged", "holds two JPEG frames; wanted one picture: export it again")
        return Progress(frame_from_segment(segment))
    if segment.marker == SOS:
        if progress is None:
            raise InputRefused("damaged", "JPEG data come before their frame; export the screen again")
        progress.follow(segment.body)
    return progress


def _finished(progress: Progress | None) -> JpegFrame:
    if progress is None:
        raise InputRefused("damaged", "this JPEG holds no frame; wanted one picture: export it again")
    progress.check_complete()
    return progress.frame


def _states_colour(segment: MarkerSegment) -> bool:
    jfif = segment.marker == APP0 and segment.body.startswith(b"JFIF\0")
    return jfif or (segment.marker == APP14 and segment.body.startswith(b"Adobe"))


def _is_extra(segment: MarkerSegment) -> bool:
    """Comments, profiles, thumbnails: the decoder needs none, and is shown none of a stranger's."""
    return segment.marker == 0xFE or (0xE0 <= segment.marker <= 0xEF and not _states_colour(segment))


def _check_extra(segment: MarkerSegment) -> None:
    if segment.marker == APP1 and segment.body.startswith(_EXIF):
        check_upright(segment.body[len(_EXIF) :])


def _without(data: bytes, dropped: tuple[tuple[int, int], ...]) -> bytes:
    if not dropped:
        return data
    starts = (0, *(end for _, end in dropped))
    ends = (*(start for start, _ in dropped), len(data))
    return b"".join(data[start:end] for start, end in zip(starts, ends, strict=True))
