"""Text and lines drawn over the map: found by their thinness, painted over from what is around them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.disc import brightest_channel

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

THICKEST_STROKE = 17
"""Pixels on a canvas of 512: a structure at least this wide in both directions belongs to the map."""
CONTRAST, GREY_CONTRAST = 60, 20
"""Grey levels by which a stroke must differ from what is around it: in any channel, or in brightness."""
SHARPNESS = 16
"""Grey levels by which an edge changes when blurred by 1.5 pixels: strokes do, islands of uptake do not,
even where the colour table turns steep."""


def overlay_mask(canvas: Pixels, inside: Mask) -> Mask:
    """Where something thin is drawn over the disc.

    A polar map is blurred by the scanner over a tenth of its diameter, so what is thinner and stands
    out was drawn by the workstation. Morphological top-hat, bright and dark, per channel; the ground
    outside the disc takes no part, so that the rim itself is not mistaken for a stroke.

    Args:
        canvas: `(side, side, 3)` uint8 RGB.
        inside: `(side, side)`, True on the disc.
    """
    kernel = np.ones((THICKEST_STROKE, THICKEST_STROKE), np.uint8)
    disc = np.where(inside, np.uint8(255), np.uint8(0))
    on, off = cv2.merge([disc] * 3), cv2.merge([~disc] * 3)
    opened = cv2.bitwise_and(cv2.erode(cv2.bitwise_or(canvas, off), kernel), on)
    closed = cv2.bitwise_or(cv2.dilate(cv2.bitwise_and(canvas, on), kernel), off)
    bright = cv2.subtract(canvas, cv2.dilate(opened, kernel))
    dark = cv2.subtract(cv2.erode(closed, kernel), canvas)
    # White on yellow differs in blue alone; JPEG, which stores colour coarsely, differs a little there as well.
    strokes = cv2.max(bright, dark)
    thin = (brightest_channel(strokes) > CONTRAST) | (cv2.cvtColor(strokes, cv2.COLOR_RGB2GRAY) > GREY_CONTRAST)
    near_edge = cv2.dilate(((edge_strength(canvas) > SHARPNESS) & inside).view(np.uint8), np.ones((9, 9), np.uint8)) > 0
    found = (thin & near_edge & inside).view(np.uint8)
    # The blurred edge of a stroke is below the contrast: take two pixels more on each side.
    return np.asarray(cv2.dilate(found, np.ones((5, 5), np.uint8)) > 0) & inside


def edge_strength(canvas: Pixels) -> Pixels:
    """Grey levels by which each pixel changes when `canvas` is blurred by 1.5 pixels, `(side, side)` uint8."""
    return brightest_channel(cv2.absdiff(canvas, cv2.GaussianBlur(canvas, (0, 0), 1.5)))


def painted_over(canvas: Pixels, strokes: Mask) -> Pixels:
    """`canvas` with `strokes` filled from their surroundings (Telea 2004)."""
    if not strokes.any():
        return canvas
    filled: Pixels = cv2.inpaint(canvas, strokes.view(np.uint8), 4, cv2.INPAINT_TELEA)
    return filled
