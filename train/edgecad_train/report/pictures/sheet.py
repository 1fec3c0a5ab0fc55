"""A page of tiles placed in inches from the top left: heat maps side by side, with words and a key."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgecad.contract import Origin
from edgecad.picture.cells import colour_key, enlarged_picture
from edgecad.picture.colours import STEPS
from edgecad_train.origin import origin_words
from edgecad_train.report.pictures.drawing import DPI, GREY, INK, RED, write_png

CAPTION = (
    "amber + raised, blue \N{MINUS SIGN} lowered the model's score; outlined: activated region\n"
    "not uptake, ischaemia or an artery"
)
KEY = (4.05, 0.3)
"""Width and height of the key, inches."""


def pixels(inches: float) -> int:
    """How many pixels of the page that is."""
    return round(inches * DPI)


class Sheet:
    """A white page of a known size, inches; x to the right, y down."""

    def __init__(self, width: float, height: float) -> None:
        self._width, self._height = pixels(width) / DPI, pixels(height) / DPI
        self._figure = Figure(figsize=(self._width, self._height))
        # One set of axes in inches: a set for each tile costs more than the tile.
        self._axes = self._figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0, self._width), ylim=(self._height, 0))
        self._axes.set_axis_off()

    def tile(self, x: float, y: float, side: float, picture: NDArray[np.uint8]) -> None:
        """Put an RGB picture at (x, y), each pixel of a picture of `pixels(side)` on one of the page."""
        self._put(x, y, enlarged_picture(picture, pixels(side)))

    def _put(self, x: float, y: float, picture: NDArray[np.uint8]) -> None:
        left, top = pixels(x) / DPI, pixels(y) / DPI
        height, width = (side / DPI for side in picture.shape[:2])
        extent = (left, left + width, top + height, top)
        self._axes.imshow(picture, extent=extent, interpolation="nearest", aspect="auto", origin="upper")
        # A picture would else take the whole page for itself.
        self._axes.set(xlim=(0, self._width), ylim=(self._height, 0))

    def words(self, x: float, y: float, text: str, size: float = 8.5, colour: str = INK, bold: bool = False) -> None:
        """Write lines of text, the first one's top left at (x, y); lines of one `y` share their baseline."""
        for number, line in enumerate(text.split("\n")):
            baseline = y + (0.95 + 1.4 * number) * size / 72
            self._axes.text(x, baseline, line, fontsize=size, color=colour, weight="bold" if bold else "normal")

    def key(self, y: float, full_scale: float | None, note: str = "") -> None:
        """Draw the key of the heat maps: from where on a cell has which colour, in logit units.

        For None in shares of each model's own full scale. A note stands under it.
        """
        width, height = KEY[0] * min(1.0, (self._width - 0.4) / KEY[0]), KEY[1]
        left = (self._width - width) / 2
        key = colour_key(pixels(width), pixels(height))
        self._put(left, y, key)
        steps = (*(-step for step in reversed(STEPS)), 0.0, *STEPS)
        for place, step in enumerate(steps):
            middle = left + (place + 0.5) * width / len(steps)
            self._axes.text(
                middle, y + height + 0.04, _step(step, full_scale), fontsize=7, color=INK, va="top", ha="center"
            )
        unit = "logit units, from which on" if full_scale else "shares of each model's own full scale, from which on"
        words = f"{unit} a cell has its colour\n{CAPTION}\n{note}".strip()
        self._axes.text(self._width / 2, y + height + 0.2, words, fontsize=8, color=GREY, va="top", ha="center")

    def save(self, path: Path, origin: Origin) -> Path:
        """Write a PNG, with the phantom line on top where it belongs."""
        if stamp := origin_words(origin):
            self._axes.text(self._width / 2, 0.08, stamp, color=RED, weight="bold", va="top", ha="center")
        return write_png(self._figure, path)


def _step(step: float, full_scale: float | None) -> str:
    """A step of the key, in logit units or as a share."""
    if step == 0:
        return "less"
    sign = "+" if step > 0 else "\N{MINUS SIGN}"
    return f"{sign}{abs(step) * full_scale:.2g}" if full_scale else f"{sign}{Fraction(abs(step))}"
