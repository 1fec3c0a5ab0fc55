"""One bar that was read: where it stands, what colours it has, and which of its ends is low."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from edgecad.colourtables import ColourTable
from edgecad.colourtables.table import Kind
from edgecad.errors import UsageError
from edgecad.polarmap.bar.direction import Which, by_brightness, by_map, by_numbers
from edgecad.polarmap.bar.extent import Profile
from edgecad.polarmap.bar.line import points_of_line, points_of_steps, steps_of, whole_line
from edgecad.polarmap.bar.place import BarPlace, End, Floats, Pixels
from edgecad.polarmap.disc import Disc

UNEVEN = 22.0
"""Grey levels by which a bar's rows may be uneven, after JPEG."""
MEDIAN_OFF, FAR_OFF = 6.0, 14.0
"""Grey levels between a bar's colours and those of the map it belongs to: the median, and the 90th percentile."""
SAMPLE_SIDE = 64
"""Pixels of the map are sampled on a square of so many."""
SAMPLES = 192


@dataclass(frozen=True)
class BarReading:
    """A bar, read.

    Attributes:
        profile: what was seen of it.
        upright: its colours change downwards.
        numbers: its low end by the numbers beside it; None: they do not say.
        map_median: middle of the map in percent from the bar's first end to its last; None without a map.
        residual: median and 90th percentile of the distance of the map's colours to the bar's, grey levels; infinite
            without a map.
    """

    profile: Profile
    upright: bool
    numbers: Which | None
    map_median: float | None
    residual: tuple[float, float]

    @property
    def place(self) -> BarPlace:
        """Where it stands on the screen."""
        return self.profile.box.on_screen(self.upright)

    @property
    def explains(self) -> bool:
        """Whether the map is drawn in its colours."""
        return self.residual[0] < MEDIAN_OFF and self.residual[1] < FAR_OFF

    @cached_property
    def line(self) -> Floats:
        """Colours from its first end to its last, `(length, 3)`."""
        return whole_line(self.profile)

    @cached_property
    def steps(self) -> Floats | None:
        """Colours of its steps from the first to the last, `(n, 3)`; None where it is continuous."""
        return steps_of(self.profile)

    @property
    def low(self) -> End | None:
        """Its low end; None where two witnesses disagree, or one is silent, and somebody has to be asked."""
        return self.place.ends[0 if self._low == "first" else 1] if self._low else None

    @property
    def _low(self) -> Which | None:
        usual: Which = "last" if self.upright else "first"
        witness = by_brightness(self.line) if self.map_median is None else by_map(self.map_median)
        told = self.numbers or usual
        return told if told == witness else None

    @property
    def low_words(self) -> str:
        """Why its low end is what it is, or why it has to be asked for."""
        first, last = self.place.ends
        usual = last if self.upright else first
        told = (
            f"its numbers say {first if self.numbers == 'first' else last}"
            if self.numbers
            else f"by its position {usual}"
        )
        if self.map_median is None:
            witness = by_brightness(self.line)
            other = (
                "both ends are about as bright"
                if witness is None
                else f"the darker end is {first if witness == 'first' else last}"
            )
        else:
            witness = by_map(self.map_median)
            other = f"by the map {first if witness == 'first' else last}" if witness else "the map does not say"
        return f"{told}, {other}"

    def table(self, name: str, low: End) -> ColourTable:
        """The bar as a table, with its low end as given.

        Raises:
            UsageError: `low` is no end of this bar, it doubles back, or it has under 8 colours.
        """
        if low not in self.place.ends:
            raise UsageError(f"the bar at {self.place} has its ends at {' and '.join(self.place.ends)}, not {low}")
        kind: Kind = "continuous" if self.steps is None else "steps"
        colours = self.line if self.steps is None else self.steps
        turned_round = colours if low == self.place.ends[0] else colours[::-1]
        points = points_of_line(turned_round) if self.steps is None else points_of_steps(turned_round)
        # Not from which file: its name may be a patient's, and a table goes into models and records.
        source = f"read off a colour bar at {self.place}, low end {low}"
        try:
            return ColourTable(name=name, kind=kind, points=points, source=source)
        except ValueError as error:
            raise UsageError(f"read at {self.place}, it {error}; name a colour bar") from error


def reading_of(image: Pixels, profile: Profile, upright: bool, disc: Disc | None, samples: Floats | None) -> BarReading:
    """A bar of a turned screen, and what map and numbers say of it.

    Args:
        disc: in the turned screen's coordinates.
        samples: colours of the map, `(m, 3)`.
    """
    median, residual = (None, (np.inf, np.inf)) if samples is None else _against(whole_line(profile), samples)
    numbers = None if profile.ground is None else by_numbers(image, profile.box, profile.ground, disc)
    return BarReading(profile, upright, numbers, median, residual)


def map_samples(screen: Pixels, disc: Disc) -> Floats:
    """Colours of a map, `(m, 3)`, without what is thinner than two pixels of 256."""
    side = 4 * SAMPLE_SIDE
    scale = 2 * disc.radius / side
    first = scale * (side - 1) / 2
    matrix = np.array([[scale, 0.0, disc.x - first], [0.0, scale, disc.y - first]])
    square = cv2.warpAffine(screen, matrix, (side, side), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    # Lines and letters are thin.
    calm = cv2.medianBlur(square, 5)[2::4, 2::4].astype(np.float64)
    axis = np.arange(SAMPLE_SIDE) - (SAMPLE_SIDE - 1) / 2
    inside = axis[:, None] ** 2 + axis[None] ** 2 <= (0.93 * SAMPLE_SIDE / 2) ** 2
    return np.asarray(calm[inside][::3])


def _against(line: Floats, samples: Floats) -> tuple[float, tuple[float, float]]:
    """Middle of the map in percent of the line, and the distances of its colours to the line."""
    rows = np.linspace(0, len(line) - 1, SAMPLES)
    every = np.arange(len(line))
    colours = np.stack([np.interp(rows, every, line[:, channel]) for channel in range(3)], axis=1)
    squares = (samples**2).sum(axis=1)[:, None] - 2 * samples @ colours.T + (colours**2).sum(axis=1)
    nearest = squares.argmin(axis=1)
    away = np.sqrt(np.maximum(squares[np.arange(len(samples)), nearest], 0))
    return float(np.median(nearest) / (SAMPLES - 1) * 100), (float(np.median(away)), float(np.quantile(away, 0.9)))
