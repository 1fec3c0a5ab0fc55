"""The whole image as input, for data that are no polar maps: nothing is looked for and nothing is judged."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.errors import InputRefused
from edgecad.polarmap.rgb.map_check import MIN_RANGE

Pixels = NDArray[np.uint8]

SMALLEST_SIDE = 32
"""Pixels: below, a network would see mostly what the enlargement made up."""


def letterboxed(picture: Pixels, size: int) -> Pixels:
    """Bring a picture to a square and keep its proportions: as large as fits, centred, between black bars.

    Args:
        picture: `(height, width, 3)` uint8 RGB.
        size: side of the square, pixels.

    Returns:
        `(size, size, 3)` uint8 RGB.

    Raises:
        InputRefused: `small`, or `blank` if what is left varies by fewer than 12 grey levels in every channel.
    """
    height, width = picture.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        raise InputRefused(
            "small", f"the image has {width}x{height} pixels; at least {SMALLEST_SIDE} a side are wanted"
        )
    scale = size / max(height, width)
    inner = (max(round(width * scale), 1), max(round(height * scale), 1))
    reduced = cv2.resize(picture, inner, interpolation=cv2.INTER_AREA)
    span = int(np.ptp(reduced.reshape(-1, 3), axis=0).max())
    if span < MIN_RANGE:
        raise InputRefused("blank", f"the image has one flat colour (range {span} grey levels); a picture is wanted")
    square = np.zeros((size, size, 3), np.uint8)
    left, top = (size - inner[0]) // 2, (size - inner[1]) // 2
    square[top : top + inner[1], left : left + inner[0]] = reduced
    return square
