"""Colour tables: from percent of maximum to RGB. Data, drawn for EdgeCAD, after habits of the field."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from edgecad.errors import UsageError

ControlPoint = tuple[float, int, int, int]


@dataclass(frozen=True)
class Palette:
    """A continuous colour table: points of (percent of maximum, red, green, blue), rising from 0 to 100."""

    name: str
    points: tuple[ControlPoint, ...]

    def __post_init__(self) -> None:
        """Refuse a table that does not cover 0 to 100 percent in rising order."""
        percents = [point[0] for point in self.points]
        if percents[0] != 0 or percents[-1] != 100 or percents != sorted(set(percents)):
            raise ValueError(f"palette {self.name!r}: percents {percents}, wanted 0 rising to 100")


_ALL = (
    # Low is purple on black, then red, orange, yellow and white: as on the screens of the paper's kind.
    Palette(
        "warm",
        (
            (0, 0, 0, 0),
            (12, 26, 8, 62),
            (28, 96, 14, 122),
            (42, 158, 28, 142),
            (50, 174, 38, 122),
            (60, 221, 73, 52),
            (70, 241, 132, 21),
            (80, 254, 190, 6),
            (90, 255, 224, 134),
            (100, 255, 254, 250),
        ),
    ),
    Palette(
        "iron",
        (
            (0, 0, 0, 0),
            (15, 52, 4, 6),
            (40, 148, 26, 4),
            (60, 218, 92, 8),
            (80, 250, 176, 52),
            (92, 255, 226, 146),
            (100, 255, 255, 246),
        ),
    ),
    Palette(
        "rainbow",
        (
            (0, 0, 0, 0),
            (12, 24, 10, 84),
            (28, 22, 52, 190),
            (42, 10, 150, 206),
            (54, 20, 184, 92),
            (66, 146, 212, 24),
            (76, 246, 220, 20),
            (87, 250, 128, 14),
            (96, 232, 34, 24),
            (100, 255, 236, 232),
        ),
    ),
    Palette("grey", ((0, 0, 0, 0), (50, 120, 120, 120), (100, 255, 255, 255))),
)

PALETTES: dict[str, Palette] = {palette.name: palette for palette in _ALL}


def palette_named(name: str) -> Palette:
    """Return a palette.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in PALETTES:
        raise UsageError(f"no palette {name!r}; wanted mixed or one of {', '.join(PALETTES)}: choose with --palette")
    return PALETTES[name]


@lru_cache(maxsize=16)
def table(palette: Palette) -> npt.NDArray[np.uint8]:
    """Return the 256 colours of a palette from 0 to 100 percent, `(256, 3)` uint8 RGB."""
    points = np.asarray(palette.points, np.float64)
    steps = np.linspace(0, 100, 256)
    channels = [np.interp(steps, points[:, 0], points[:, 1 + c]) for c in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def colours_from_percent(percent: npt.NDArray[np.float32], palette: Palette) -> npt.NDArray[np.uint8]:
    """Colour a `(height, width)` map of 0 to 100 percent: `(height, width, 3)` uint8 RGB."""
    levels = np.clip(percent * 2.55 + 0.5, 0, 255).astype(np.uint8)
    return table(palette)[levels]
