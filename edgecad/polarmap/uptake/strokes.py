"""What was drawn over the map: lines, letters, pointers. Found off the table or by its edges, and painted over."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.disc import Disc
from edgecad.polarmap.square import SIDE

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

OFF = 14.0
"""Distance to the table, grey levels, from which a pixel is not of the map. JPEGs of bare maps: 0.1 % of the disc."""
THICKEST = 9
"""Pixels of 256: what is narrower in one direction is a stroke."""
SHARP_LEVEL = 4.0
"""Percent of the span by which a stroke on the table stands out of what is around it. Bare maps: at most 2.2."""
DRAWN_TOGETHER = 4
"""Rounds in which what was filled is blurred with what is around it: a tenth less error at lines; more gain nothing."""
WORTH = 0.01
"""Share of the disc from which that is worth its time."""
WIDE = 12
"""Pixels of 256 in both directions from which something off the table is no stroke and cannot be painted over."""
WIDE_ON_SCREEN, WIDEST = 13.5, 16
"""The same in pixels of the screen, up to so many of 256: on a small disc JPEG's coarse colours fill the gaps between
letters, and a value with its unit becomes as solid as a window. Measured: 12 of 256 on discs of 218 to 280."""
WIDE_HALVED = 9
"""The same where the screen was decoded at half its size: averaging makes what is solid narrower by up to 3."""


@dataclass(frozen=True)
class Strokes:
    """What does not belong to the map, `(side, side)` each.

    Attributes:
        off: off the table.
        covered: all that is to be painted over, a pixel more on each side included.
        wide: off the table, and too wide to be painted over.
    """

    off: Mask
    covered: Mask
    wide: Mask


def strokes_on(levels: Floats, apart: Floats, inside: Mask, steps: int | None, widest: int = WIDE) -> Strokes:
    """Find strokes.

    Args:
        levels: `(side, side)`, percent of the span, of the whole square; beyond the disc as if mirrored.
        apart: distances to the table, grey levels.
        inside: the disc.
        steps: of the table; between two of them the level jumps without a stroke.
        widest: pixels in both directions from which something off the table is `wide`.
    """
    off = (apart > OFF) & inside
    stands_out = SHARP_LEVEL if steps is None else max(2 * SHARP_LEVEL, 130.0 / steps)
    shades = np.asarray(np.rint(levels * 2.5), np.uint8)
    kernel = np.ones((THICKEST, THICKEST), np.uint8)
    least = int(np.ceil(stands_out * 2.5))
    bright = cv2.morphologyEx(shades, cv2.MORPH_TOPHAT, kernel) >= least
    dark = cv2.morphologyEx(shades, cv2.MORPH_BLACKHAT, kernel) >= least
    thin = (bright | dark) & inside
    found = (off | thin).view(np.uint8)
    covered = (cv2.dilate(found, np.ones((3, 3), np.uint8)) > 0) & inside
    wide = cv2.morphologyEx(off.view(np.uint8), cv2.MORPH_OPEN, np.ones((widest, widest), np.uint8)) > 0
    return Strokes(off, covered, wide)


def widest_on(disc: Disc, *, halved: bool) -> int:
    """Pixels of 256 in both directions from which something on a disc is too wide to be painted over."""
    return WIDE_HALVED if halved else min(max(WIDE, ceil(WIDE_ON_SCREEN * SIDE / (2 * disc.radius))), WIDEST)


def painted_over(levels: Floats, covered: Mask, inside: Mask) -> Floats:
    """Levels with what is covered filled from those beside it in the disc.

    First by a blur in which it has no weight, as near to the truth as inpainting after Telea in a twentieth of its
    time; then that is drawn together with what is around, in a few rounds.

    Args:
        levels: `(side, side)`.
        covered: what to fill.
        inside: the disc; beyond it a stroke that reaches the rim is mirrored, and nothing is taken from there.
    """
    if not covered.any():
        return levels
    filled, open_ = levels.copy(), covered.copy()
    weight = (inside & ~covered).astype(np.float32)
    for sigma in (2.0, 4.0, 8.0, 32.0):
        near = cv2.GaussianBlur(weight, (0, 0), sigma)
        reached = open_ & (near > 0.05)
        blurred = cv2.GaussianBlur(levels * weight, (0, 0), sigma)
        filled[reached] = blurred[reached] / near[reached]
        open_ &= ~reached
        if not open_.any():
            break
    if np.count_nonzero(covered) < WORTH * np.count_nonzero(inside):
        return filled
    disc = inside.astype(np.float32)
    held = np.maximum(cv2.GaussianBlur(disc, (0, 0), 2.0), 1e-3)
    for _ in range(DRAWN_TOGETHER):
        filled[covered] = (cv2.GaussianBlur(filled * disc, (0, 0), 2.0) / held)[covered]
    return filled
