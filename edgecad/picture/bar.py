"""The score on its scale from 0 to 1, with the threshold and the uncertain zone.

What is uncertain is told by shape, a hatching, and never by a colour alone.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

LENGTH, THICKNESS = 260, 14
"""Of the bar, pixels."""
STEP = 6
"""Between lines of the hatching, pixels."""
GROUND: Colour = (62, 66, 72)
INK: Colour = (236, 236, 236)
FAINT: Colour = (168, 172, 178)


def draw_score_bar(
    canvas: Pixels, left_top: tuple[int, int], score: float, threshold: float, zone: tuple[float, float]
) -> None:
    """Draw a bar of 260 x 14 pixels, its score as a triangle above it and what it shows below it.

    Args:
        left_top: of the bar on the canvas.
        score, threshold, zone: on one scale, 0 to 1.
    """
    left, top = left_top
    cv2.rectangle(canvas, (left, top), (left + LENGTH, top + THICKNESS), GROUND, -1)
    first, last = (left + round(LENGTH * value) for value in zone)
    if last > first:
        hatch(canvas, (first, top, last - first, THICKNESS))
    cut = left + round(LENGTH * threshold)
    cv2.line(canvas, (cut, top - 3), (cut, top + THICKNESS + 3), INK, 2)
    at = left + round(LENGTH * score)
    marker = np.array([(at - 7, top - 17), (at + 7, top - 17), (at, top - 4)], np.int32)
    cv2.fillPoly(canvas, [marker], INK, cv2.LINE_AA)
    _write(canvas, "0", (left - 2, top + THICKNESS + 20))
    _write(canvas, "1", (left + LENGTH - 6, top + THICKNESS + 20))
    _write(canvas, "hatched: uncertain", (left + 62, top + THICKNESS + 20))


def hatch(canvas: Pixels, box: tuple[int, int, int, int]) -> None:
    """Hatch a box, `x, y, width, height` in pixels, by slanted lines within a frame."""
    x, y, width, height = box
    part = np.zeros((height + 1, width + 1, 3), np.uint8)
    part[:] = GROUND
    for start in range(-height, width + 1, STEP):
        cv2.line(part, (start, height), (start + height, 0), INK, 1, cv2.LINE_AA)
    cv2.rectangle(part, (0, 0), (width, height), INK, 1)
    room = canvas[y : y + height + 1, x : x + width + 1]
    room[:] = part[: room.shape[0], : room.shape[1]]


def _write(canvas: Pixels, text: str, where: tuple[int, int]) -> None:
    cv2.putText(canvas, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.45, FAINT, 1, cv2.LINE_AA)
