"""Which coefficients of a JPEG frame its scans have brought (ITU-T T.81, annex G).

A progressive file whose last scans were lost, or a sequential one without its colour scans, still decodes:
blurred, or in false colours. Both are noticed here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edgecad.images.jpeg.markers import MarkerSegment
from edgecad.images.limits import check_size
from edgecad.images.refusals import damaged, truncated, wrong_kind

_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2
_COEFFICIENTS = 64
_MAX_SCANS = 64
_MISSING = 0xFF
_SAMPLING = frozenset(
    bytes((first, others, others))
    for first, others in (
        (0x11, 0x11), (0x12, 0x11), (0x12, 0x12), (0x13, 0x13), (0x14, 0x11), (0x21, 0x11),
        (0x21, 0x21), (0x22, 0x11), (0x22, 0x12), (0x22, 0x21), (0x31, 0x31), (0x41, 0x11),
    )
)  # fmt: skip
"""Sampling factors of three components, across and down, that libjpeg-turbo's own interface decodes."""


@dataclass(frozen=True)
class JpegFrame:
    """Size in pixels, the components' identifiers and sampling factors in their order, and the coding."""

    width: int
    height: int
    components: bytes
    sampling: bytes
    progressive: bool

    @property
    def usual_sampling(self) -> bool:
        """Whether its colours are sampled in a way that the decoder knows: 4:4:4, 4:2:2, 4:2:0 and their like."""
        return len(self.sampling) == 1 or self.sampling in _SAMPLING


def frame_from_segment(segment: MarkerSegment) -> JpegFrame:
    """Read a frame header (SOF).

    Raises:
        InputRefused: `wrong-kind` for a coding, depth or colour that is not taken, `too-large`, `damaged`.
    """
    body = segment.body
    if segment.marker not in (_BASELINE, _EXTENDED, _PROGRESSIVE):
        raise wrong_kind("JPEG with lossless, arithmetic or hierarchical coding", "baseline or progressive JPEG")
    if len(body) < 6 or len(body) != 6 + 3 * body[5]:
        raise damaged("the JPEG frame header does not add up")
    if body[0] != 8:
        raise wrong_kind(f"JPEG with {body[0]} bits a sample", "8 bits a sample")
    if body[5] not in (1, 3):
        raise wrong_kind(f"JPEG with {body[5]} colour components (CMYK?)", "RGB or grey")
    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    check_size(width, height)
    return JpegFrame(width, height, body[6::3], body[7::3], segment.marker == _PROGRESSIVE)


@dataclass
class Progress:
    """Bits still missing from each coefficient, component by component."""

    frame: JpegFrame
    scans: int = 0
    missing: dict[int, bytearray] = field(init=False)

    def __post_init__(self) -> None:
        self.missing = {name: bytearray([_MISSING] * _COEFFICIENTS) for name in self.frame.components}
        if len(self.missing) != len(self.frame.components):
            raise damaged("two JPEG components bear one name")

    def follow(self, header: bytes) -> None:
        """Take a scan header (SOS) into account.

        Raises:
            InputRefused: `damaged`.
        """
        self.scans += 1
        if self.scans > _MAX_SCANS:
            raise damaged(f"the JPEG has more than {_MAX_SCANS} scans")
        if not header or len(header) != 4 + 2 * header[0]:
            raise damaged("a JPEG scan header does not add up")
        first, last, bits = header[-3], header[-2], header[-1] & 15
        if not self.frame.progressive:
            first, last, bits = 0, _COEFFICIENTS - 1, 0
        for name in header[1:-3:2]:
            self._receive(name, first, last, bits)

    def _receive(self, name: int, first: int, last: int, bits: int) -> None:
        component = self.missing.get(name)
        if component is None or not first <= last < _COEFFICIENTS:
            raise damaged("a JPEG scan is for something that the frame does not hold")
        if not self.frame.progressive and not any(component):
            raise damaged("a JPEG component comes twice")
        component[first : last + 1] = bytes([bits]) * (last + 1 - first)

    def check_complete(self) -> None:
        """Hold that every component arrived in full.

        Raises:
            InputRefused: `truncated`.
        """
        if any(any(component) for component in self.missing.values()):
            raise truncated("the JPEG lacks scans of its picture")
