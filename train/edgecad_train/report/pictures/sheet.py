"""A page of tiles placed in inches from the top left: heat maps side by side, with words and a key."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgecad.contract import Origin
from edgecad.picture.colours import LOWERED, RAISED
from edgecad_train.origin import origin_words
from edgecad_train.report.pictures.drawing import GREY, INK, RED, write_png

CAPTION = "raised / lowered the model's score; not uptake, ischaemia or an artery"


class Sheet:
    """A white page of a known size, inches; x to the right, y down."""

    def __init__(self, width: float, height: float) -> None:
        self._figure = Figure(figsize=(width, height))
        self._width, self._height = width, height
        # One set of axes in inches: a set for each tile costs more than the tile.
        self._axes = self._figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0, width), ylim=(height, 0))
        self._axes.set_axis_off()

    def tile(self, x: float, y: float, side: float, picture: NDArray[np.uint8]) -> None:
        """Put an RGB picture at (x, y)."""
        extent = (x, x + side, y + side, y)
        self._axes.imshow(picture, extent=extent, interpolation="antialiased", aspect="auto", origin="upper")
        # A picture would else take the whole page for itself.
        self._axes.set(xlim=(0, self._width), ylim=(self._height, 0))

    def words(self, x: float, y: float, text: str, size: float = 8.5, colour: str = INK, bold: bool = False) -> None:
        """Write lines of text, the first one's top left at (x, y); lines of one `y` share their baseline."""
        for number, line in enumerate(text.split("\n")):
            baseline = y + (0.95 + 1.4 * number) * size / 72
            self._axes.text(x, baseline, line, fontsize=size, color=colour, weight="bold" if bold else "normal")

    def key(self, y: float, full_scale: float | None, note: str = "") -> None:
        """Draw the key of the heat maps; its ends are logit units, or each model's own scale for None.

        A note stands under it.
        """
        width = min(3.2, self._width - 1.0)
        axes = self._axes.inset_axes(((self._width - width) / 2, y, width, 0.14), transform=self._axes.transData)
        limit = full_scale or 1.0
        mappable = ScalarMappable(Normalize(-limit, limit), heat_colours())
        bar = self._figure.colorbar(mappable, cax=axes, orientation="horizontal")
        ends = (f"\N{MINUS SIGN}{limit:.2g}", f"+{limit:.2g}") if full_scale else ("lowered", "raised")
        bar.set_ticks([-limit, 0, limit], labels=[ends[0], "0", ends[1]])
        axes.tick_params(length=0, labelsize=8.5, colors=INK)
        axes.spines[:].set_visible(False)
        unit = "logit units; " if full_scale else "full colour is each model's own scale\n"
        middle = self._width / 2
        words = f"{unit}{CAPTION}\n{note}".strip()
        self._axes.text(middle, y + 0.4, words, fontsize=8, color=GREY, va="top", ha="center")

    def save(self, path: Path, origin: Origin) -> Path:
        """Write a PNG, with the phantom line on top where it belongs."""
        if stamp := origin_words(origin):
            self._axes.text(self._width / 2, 0.08, stamp, color=RED, weight="bold", va="top", ha="center")
        return write_png(self._figure, path)


def heat_colours() -> LinearSegmentedColormap:
    """The runtime's colours of the heat map: from lowered, through grey, to raised."""
    ends = [tuple(channel / 255 for channel in colour) for colour in (LOWERED, (110, 110, 110), RAISED)]
    return LinearSegmentedColormap.from_list("score", ends)
