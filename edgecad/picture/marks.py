"""What of a heat map is told without a colour: signs of cells, and outlines of regions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.grid import cell_of, on_pixels
from edgecad.picture.colours import BLACK, INK

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]

LEAST_SIGN = 7
"""Length of a sign below which plus and minus are not told apart, pixels."""
LEAST_PITCH = 22
"""Distance between signs below which they are thinned out, pixels."""
WEAK_SIGN, STRONG_SIGN, LONGEST_SIGN = 0.30, 0.44, 0.62
"""Length of a sign as a share of the distance between signs: of most cells, and of outlined ones; and, as a share of
what is seen of its cell, the longest."""


@dataclass(frozen=True)
class Sign:
    """A plus or a minus on a cell.

    Attributes:
        row, column: of its middle, pixels.
        plus: whether the cell raised the score.
        length: pixels.
    """

    row: float
    column: float
    plus: bool
    length: int


def signs_for(values: Floats, signed: Mask, strong: Mask, visible: Mask) -> Iterator[Sign]:
    """Where signs stand: on every cell with room for one, or, where cells are small, on a lattice of them.

    Each group of cells that touch by a side, of one direction, has at least one, if any of its cells has the room.

    Args:
        values: `(h, w)`; their signs are drawn.
        signed: `(h, w)`, which cells are to have one.
        strong: `(h, w)`, which of them have a large one.
        visible: `(height, width)`, what is seen of the cells.
    """
    cell = min(pixels / cells for pixels, cells in zip(visible.shape, values.shape, strict=True))
    every = math.ceil(LEAST_PITCH / cell)
    lattice = np.zeros(values.shape, np.bool_)
    lattice[(every - 1) // 2 :: every, (every - 1) // 2 :: every] = True
    places = {where: _place(visible, values.shape, where) for where in zip(*np.nonzero(signed), strict=True)}
    roomy = np.zeros(values.shape, np.bool_)
    for where, (_, room) in places.items():
        roomy[where] = LONGEST_SIGN * room >= LEAST_SIGN or room >= cell - 1
    for plus in (True, False):
        own = signed & ((values > 0) == plus)
        taken = (own & roomy & lattice) | _first_of_groups(np.where(roomy, np.abs(values), -1), own, roomy & lattice)
        for where in zip(*np.nonzero(taken & roomy), strict=True):
            (row, column), room = places[where]
            length = min((STRONG_SIGN if strong[where] else WEAK_SIGN) * cell * every, LONGEST_SIGN * room)
            yield Sign(row, column, plus, max(LEAST_SIGN, round(length)))


def _place(visible: Mask, cells: tuple[int, ...], where: tuple[np.intp, np.intp]) -> tuple[tuple[float, float], float]:
    """The middle of the largest square in what is seen of a cell, row and column, and its side; pixels."""
    (top, bottom), (left, right) = (
        np.flatnonzero(cell_of(pixels, count) == number)[[0, -1]]
        for pixels, count, number in zip(visible.shape, cells, where, strict=True)
    )
    part = visible[top : bottom + 1, left : right + 1]
    if part.all():
        return ((top + bottom + 1) / 2, (left + right + 1) / 2), float(min(part.shape))
    far = cv2.distanceTransform(np.pad(part.view(np.uint8), 1), cv2.DIST_C, 3)[1:-1, 1:-1]
    down, across = np.nonzero(far == far.max())
    return (top + down.mean() + 0.5, left + across.mean() + 0.5), 2.0 * float(far.max()) - 1


def _first_of_groups(sizes: Floats, own: Mask, lattice: Mask) -> Mask:
    """The strongest cell of each group that the lattice leaves without a sign."""
    found = np.zeros(own.shape, np.bool_)
    count, groups = cv2.connectedComponents(own.view(np.uint8), connectivity=4)
    for group in range(1, count):
        cells = groups == group
        if not (cells & lattice).any():
            found.ravel()[np.where(cells, sizes, -1).argmax()] = True
    return found


def draw_sign(panel: Pixels, sign: Sign) -> None:
    """Draw a sign in white with a dark edge."""
    thickness = max(1, round(sign.length / 5))
    length = sign.length + (sign.length - thickness) % 2  # or the two bars of a plus would not share their middle
    edge = 1 if length < 20 else 2
    bars = [(thickness, length)] + ([(length, thickness)] if sign.plus else [])
    for beyond, colour in ((edge, BLACK), (0, INK)):
        for bar in bars:
            top, left = round(sign.row - bar[0] / 2) - beyond, round(sign.column - bar[1] / 2) - beyond
            bottom, right = top + bar[0] + 2 * beyond, left + bar[1] + 2 * beyond
            panel[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = colour


def draw_outline(panel: Pixels, cells: Mask, within: Floats | None, *, dashed: bool) -> None:
    """Outline a region of cells `(h, w)` along its edge, on its own side of it: a white line between dark ones.

    Args:
        within: `(height, width)`, how far within the disc each pixel lies, pixels; the outline follows the rim. None:
            there is no disc.
        dashed: the white line; the dark ones go all the way round.
    """
    if not cells.any():
        return
    height, width = panel.shape[:2]
    cell = min(height / cells.shape[0], width / cells.shape[1])
    line = max(1, min(round(max(height, width) / 130), round(cell / 9)))
    edge = max(1, line // 2)
    depth = _depth(cells, height, width)
    white = np.ones((height, width), np.bool_)
    if dashed:
        white = _dashes(height, cells.shape[0], line + edge)[:, None] & _dashes(width, cells.shape[1], line + edge)
    if within is not None:
        rim = within < depth
        if dashed:
            white = np.where(rim, _round_dashes(height, width, line + edge), white)
        depth = np.where(rim, within, depth)
    where = np.nonzero((depth > -0.5) & (depth < line + 2 * edge + 0.5))
    deep = depth[where]
    dark, light = _between(deep, 0, line + 2 * edge), _between(deep, edge, line + edge) * white[where]
    # The dark line first, the white one over it.
    mixed = panel[where] * (1 - dark)[:, None] * (1 - light)[:, None] + light[:, None] * np.array(INK)
    panel[where] = np.rint(mixed)


def _depth(cells: Mask, height: int, width: int) -> Floats:
    """How far within the region each pixel's centre lies, pixels, by rows or columns; below zero outside."""
    filled = np.pad(on_pixels(cells, height, width).view(np.uint8), 1)
    # Beyond the panel nothing is filled, so that the outline closes there.
    return np.asarray(cv2.distanceTransform(filled, cv2.DIST_C, 3)[1:-1, 1:-1]) - np.float32(0.5)


def _between(depth: Floats, low: float, high: float) -> Floats:
    """How much of each pixel lies between two depths, 0 to 1."""
    return np.asarray(np.clip(depth - low + 0.5, 0, 1) * np.clip(high - depth + 0.5, 0, 1))


def _dashes(pixels: int, cells: int, half: float) -> Mask:
    """Which pixels of a side lie on a dash, `(pixels,)`. Each corner of a cell is the middle of one.

    A dash is at least as long as the line is deep: so a pixel is on one along its own edge if it is by row and column.
    """
    place = (np.arange(pixels) + 0.5) * cells / pixels
    each = max(1, int(pixels / cells / (3.3 * half)))
    phase = (place * each + 0.5) % 1 - 0.5
    return np.asarray(np.abs(phase) * pixels / cells / each <= half)


def _round_dashes(height: int, width: int, half: float) -> Mask:
    """Which pixels lie on a dash of the rim, `(height, width)`."""
    y, x = (np.arange(side) - (side - 1) / 2 for side in (height, width))
    each = max(4, int(np.pi * min(height, width) / (3.3 * half)))
    phase = np.arctan2(y[:, None], x) / (2 * np.pi) * each % 1
    return np.asarray(phase < 2 / 3.3)
