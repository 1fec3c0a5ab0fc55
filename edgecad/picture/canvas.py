"""What pictures are painted on: places and sizes in units of a page of 1600 x 900, at any scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgecad.errors import UsageError
from edgecad.picture.colours import GROUND, Colour
from edgecad.picture.letters import coverage, width_of
from edgecad.picture.shapes import Places, covered, places, slanted

Pixels = NDArray[np.uint8]
WIDTH, HEIGHT = 1600, 900
"""Units."""
SCALES = (0.25, 8.0)
"""Smallest and largest: pixels a unit."""


@dataclass(frozen=True)
class Canvas:
    """A picture while it is painted. Places and sizes are units; alphas are pixels.

    Attributes:
        pixels: `(height, width, 3)` uint8 RGB.
        scale: pixels a unit.
    """

    pixels: Pixels
    scale: float

    def at(self, units: float) -> int:
        """Pixels, rounded."""
        return round(units * self.scale)

    def box(self, x: float, y: float, width: float, height: float) -> tuple[slice, slice]:
        """Rows and columns of a box."""
        return slice(self.at(y), self.at(y + height)), slice(self.at(x), self.at(x + width))

    def fill(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Paint a box."""
        part = self.pixels[self.box(x, y, width, height)]
        part[:] = np.tile(np.array(colour, np.uint8), (part.shape[1], 1))  # rows are copied faster than pixels

    def frame(self, x: float, y: float, width: float, height: float, thick: float, colour: Colour) -> None:
        """Paint a line inside of a box's edge; of a box that is narrower than two lines all."""
        thick = min(thick, width / 2, height / 2)
        for part in (
            (x, y, width, thick),
            (x, y + height - thick, width, thick),
            (x, y, thick, height),
            (x + width - thick, y, thick, height),
        ):
            self.fill(*part, colour)

    def put(self, x: float, y: float, picture: Pixels) -> None:
        """Lay a picture in pixels on the canvas."""
        top, left = self.at(y), self.at(x)
        self.pixels[top : top + picture.shape[0], left : left + picture.shape[1]] = picture

    def paint(self, x: float, y: float, alpha: NDArray[np.floating], colour: Colour) -> None:
        """Paint where `alpha` `(h, w)` says, 0 to 1, from a place on; what lies beyond the canvas is left out."""
        self._blend(self.at(x), self.at(y), alpha, colour)

    def places(self, width: float, height: float) -> Places:
        """Centres of the pixels of a box, from its corner."""
        return places(self.at(width), self.at(height))

    def hatch(self, x: float, y: float, width: float, height: float, period: float, colour: Colour) -> None:
        """Stripe a box; stripes of neighbouring boxes run on."""
        rows, columns = self.box(x, y, width, height)
        if rows.start < rows.stop and columns.start < columns.stop:
            across = (np.arange(columns.start, columns.stop, dtype=np.float32) + 0.5)[None]
            down = (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5)[:, None]
            alpha = covered(slanted((across, down), period * self.scale))
            self._blend(columns.start, rows.start, alpha, colour)

    def write(
        self,
        words: str,
        x: float,
        baseline: float,
        size: float,
        colour: Colour,
        *,
        bold: bool = False,
        align: Literal["left", "middle", "right"] = "left",
    ) -> float:
        """Write a line of text at, around or up to `x`; where it ends."""
        width = width_of(words, size, bold=bold)
        start = x - {"left": 0.0, "middle": width / 2, "right": width}[align]
        stroke = coverage(words, size * self.scale, bold=bold)
        self._blend(
            self.at(start) + stroke.left, self.at(baseline) - stroke.top, stroke.alpha / np.float32(255), colour
        )
        return start + width

    def _blend(self, left: int, top: int, alpha: NDArray[np.floating], colour: Colour) -> None:
        rows = slice(max(top, 0), max(top + alpha.shape[0], 0))
        columns = slice(max(left, 0), max(left + alpha.shape[1], 0))
        part = self.pixels[rows, columns]
        alpha = alpha[rows.start - top :, columns.start - left :][: part.shape[0], : part.shape[1], None]
        part[:] = np.rint(part + alpha * (np.array(colour, np.float32) - part))


def new_canvas(scale: float) -> Canvas:
    """An empty page.

    Raises:
        UsageError: the scale is no number within 0.25 to 8.
    """
    low, high = SCALES
    if not (math.isfinite(scale) and low <= scale <= high):
        raise UsageError(f"a picture at a scale of {scale}; {low:g} to {high:g} wanted")
    canvas = Canvas(np.empty((round(HEIGHT * scale), round(WIDTH * scale), 3), np.uint8), scale)
    canvas.fill(0, 0, WIDTH, HEIGHT, GROUND)
    return canvas
