"""The square around a disc, and which of its pixels belong to the disc."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Crop
from edgecad.polarmap.disc import Disc, block_means

Pixels = NDArray[np.uint8]

SIDE = 256
"""Side of the square on which what lies over the map is found and the map is judged, pixels."""


def square_around(screen: Pixels, disc: Disc, side: int) -> Pixels:
    """The bounding square of the disc at `side` pixels: whole blocks averaged, then, within a factor of 2, linear.

    Every pixel counts, as when areas are averaged, in a fifth of the time. What lies beyond the screen is black.
    """
    factor = max(1, int(2 * disc.radius / side))
    left, top = (max(int(centre - disc.radius) - factor, 0) for centre in (disc.x, disc.y))
    length = (int(2 * disc.radius / factor) + 4) * factor
    part = screen[top : top + length, left : left + length]
    # At the screen's end a last block may be short of pixels.
    lacking = [-side_of_part % factor for side_of_part in part.shape[:2]]
    if any(lacking):
        part = cv2.copyMakeBorder(part, 0, lacking[0], 0, lacking[1], cv2.BORDER_REPLICATE)
    blocks = block_means(part, factor)
    # Block i has its centre at pixel (i + 1/2) * factor - 1/2 of the part.
    x, y = ((centre + 0.5) / factor - 0.5 for centre in (disc.x - left, disc.y - top))
    scale = 2 * disc.radius / side / factor
    first = scale * (side - 1) / 2
    taken_from = np.array([[scale, 0.0, x - first], [0.0, scale, y - first]])
    square: Pixels = cv2.warpAffine(blocks, taken_from, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return square


def disc_within(side: int, disc: Disc) -> NDArray[np.bool_]:
    """The disc's square of `side` pixels without the rim, `(side, side)`."""
    return disc_mask(side, shrink=rim_width(side, disc))


def rim_width(side: int, disc: Disc) -> float:
    """How wide the rim is whose pixels are half ground: one and a half pixels of the screen, and one of the square."""
    return 1.0 + 1.5 * side / (2 * disc.radius)


def disc_mask(side: int, shrink: float = 0.0) -> NDArray[np.bool_]:
    """True on the inscribed disc of a square of `side` pixels, its radius less `shrink` pixels."""
    axis = np.arange(side) - (side - 1) / 2
    return np.asarray(axis[:, None] ** 2 + axis[None, :] ** 2 <= (side / 2 - shrink) ** 2)


@lru_cache(maxsize=8)
def input_mask(side: int, crop: Crop) -> NDArray[np.bool_]:
    """Where a prepared image of `side` pixels holds picture, `(side, side)`: its disc but for the rim, or all of it.

    Kept: do not write to it.
    """
    return disc_mask(side, shrink=2.0) if crop == "polar-map" else np.ones((side, side), np.bool_)
