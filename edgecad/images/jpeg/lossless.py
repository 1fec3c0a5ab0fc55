"""Lossless JPEG of 8 bits, as DICOM has it (ITU-T T.81, annex H): the samples as they were stored.

A file of its own with this coding is refused, because nothing reliable says what its three components are. In DICOM
the object around it does, so that marks which say otherwise are a contradiction, and else are kept from the decoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgecad.images.jpeg.decoding import samples_from_clean_lossless
from edgecad.images.jpeg.markers import APP0, APP14, SOS, MarkerSegment, is_frame, segments
from edgecad.images.jpeg.scans import JpegFrame, Progress
from edgecad.images.limits import check_size
from edgecad.images.refusals import damaged, wrong_kind
from edgecad.images.screen import Pixels

_LOSSLESS = 0xC3
_NEEDED = frozenset({_LOSSLESS, SOS, 0xC4, 0xDD})
"""The frame, the scans, the Huffman tables and the restart interval."""
_ADOBE_TRANSFORM = 11


@dataclass(frozen=True)
class LosslessHeader:
    """What the markers say: size in pixels, components, and whether they are said to be RGB (None: not said).

    `clean` is a copy for the decoder, with components called 1, 2, 3 and no mark, which it takes for what is stored.
    """

    width: int
    height: int
    components: int
    rgb: bool | None
    clean: bytes


def samples_from_lossless(header: LosslessHeader) -> Pixels:
    """Decode into `(height, width, components)` uint8, whatever colours these are.

    Raises:
        InputRefused: `damaged`.
    """
    return samples_from_clean_lossless(header.clean, header.width, header.height, header.components)


def header_from_lossless(data: bytes) -> LosslessHeader:
    """Walk the markers to the end of the image, without decoding.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large` or `wrong-kind`.
    """
    walked = list(segments(data))
    frames = [segment for segment in walked if is_frame(segment.marker)]
    if len(frames) != 1:
        raise damaged(f"the lossless JPEG holds {len(frames)} frames", "one picture")
    progress = Progress(_frame(frames[0]))
    for segment in walked:
        if segment.marker == SOS:
            if segment.start < frames[0].start:
                raise damaged("JPEG data come before their frame")
            progress.follow(segment.body)
    progress.check_complete()
    frame = progress.frame
    names = {name: number for number, name in enumerate(frame.components, start=1)}
    kept = b"".join(_renamed(data, segment, names) for segment in walked if segment.marker in _NEEDED)
    said = [rgb for segment in walked for rgb in _said(segment)]
    clean = b"\xff\xd8" + kept + b"\xff\xd9"
    return LosslessHeader(frame.width, frame.height, len(names), said[-1] if said else None, clean)


def _frame(segment: MarkerSegment) -> JpegFrame:
    body = segment.body
    if segment.marker != _LOSSLESS:
        raise damaged("the DICOM frame is not the lossless JPEG that it declares")
    if len(body) < 6 or len(body) != 6 + 3 * body[5]:
        raise damaged("the JPEG frame header does not add up")
    if body[0] != 8 or body[5] not in (1, 3):
        raise wrong_kind(f"lossless JPEG with {body[0]} bits and {body[5]} components", "8 bits, and 1 component or 3")
    if any(sampling != 0x11 for sampling in body[7::3]):
        raise wrong_kind("lossless JPEG whose colours are at another resolution", "all at one")
    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    check_size(width, height)
    return JpegFrame(width, height, body[6::3], body[7::3], progressive=False)


def _renamed(data: bytes, segment: MarkerSegment, names: dict[int, int]) -> bytes:
    """A segment whose components are called by their number: the decoder takes names for a hint of colours."""
    part = bytearray(data[segment.start : segment.end])
    first, step, count = (10, 3, len(names)) if segment.marker == _LOSSLESS else (5, 2, segment.body[0])
    if segment.marker in (_LOSSLESS, SOS):
        for place in range(first, first + step * count, step):
            part[place] = names[part[place]]
    return bytes(part)


def _said(segment: MarkerSegment) -> Iterator[bool]:
    if segment.marker == APP0 and segment.body.startswith(b"JFIF\0"):
        yield False
    if segment.marker == APP14 and segment.body.startswith(b"Adobe") and len(segment.body) > _ADOBE_TRANSFORM:
        yield segment.body[_ADOBE_TRANSFORM] == 0
