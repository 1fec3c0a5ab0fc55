"""Other pictures that stand on the same ground as the one map."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.objections import Objections
from edgecad.polarmap.search.circle import WANTED, Disc
from edgecad.polarmap.search.dark import LETTER, SECOND_PICTURE, SLICE, SLICES, compact_side
from edgecad.polarmap.search.grounds import Colour, near_colour

Pixels = NDArray[np.uint8]

STANDS_OUT = 24
"""Grey levels from the ground, in any channel, from which something stands on it."""
EVEN_ACROSS = 5.0
"""Grey levels: mean deviation across a colour bar, each row of which has one colour. Pictures vary both ways."""
KINDS_OF_COLOUR = 6
"""Colours, in cells of 32 levels, from which a shape is a picture; buttons, icons of text and panels have fewer."""


def object_to_pictures_beside(small: Pixels, factor: int, disc: Disc, ground: Colour, objections: Objections) -> None:
    """Object to compact pictures on the ground of `disc`, told in pixels of the screen; `small` is it reduced."""
    x, y, radius = (disc.x + 0.5) / factor - 0.5, (disc.y + 0.5) / factor - 0.5, disc.radius / factor
    around = _ground_around(small, x, y, radius, ground)
    shapes, _ = cv2.findContours(around, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[:2]
    sides = []
    for shape in shapes:
        side = compact_side(shape)
        if side > max(LETTER * max(small.shape[:2]), SLICE * 2 * radius) and not _holds(shape, x, y, radius):
            sides += [side / (2 * radius)] * _is_picture(small, shape)
    if any(side > SECOND_PICTURE for side in sides) or len(sides) >= SLICES:
        objections.against(
            "several-maps",
            f"other pictures stand beside the disc; {WANTED}, alone, or --map 1/1 where they are no polar maps",
        )


def _ground_around(small: Pixels, x: float, y: float, radius: float, ground: Colour) -> Pixels:
    """255 where something stands inside the ground that the disc stands on, but for the disc itself."""
    off = cv2.morphologyEx(255 - near_colour(small, ground, STANDS_OUT), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    cv2.circle(off, (round(x), round(y)), int(np.ceil(radius * 1.04)) + 1, 255, -1)
    _, labels = cv2.connectedComponents(255 - off, connectivity=4)
    angles = np.radians(np.arange(0, 360, 2))
    columns = np.rint(x + np.cos(angles) * (radius * 1.04 + 3)).astype(int).clip(0, small.shape[1] - 1)
    rows = np.rint(y + np.sin(angles) * (radius * 1.04 + 3)).astype(int).clip(0, small.shape[0] - 1)
    own = np.unique(labels[rows, columns])
    region = np.isin(labels, own[own > 0]).view(np.uint8)
    outer, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(region), outer, -1, 255, -1)
    inside = cv2.bitwise_and(filled, off)
    cv2.circle(inside, (round(x), round(y)), int(np.ceil(radius * 1.04)) + 1, 0, -1)
    return np.asarray(inside)


def _holds(shape: NDArray[np.int32], x: float, y: float, radius: float) -> bool:
    left, top, width, height = cv2.boundingRect(shape)
    across = left < x - radius / 2 and left + width > x + radius / 2
    return bool(across and top < y - radius / 2 and top + height > y)


def _is_picture(small: Pixels, shape: NDArray[np.int32]) -> bool:
    """Whether a shape holds as many colours as a picture does."""
    left, top, width, height = cv2.boundingRect(shape)
    part = np.ascontiguousarray(small[top : top + height, left : left + width])
    if _is_bar(part):
        return False
    counts = cv2.calcHist([part], [0, 1, 2], None, [8] * 3, [0, 256] * 3)
    return int((counts > 0.02 * width * height).sum()) >= KINDS_OF_COLOUR


def _is_bar(part: Pixels) -> bool:
    """Whether a shape is a piece of a colour bar: its inner part is even in one direction."""
    height, width = part.shape[:2]
    inner = part[height // 6 : height - height // 6, width // 6 : width - width // 6].astype(np.float32)
    return bool(min(inner.std(axis=0).mean(), inner.std(axis=1).mean()) < EVEN_ACROSS)
