"""Shapes as coverage of pixels, from their signed distances: the same on every version of OpenCV.

Distances are in pixels, positive inside. Places are `(x, y)` arrays of the pixels' centres, as `places` gives them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Places = tuple[Floats, Floats]
Point = tuple[float, float]


def places(width: int, height: int) -> Places:
    """Centres of the pixels of a box: x `(1, width)` and y `(height, 1)`."""
    return (np.arange(width, dtype=np.float32) + 0.5)[None], (np.arange(height, dtype=np.float32) + 0.5)[:, None]


def covered(distance: NDArray[np.floating]) -> Floats:
    """Coverage, 0 to 1, of pixels at a distance within an edge."""
    return np.asarray(np.clip(distance + 0.5, 0, 1), np.float32)


def convex(at: Places, corners: Sequence[Point]) -> Floats:
    """Distance within a convex polygon, whose corners go clockwise on the screen. Its corners stay sharp."""
    x, y = at
    found: Floats | None = None
    for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
        length = float(np.hypot(x1 - x0, y1 - y0))
        side = np.asarray(((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / np.float32(length))
        found = side if found is None else np.minimum(found, side)
    assert found is not None  # noqa: S101 - a polygon has corners
    return found


def disc(at: Places, middle: Point, radius: float) -> Floats:
    """Distance within a disc."""
    x, y = at
    return np.asarray(radius - np.hypot(x - middle[0], y - middle[1]), np.float32)


def stroke(at: Places, start: Point, end: Point, width: float) -> Floats:
    """Distance within a straight line with round ends."""
    x, y = at
    along = (end[0] - start[0], end[1] - start[1])
    share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / (along[0] ** 2 + along[1] ** 2)
    share = np.clip(share, 0, 1)
    aside = np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1])
    return np.asarray(width / 2 - aside, np.float32)


def outline(distance: NDArray[np.floating], width: float) -> Floats:
    """Distance within a line of that width along a shape's edge, on its inner side."""
    return np.asarray(np.minimum(distance, width - distance), np.float32)


def slanted(at: Places, period: float, share: float = 0.5) -> Floats:
    """Distance within stripes that rise to the right.

    Args:
        period: from stripe to stripe, pixels, across them.
        share: of the period that a stripe takes.
    """
    x, y = at
    across = (x + y) / np.float32(np.sqrt(2))
    phase = across % np.float32(period)
    return np.asarray(period * share / 2 - np.abs(phase - period / 2), np.float32)


def sectors(at: Places, middle: Point, count: int, share: float) -> NDArray[np.bool_]:
    """Which pixels lie in one of `count` sectors around a middle, each `share` of the way to the next one."""
    x, y = at
    turn = np.arctan2(y - middle[1], x - middle[0]) / (2 * np.pi) * count + share / 2
    return np.asarray(turn % 1 < share)
