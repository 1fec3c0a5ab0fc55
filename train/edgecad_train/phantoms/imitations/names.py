"""A name written over a map, as viewers and screenshot tools write it: half-transparent, soft, as a watermark."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgecad_train.phantoms.imitations.layout import BLACK, WHITE, Colour
from edgecad_train.phantoms.imitations.over import CAPITAL, FONT

Pixels = npt.NDArray[np.uint8]
Cover = npt.NDArray[np.float32]


@dataclass(frozen=True)
class NameStyle:
    """How a name is written.

    Attributes:
        opacity: of the ink over the map, 0 to 1.
        softness: standard deviation by which the letters are blurred, as a share of a stroke's width.
        stroke: width of a letter's stroke as a share of its height.
    """

    name: str
    ink: Colour
    opacity: float
    softness: float = 0.0
    stroke: float = 0.12


NAME_STYLES = (
    NameStyle("grey-40", (128, 128, 128), 0.40),
    NameStyle("black-60", BLACK, 0.60),
    NameStyle("white-20", WHITE, 0.20),
    NameStyle("white-50", WHITE, 0.50),
    NameStyle("white-soft", WHITE, 0.60, softness=0.6),
    NameStyle("watermark-15", WHITE, 0.15, stroke=0.22),
)
"""The six that names are tried in."""


@dataclass(frozen=True)
class WrittenName:
    """A name and where it stands on a screen.

    Attributes:
        x, y: its middle, pixels.
        height: of a capital, pixels.
        degrees: by which the line of writing rises.
    """

    text: str
    x: float
    y: float
    height: float
    degrees: float = 0.0


def cover_of(shape: tuple[int, int], name: WrittenName, stroke: float) -> Cover:
    """Which share of each pixel the letters cover, `shape` float32, 0 to 1.

    Args:
        stroke: width of a letter's stroke as a share of its height.
    """
    scale = name.height / CAPITAL
    (length, _), _ = cv2.getTextSize(name.text, FONT, scale, 1)
    drawn = np.zeros(shape, np.uint8)
    at = (round(name.x - length / 2), round(name.y + name.height / 2))
    cv2.putText(drawn, name.text, at, FONT, scale, 255, 1, cv2.LINE_AA)
    if name.degrees:
        turn = cv2.getRotationMatrix2D((name.x, name.y), name.degrees, 1)
        drawn = np.asarray(cv2.warpAffine(drawn, turn, shape[::-1]), np.uint8)
    return _with_stroke(drawn, stroke * name.height)


def _with_stroke(drawn: Pixels, width: float) -> Cover:
    """Letters with strokes of a width: OpenCV 4 draws lines, 5 a font, and neither draws every width."""
    letters = (drawn >= 128).astype(np.uint8)
    within, beside = (cv2.distanceTransform(each, cv2.DIST_L2, 5) for each in (letters, 1 - letters))
    middles = within[(within > 0) & (within >= cv2.dilate(within, np.ones((3, 3), np.uint8)))]
    wider = (width - (2 * float(np.median(middles)) - 1)) / 2 if middles.size else 0.0
    signed = np.where(letters > 0, within - 0.5, 0.5 - beside)
    return np.asarray(np.clip(signed + wider + 0.5, 0, 1), np.float32)


def with_name(screen: Pixels, name: WrittenName, style: NameStyle) -> Pixels:
    """A copy of a screen `(height, width, 3)` uint8 RGB with the name over it."""
    cover = cover_of((screen.shape[0], screen.shape[1]), name, style.stroke)
    if style.softness:
        cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), max(0.8, style.softness * style.stroke * name.height)))
    weight = style.opacity * cover[..., None]
    ink = np.array(style.ink, np.float32)
    return np.asarray(np.rint(screen * (1 - weight) + ink * weight)).astype(np.uint8)
