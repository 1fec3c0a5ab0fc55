"""Rectangles that may be colour bars: even across, and changing along.

Neither the ground's colour nor a frame is needed for this: a panel is even both ways, text and pictures are even
neither way. What is found is only a first guess; `extent` finds the edges on the full screen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.bar.place import Columns, Pixels
from edgecad.polarmap.disc import Disc, block_means

SEARCH_SIDE = 900
"""Longest side of the reduced screen, pixels: a bar of 10 pixels on a screen of 1640 keeps 5."""
EVEN = 10
"""Grey levels by which two neighbours across a bar may differ, after JPEG."""
CHANGE, WINDOW = 5, 0.1
"""Grey levels by which colours change along a bar within so many radii of the disc."""
SLENDER = 2.2
"""Least length of a bar, in its thickness, as seen on the reduced screen."""
SHORTEST = 0.4
"""Least length, in radii of the disc; or of half the shorter side of the screen where there is no disc."""
LONGEST_STEP = 0.25
"""Length over which a step is bridged, in the same measure."""
FILLED = 0.35
"""Least share of its rectangle that a candidate fills: its ends may be wider than it is."""
MOST = 8
"""Candidates of each way that are looked at."""


def scales(screen: Pixels) -> tuple[int, ...]:
    """Factors by which a screen is reduced in turn until a bar is found: thin ones are lost in the coarser screen."""
    coarse = math.ceil(max(screen.shape[:2]) / SEARCH_SIDE)
    return (coarse,) if coarse == 1 else (coarse, coarse // 2)


def candidates(screen: Pixels, disc: Disc | None, factor: int) -> Iterator[tuple[Columns, bool]]:
    """First guesses on a reduced screen, as boxes of the screen `turned`, and whether it stands; the largest first."""
    small = block_means(screen, factor)
    measure = (disc.radius if disc else min(screen.shape[:2]) / 2) / factor
    free = np.full(small.shape[:2], 255, np.uint8)
    if disc is not None:
        centre = (round((disc.x + 0.5) / factor - 0.5), round((disc.y + 0.5) / factor - 0.5))
        cv2.circle(free, centre, math.ceil((disc.radius + 2) / factor), 0, -1)
    for upright in (True, False):
        image, allowed = (small, free) if upright else (cv2.transpose(small), cv2.transpose(free))
        for box in _boxes(_even_and_changing(image, measure) & allowed, measure):
            yield Columns(*(factor * side for side in (box.top, box.bottom, box.left, box.right))), upright


def _even_and_changing(image: Pixels, measure: float) -> Pixels:
    """255 where an upright bar may be."""
    across = _largest_channel(cv2.absdiff(image[:, 1:], image[:, :-1]))
    even = cv2.copyMakeBorder((across <= EVEN).view(np.uint8), 0, 0, 0, 1, cv2.BORDER_CONSTANT, value=0)
    # Two neighbours that are even are three pixels of one colour.
    even = cv2.morphologyEx(even, cv2.MORPH_OPEN, np.ones((1, 2), np.uint8))
    half = max(4, round(WINDOW * measure / 2))
    along = _largest_channel(cv2.absdiff(image[2 * half :], image[: -2 * half]))
    changing = cv2.copyMakeBorder((along >= CHANGE).view(np.uint8), half, half, 0, 0, cv2.BORDER_CONSTANT, value=0)
    both = cv2.bitwise_and(even, changing)
    # What is lit for fewer rows is the edge of a box, or a letter's stroke.
    steady = cv2.morphologyEx(both, cv2.MORPH_OPEN, np.ones((5, 1), np.uint8))
    bridge = max(3, round(LONGEST_STEP * measure))
    closed = cv2.morphologyEx(steady, cv2.MORPH_CLOSE, np.ones((bridge, 1), np.uint8))
    return np.asarray(closed * np.uint8(255))


def _largest_channel(image: Pixels) -> Pixels:
    first, second, third = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(first, second), third))


def _boxes(mask: Pixels, measure: float) -> list[Columns]:
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found: list[tuple[int, Columns]] = []
    for left, top, width, height in map(cv2.boundingRect, outlines):
        if height >= max(SLENDER * width, SHORTEST * measure) and width >= 2:
            lit = mask[top : top + height, left : left + width] > 0
            if lit.mean() >= FILLED:
                found.append((int(lit.sum()), _core(lit, top, left)))
    return [box for _, box in sorted(found, key=lambda each: -each[0])[:MOST]]


def _core(lit: NDArray[np.bool_], top: int, left: int) -> Columns:
    """The columns that are lit over most of the height: at a bar's ends its surroundings may be lit as well."""
    counts = lit.sum(axis=0)
    columns = np.flatnonzero(counts >= 0.6 * counts.max())
    return Columns(top, top + len(lit), left + int(columns[0]), left + int(columns[-1]) + 1)
