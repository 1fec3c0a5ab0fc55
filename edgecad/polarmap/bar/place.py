"""Where a bar stands, and a look at the screen in which every bar is upright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
End = Literal["bottom", "top", "left", "right"]
"""An end of a bar: the first two of an upright one, the others of one that lies."""


@dataclass(frozen=True)
class BarPlace:
    """A bar's rectangle on the screen, pixels, without its frame; `upright`: its colours change downwards."""

    x: int
    y: int
    width: int
    height: int
    upright: bool

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.width},{self.height}"

    @property
    def ends(self) -> tuple[End, End]:
        """Its first end, at the smaller coordinate, and its last."""
        return ("top", "bottom") if self.upright else ("left", "right")

    @property
    def length(self) -> int:
        """Along its colours, pixels."""
        return self.height if self.upright else self.width


@dataclass(frozen=True)
class Columns:
    """A box of rows and columns of a screen that was turned so that the bar is upright; ends are exclusive."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def length(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def thickness(self) -> int:
        """Columns."""
        return self.right - self.left

    def on_screen(self, upright: bool) -> BarPlace:
        """The same in the screen's own coordinates."""
        if upright:
            return BarPlace(self.left, self.top, self.thickness, self.length, True)
        return BarPlace(self.top, self.left, self.length, self.thickness, False)


def turned(screen: Pixels, upright: bool) -> Pixels:
    """The screen itself, or with rows and columns exchanged: a bar that lies stands in it, its left end on top."""
    return screen if upright else screen.transpose(1, 0, 2)


def distance(colours: NDArray[np.generic], other: NDArray[np.generic]) -> Floats:
    """Largest difference of the three channels, grey levels, over the last axis."""
    difference = np.asarray(colours, np.float64) - np.asarray(other, np.float64)
    return np.asarray(np.abs(difference).max(axis=-1))
