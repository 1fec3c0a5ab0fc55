"""Faint letters and lines on the colour table: a half-transparent name, a watermark, the soft rim of white writing.

They stand out of the map by less than a hot or cold spot does, so height alone does not tell them. They have sharp
borders, and a perfusion map is smooth: what stands out a little and has a sharp border was written over it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Bits = NDArray[np.uint8]

SCALES = ((7, 0.8, 0.30), (13, 1.2, 0.30), (21, 1.6, 0.25))
"""Widths up to which something may be a stroke, pixels of 256; by how much it stands out, and how sharp its border is
in the mean, percent of the span. Borders of what stands out of bare maps (PNG, JPEG 92): .14 to .26 in the median of
each width, one in a hundred above .45, .31 and .26. Those of letters: .4 to .6 in the median of white ones at 15 %."""
NOISE = 5.0
"""A border is sharp from so many times the median of the disc: JPEG of low quality makes borders everywhere."""
WINDOW, FEWEST = 11, 8
"""A border is judged in a square of so many pixels, and by at least so many of its pixels: a speck is no letter."""
WRITING = 0.010
"""Share of the disc that is faint strokes from which there is writing: around it more is taken for letters. Bare maps:
.005, at JPEG 60 .012; the real map .004 to .007."""
AROUND, LENIENT = 21, 0.6
"""Pixels around writing, and the share of each bound that suffices there."""
MOST_BEFORE = 0.12
"""Share of the disc that lines and values may cover already. Beyond, what is left between them looks like letters."""
_FINE = 100.0


def faint_strokes(painted: Floats, covered: Mask, inside: Mask) -> Mask:
    """Find faint strokes beside those that were found before: `(side, side)`, a pixel more on each side included.

    Args:
        painted: `(side, side)`, percent of the span; what is `covered` holds what its neighbours say.
        covered: strokes that were painted over.
        inside: the disc.
    """
    area = int(np.count_nonzero(inside))
    found = np.zeros(inside.shape, np.uint8)
    if np.count_nonzero(covered) > MOST_BEFORE * area:
        return found > 0
    core = cv2.erode(inside.view(np.uint8), np.ones((5, 5), np.uint8))
    borders = cv2.absdiff(cv2.GaussianBlur(painted, (5, 5), 0.7), cv2.GaussianBlur(painted, (9, 9), 1.8))
    least = NOISE * float(np.median(borders[::4, ::4][inside[::4, ::4]]))
    part = _where_borders_are(borders, core, max(min(border for _, _, border in SCALES), least))
    if part is None:
        return found > 0
    found[part] = _strokes(painted[part], borders[part], core[part], least, 1.0)
    strokes = _grown(found, 3)
    if np.count_nonzero((strokes > 0) & ~covered) > WRITING * area:
        near = core & _grown(found, AROUND)
        part = _around(near)
        found[part] = _strokes(painted[part], borders[part], near[part], least, LENIENT)
        strokes |= _grown(found, 3)
    return np.asarray((strokes > 0) & inside)


def _grown(bits: Bits, width: int) -> Bits:
    return np.asarray(cv2.dilate(bits, np.ones((width, width), np.uint8)), np.uint8)


def _where_borders_are(borders: Floats, core: Bits, bound: float) -> tuple[slice, slice] | None:
    """The part of the square with sharp borders, and what is needed around it; most bare maps have none."""
    sharp = (borders >= bound).view(np.uint8) & core
    many = cv2.boxFilter(sharp, -1, (WINDOW, WINDOW), normalize=False) >= FEWEST - 2
    return _around(many.view(np.uint8)) if many.any() else None


def _around(bits: Bits) -> tuple[slice, slice]:
    """The part of a square that holds all bits and what the widest scale sees around them."""
    x, y, width, height = cv2.boundingRect(bits)
    room = max(width for width, _, _ in SCALES)
    return slice(max(y - room, 0), y + height + room), slice(max(x - room, 0), x + width + room)


def _strokes(painted: Floats, borders: Floats, where: Bits, least: float, share: float) -> Bits:
    """What stands out and has a sharp border, of every width; `share` of each bound suffices."""
    shades = np.asarray(np.rint(cv2.GaussianBlur(painted, (7, 7), 1.0) * _FINE), np.uint16)
    found = np.zeros_like(where)
    for width, height, border in SCALES:
        bound, lowest = share * max(border, least), round(share * height * _FINE)
        over = np.clip(borders, 0, 2 * bound) - bound
        for side in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
            standing = cv2.morphologyEx(shades, side, np.ones((width, width), np.uint8)) >= lowest
            found |= _sharp(standing.view(np.uint8) & where, over)
    return found


def _sharp(standing: Bits, over: Floats) -> Bits:
    """Of what stands out, where its border is sharper than the bound in the mean; `over` is by how much."""
    rim = standing & ~cv2.erode(standing, np.ones((3, 3), np.uint8))
    enough = cv2.boxFilter(rim, -1, (WINDOW, WINDOW), normalize=False) >= FEWEST
    return np.asarray(standing & ((cv2.blur(over * rim, (WINDOW, WINDOW)) >= 0) & enough).view(np.uint8))
