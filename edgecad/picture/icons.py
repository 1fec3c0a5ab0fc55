"""The icon of a picture: its shape says the answer before any colour does."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgecad.picture.canvas import Canvas
from edgecad.picture.colours import GROUND, HATCH, INK, LOWERED, RAISED, Colour
from edgecad.picture.shapes import Floats, Places, convex, covered, disc, outline, places, sectors, slanted, stroke

Shape = Literal["above", "below", "uncertain", "refused"]
Layers = Iterator[tuple[NDArray[np.floating], Colour]]

SIDE = 128
"""Units."""
HALF: Colour = (70, 74, 81)
"""Of the half diamond."""
PIECES = 10
"""Of a broken ring."""


def draw_icon(canvas: Canvas, x: float, y: float, shape: Shape, *, trusted: bool) -> None:
    """Draw an icon of 128 x 128 units.

    Args:
        trusted: whether the answer has its colour; one that was forced, or of a model that is not proven, is hatched
            or broken, and white.
    """
    for alpha, colour in _layers(shape, trusted, canvas.at(SIDE)):
        canvas.paint(x, y, alpha, colour)


@lru_cache(maxsize=16)
def _layers(shape: Shape, trusted: bool, pixels: int) -> tuple[tuple[Floats, Colour], ...]:
    unit = pixels / SIDE
    draw = {"above": _square, "below": _ring, "uncertain": _diamond, "refused": _crossed}[shape]
    return tuple(
        (np.asarray(alpha, np.float32), colour) for alpha, colour in draw(places(pixels, pixels), unit, trusted)
    )


def _square(at: Places, unit: float, trusted: bool) -> Layers:
    """A filled square, or a hatched one, with a triangle that points up."""
    whole = convex(at, [(0, 0), (SIDE * unit, 0), (SIDE * unit, SIDE * unit), (0, SIDE * unit)])
    if trusted:
        yield covered(whole), RAISED
        yield covered(_triangle(at, unit, (64, 20), 48, 84)), GROUND
        return
    triangle = _triangle(at, unit, (64, 34), 36, 64)
    yield covered(whole) * covered(slanted(at, 18 * unit)), HATCH
    yield covered(triangle + 8 * unit), GROUND
    yield covered(outline(whole, 7 * unit)), INK
    yield covered(triangle), INK


def _ring(at: Places, unit: float, trusted: bool) -> Layers:
    """A ring, or a broken one, with a hollow triangle that points down."""
    ring = covered(outline(disc(at, (64 * unit, 64 * unit), 64 * unit), 9 * unit))
    if not trusted:
        ring = ring * sectors(at, (64 * unit, 64 * unit), PIECES, 0.66)
    colour = LOWERED if trusted else INK
    yield ring, colour
    yield covered(outline(_triangle(at, unit, (64, 100), 34, -58), 7 * unit)), colour


def _diamond(at: Places, unit: float, trusted: bool) -> Layers:
    """A diamond with one half filled, or hatched, and a question mark."""
    middle, x = 64 * unit, at[0]
    whole = convex(at, [(middle, 0), (2 * middle, middle), (middle, 2 * middle), (0, middle)])
    right = covered(np.minimum(whole, x - middle))
    edge = covered(outline(whole, 7 * unit))
    if trusted:
        yield right, HALF
    else:
        yield right * covered(slanted(at, 18 * unit)), HATCH
        edge = edge * sectors(at, (middle, middle), 4 * 5, 0.7)
    yield edge, INK
    yield from _question_mark(at, unit)


def _question_mark(at: Places, unit: float) -> Layers:
    """A hook of straight pieces, a stem and a dot, with a dark edge so that it stands before any half."""
    corners = _hook()
    pieces = [stroke(at, (a * unit, b * unit), (c * unit, d * unit), 10 * unit) for (a, b), (c, d) in pairwise(corners)]
    mark = np.maximum.reduce([*pieces, disc(at, (64 * unit, 90 * unit), 7 * unit)])
    yield covered(mark + 5 * unit), GROUND
    yield covered(mark), INK


def _hook() -> list[tuple[float, float]]:
    """Corners of the hook: most of a circle, then down to the stem; units."""
    angles = np.deg2rad(np.linspace(190, 410, 12))
    round_part = [(64 + 14 * float(np.cos(a)), 50 + 14 * float(np.sin(a))) for a in angles]
    return [*round_part, (64, 67), (64, 73)]


def _crossed(at: Places, unit: float, trusted: bool) -> Layers:
    """An empty box with a cross."""
    whole = convex(at, [(0, 0), (SIDE * unit, 0), (SIDE * unit, SIDE * unit), (0, SIDE * unit)])
    yield covered(outline(whole, 8 * unit)), INK
    for start, end in (((34, 34), (94, 94)), ((94, 34), (34, 94))):
        yield covered(stroke(at, (start[0] * unit, start[1] * unit), (end[0] * unit, end[1] * unit), 13 * unit)), INK


def _triangle(at: Places, unit: float, tip: tuple[float, float], half: float, high: float) -> Floats:
    """Distance within a triangle from its tip; its base lies `high` units below the tip, or above it if negative."""
    x, y = tip
    corners = [(x, y), (x + half, y + high), (x - half, y + high)]
    if high < 0:
        corners = [corners[0], corners[2], corners[1]]
    return convex(at, [(a * unit, b * unit) for a, b in corners])
