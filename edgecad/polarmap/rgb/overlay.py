"""Text and lines drawn over the map: found by their thinness, painted over from what is around them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.disc import brightest_channel

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

THICKEST_STROKE = 9
"""Pixels on a square of 256: a structure at least this wide in both directions belongs to the map."""
CONTRAST, GREY_CONTRAST = 60, 20
"""Grey levels by which a stroke must differ from what is around it: in any channel, or in brightness."""
SHARPNESS = 16
"""Grey levels by which an edge changes when blurred by 0.75 pixels: strokes do, islands of uptake do not,
even where the colour table turns steep."""


def overlay_mask(square: Pixels, edges: Pixels, inside: Mask, softness: float = 1.0) -> Mask:
    """Where something thin is drawn over the disc.

    A polar map is blurred by the scanner over a tenth of its diameter, so what is thinner and stands
    out was drawn by the workstation. Morphological top-hat, bright and dark, per channel; the ground
    outside the disc takes no part, so that the rim itself is not mistaken for a stroke.

    Args:
        square: `(256, 256, 3)` uint8 RGB, the disc's bounding square.
        edges: its `edge_strength`.
        inside: `(256, 256)`, True on the disc.
        softness: what edges on it are divided by, 0 to 1, because it was enlarged.
    """
    sharp = edges > SHARPNESS * softness
    if not sharp.any():
        return np.zeros_like(inside)
    kernel = np.ones((THICKEST_STROKE, THICKEST_STROKE), np.uint8)
    disc = np.where(inside, np.uint8(255), np.uint8(0))
    on, off = cv2.merge([disc] * 3), cv2.merge([~disc] * 3)
    opened = cv2.bitwise_and(cv2.erode(cv2.bitwise_or(square, off), kernel), on)
    closed = cv2.bitwise_or(cv2.dilate(cv2.bitwise_and(square, on), kernel), off)
    bright = cv2.subtract(square, cv2.dilate(opened, kernel))
    dark = cv2.subtract(cv2.erode(closed, kernel), square)
    # White on yellow differs in blue alone; JPEG, which stores colour coarsely, differs a little there as well.
    strokes = cv2.max(bright, dark)
    thin = (brightest_channel(strokes) > CONTRAST) | (cv2.cvtColor(strokes, cv2.COLOR_RGB2GRAY) > GREY_CONTRAST)
    near_edge = cv2.dilate(sharp.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    found = (thin & near_edge & inside).view(np.uint8)
    # The blurred edge of a stroke is below the contrast: take one pixel more on each side.
    return np.asarray(cv2.dilate(found, np.ones((3, 3), np.uint8)) > 0) & inside


def edge_strength(square: Pixels, inside: Mask) -> Pixels:
    """Grey levels by which each pixel of the disc changes when the disc is blurred by 0.75 pixels, uint8; 0 outside.

    The ground lends nothing to the blur, or every rim would be an edge.
    """
    disc = np.where(inside, np.uint8(255), np.uint8(0))
    alone = cv2.copyTo(square, disc)
    weight = cv2.GaussianBlur(disc, (0, 0), 0.75)
    blurred = cv2.divide(cv2.GaussianBlur(alone, (0, 0), 0.75), cv2.merge([weight] * 3), scale=255)
    strength: Pixels = cv2.bitwise_and(brightest_channel(cv2.absdiff(alone, blurred)), disc)
    return strength


def painted_over(picture: Pixels, strokes: Mask) -> Pixels:
    """`picture` with `strokes` filled from their surroundings (Telea 2004)."""
    filled: Pixels = cv2.inpaint(picture, strokes.view(np.uint8), 5, cv2.INPAINT_TELEA)
    return filled
