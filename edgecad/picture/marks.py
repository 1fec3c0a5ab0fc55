"""What of a heat map is told without a colour: signs of cells, and outlines of regions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.grid import cell_of, on_pixels
from edgecad.answer.heatmap import cell_coverage
from edgecad.picture.colours import BLACK, INK

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]

LEAST_SIGN = 7
"""Length of a sign below which plus and minus are not told apart, pixels."""
LEAST_PITCH = 22
"""Distance between signs below which they are thinned out, pixels."""
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
FINE = ((2, 1), (1, 1), (1, 0))
"""Widths of an outline and of the dark lines beside it, pixels, where the rim leaves too little for wider ones."""
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

    Each group of cells that touch by a side, of one direction, has at least one, if any of its cells has the room. An
    outlined group that has none is told by its outline.

    Args:
        values: `(h, w)`; their signs are drawn.
        signed: `(h, w)`, which cells are to have one.
        strong: `(h, w)`, which of them are outlined: they have a large one, if it does not lie on the outline.
        visible: `(height, width)`, what is seen of the cells.
    """
    cell = min(pixels / cells for pixels, cells in zip(visible.shape, values.shape, strict=True))
    every = math.ceil(LEAST_PITCH / cell)
    lattice = np.zeros(values.shape, np.bool_)
    lattice[(every - 1) // 2 :: every, (every - 1) // 2 :: every] = True
    places = {where: _place(visible, values.shape, where) for where in zip(*np.nonzero(signed), strict=True)}
    longest = np.zeros(values.shape)
    line, edge = _widths(visible.shape, values.shape)
    edged = strong & (cv2.erode(np.pad(strong.view(np.uint8), 1), CROSS)[1:-1, 1:-1] == 0)
    for where, (_, room) in places.items():
        longest[where] = LONGEST_SIGN * room if room < cell - 1 else max(LEAST_SIGN, LONGEST_SIGN * room)
        if edged[where]:
            # A cell that the rim cuts may have a finer outline.
            outline = line + 2 * edge if room >= cell - 1 else 3
            longest[where] = min(longest[where], room - 2 * outline - 2)
    roomy = longest >= LEAST_SIGN
    for plus in (True, False):
        own = signed & ((values > 0) == plus)
        taken = (own & roomy & lattice) | _first_of_groups(np.where(roomy, np.abs(values), -1), own, roomy & lattice)
        for where in zip(*np.nonzero(taken & roomy), strict=True):
            length = min((STRONG_SIGN if strong[where] else WEAK_SIGN) * cell * every, float(longest[where]))
            yield Sign(*places[where][0], plus, max(LEAST_SIGN, round(length)))


def _place(visible: Mask, cells: tuple[int, ...], where: tuple[np.intp, np.intp]) -> tuple[tuple[float, float], float]:
    """The middle of the largest square in what is seen of a cell, row and column, and its side; pixels."""
    (top, bottom), (left, right) = (
        np.flatnonzero(cell_of(pixels, count) == number)[[0, -1]]
        for pixels, count, number in zip(visible.shape, cells, where, strict=True)
    )
    part = visible[top : bottom + 1, left : right + 1]
    if part.all():
        return (float(top + bottom + 1) / 2, float(left + right + 1) / 2), float(min(part.shape))
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
    usual = _widths(panel.shape, cells.shape)
    widths = [usual, *(narrower for narrower in FINE if narrower[0] < usual[0]), FINE[-1]]
    fitting = np.zeros(cells.shape, np.intp) if within is None else _fitting(cells, within, widths)
    for number, pair in enumerate(widths):
        part = cells & (fitting == number)
        if part.any():
            _outline(panel, part, within, pair, dashed=dashed)


def _widths(pixels: tuple[int, ...], cells: tuple[int, ...]) -> tuple[int, int]:
    """Of an outline, and of each dark line beside it, pixels."""
    cell = min(side / count for side, count in zip(pixels, cells, strict=False))
    line = max(1, min(round(max(pixels[:2]) / 130), round(cell / 9)))
    return line, max(1, line // 2)


def _fitting(cells: Mask, within: Floats, widths: Sequence[tuple[int, int]]) -> NDArray[np.intp]:
    """Which widths each cell's group has, `(h, w)`: the first that leaves half of what is seen of it to its colour."""
    found = np.zeros(cells.shape, np.intp)
    count, groups = cv2.connectedComponents(cells.view(np.uint8), connectivity=4)
    for group in range(1, count):
        own = groups == group
        if not (own & (cell_coverage(*cells.shape) == 1)).any():
            room = float(np.minimum(_depth(own, *within.shape), within).max())
            fits = (number for number, (line, edge) in enumerate(widths) if 2 * (line + 2 * edge) <= room)
            found[own] = next(fits, len(widths) - 1)
    return found


def _outline(panel: Pixels, cells: Mask, within: Floats | None, widths: tuple[int, int], *, dashed: bool) -> None:
    """`widths` are those of the white line and of each dark one beside it, pixels."""
    depth = _depth(cells, *panel.shape[:2])
    rim = None if within is None else within < depth
    if within is not None:
        depth = np.minimum(within, depth)
    line, edge = widths
    where = np.nonzero((depth > -0.5) & (depth < line + 2 * edge + 0.5))
    white = _white(cells.shape, rim, panel.shape, line + edge)[where] if dashed else 1.0
    dark, light = _between(depth[where], 0, line + 2 * edge), _between(depth[where], edge, line + edge) * white
    # The dark line first, the white one over it.
    mixed = panel[where] * (1 - dark)[:, None] * (1 - light)[:, None] + light[:, None] * np.array(INK)
    panel[where] = np.rint(mixed)


def _white(cells: tuple[int, ...], rim: Mask | None, pixels: tuple[int, ...], half: int) -> Mask:
    """Where a dashed line is white, `(height, width)`; where `rim` says so it runs along the disc's rim."""
    height, width = pixels[:2]
    straight = _dashes(height, cells[0], half)[:, None] & _dashes(width, cells[1], half)
    return straight if rim is None else np.where(rim, _round_dashes(height, width, half), straight)


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
