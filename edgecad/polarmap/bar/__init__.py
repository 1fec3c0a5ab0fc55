"""The colour bar beside a map, found and read as a colour table.

    finding     rectangles that are even across and change along
    extent      a bar's exact edges: its columns, its frame, its two ends
    line        its colours as a table: steps, or a line with few bends
    direction   which end is low: numbers or position, and the map
    reading     one bar with all of that
    place       a rectangle, and a screen turned so that a bar stands

A bar counts only if the map's colours lie on it. Which end is low is asked where two witnesses do not agree.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgecad.colourtables import ColourTable
from edgecad.errors import InputRefused, UsageError
from edgecad.polarmap.bar.extent import profile_of
from edgecad.polarmap.bar.finding import candidates, scales
from edgecad.polarmap.bar.place import BarPlace, Columns, End, Floats, Pixels, turned
from edgecad.polarmap.bar.reading import UNEVEN, BarReading, map_samples, reading_of
from edgecad.polarmap.disc import Disc

__all__ = [
    "BarPlace",
    "BarReading",
    "End",
    "bar_table",
    "find_bar",
    "find_strip",
    "low_end_wanted",
    "read_rectangle",
    "table_from_rectangle",
]

NAME = "bar"
"""Of a table that was read off a screen's own bar."""
THIN = 6
"""Pixels across a bar that can be judged."""
SLENDER = 2.0
"""Least length of a bar that is found by itself, in its thickness."""


def bar_table(screen: Pixels, disc: Disc) -> ColourTable | None:
    """The table of the colour bar beside a map; None where there is none in whose colours the map is drawn.

    Args:
        screen: `(height, width, 3)` uint8 RGB.
        disc: the map.

    Raises:
        InputRefused: `table-ambiguous`: there is a bar, and which of its ends is low is not sure.
    """
    found = find_bar(screen, disc)
    if found is None:
        return None
    if found.low is None:
        raise InputRefused(
            "table-ambiguous",
            f"which end of the colour bar at {found.place} is low is not sure ({found.low_words}); "
            f"say it once: edgecad table learn SCREEN --low {' or '.join(found.place.ends)} --out FILE, "
            "and give that table with --table FILE",
        )
    try:
        return found.table(NAME, found.low)
    except UsageError:
        return None


def find_bar(screen: Pixels, disc: Disc | None) -> BarReading | None:
    """The bar beside a map that explains it best; without a map, the only bar there is; None where there is none."""
    samples = None if disc is None else map_samples(screen, disc)
    for factor in scales(screen):
        guesses = candidates(screen, disc, factor)
        readings = (_reading(screen, guess, upright, disc, samples) for guess, upright in guesses)
        found = [reading for reading in readings if reading is not None and (disc is None or reading.explains)]
        # The best one first: whether it is a table takes as long as all the rest.
        bars = filter(_is_table, sorted(found, key=lambda reading: reading.residual))
        best = next(bars, None)
        if best is not None:
            return None if disc is None and next(bars, None) is not None else best
    return None


def find_strip(picture: Pixels) -> BarReading | None:
    """The bar that is the whole picture, or the only one on it; None where there is none."""
    height, width = picture.shape[:2]
    if min(height, width) < THIN:  # a table of one row of pixels, say
        picture = np.repeat(picture, THIN, axis=1 if height >= width else 0)
        height, width = picture.shape[:2]
    whole = _given(picture, BarPlace(0, 0, width, height, height >= width), None)
    return whole if whole is not None and _is_table(whole) else find_bar(picture, None)


def read_rectangle(screen: Pixels, place: BarPlace, disc: Disc | None = None) -> BarReading:
    """The bar in a rectangle that a person named: its frame and its ground may be within, by a few pixels.

    Args:
        disc: the map, where there is one: a witness of which end is low.

    Raises:
        UsageError: the rectangle is not on the screen, or what is in it is no colour bar of that map.
    """
    height, width = screen.shape[:2]
    if place.x + place.width > width or place.y + place.height > height:
        raise UsageError(f"the rectangle {place} does not lie on the screen, which has {width}x{height} pixels")
    if min(place.width, place.height) < THIN or max(place.width, place.height) < 4 * THIN:
        raise UsageError(f"the rectangle {place} is too small for a colour bar; {4 * THIN} by {THIN} pixels are wanted")
    if disc is not None and _overlap(place, disc):
        raise UsageError(f"the rectangle {place} lies on the map; name the colour bar beside it")
    reading = _given(screen, place, disc)
    if reading is None:
        raise UsageError(
            f"what is at {place} is no colour bar: its colours are not even across and changing along; "
            "name the bar's own rectangle, x,y,width,height in pixels"
        )
    try:
        reading.table(NAME, reading.place.ends[0])
    except UsageError as error:
        raise UsageError(f"the bar in the rectangle {place} is none that can be used: {error}") from error
    if disc is not None and not reading.explains:
        raise UsageError(
            f"the map on this screen is not drawn in the colours at {place}: they are {reading.residual[0]:.0f} grey "
            "levels apart in the median; name the bar of this map"
        )
    return reading


def _overlap(place: BarPlace, disc: Disc) -> bool:
    """Whether a rectangle lies on the disc, but for its rim."""
    x = min(max(disc.x, place.x), place.x + place.width)
    y = min(max(disc.y, place.y), place.y + place.height)
    return bool(np.hypot(x - disc.x, y - disc.y) < 0.97 * disc.radius)


def _given(screen: Pixels, place: BarPlace, disc: Disc | None) -> BarReading | None:
    """The bar in a rectangle, first along the way that the rectangle says, then along the other."""
    samples = None if disc is None else map_samples(screen, disc)
    for upright in (place.upright, not place.upright):
        rows, columns = (place.y, place.height), (place.x, place.width)
        (top, length), (left, thickness) = (rows, columns) if upright else (columns, rows)
        guess = Columns(top, top + length, left, left + thickness)
        reading = _reading(screen, guess, upright, disc, samples, given=True)
        if reading is not None:
            return reading
    return None


def table_from_rectangle(
    screen: Pixels, x: int, y: int, width: int, height: int, low: End | None = None, disc: Disc | None = None
) -> ColourTable:
    """The table of the bar in a rectangle of a screen.

    Args:
        low: its low end; default: told by two witnesses, or asked for.

    Raises:
        UsageError: as `read_rectangle` and `BarReading.table`, or which end is low is not sure.
    """
    upright = low in ("bottom", "top") if low is not None else height >= width
    reading = read_rectangle(screen, BarPlace(x, y, width, height, upright), disc)
    end = low or reading.low
    if end is None:
        raise UsageError(low_end_wanted(reading))
    return reading.table(NAME, end)


def low_end_wanted(reading: BarReading) -> str:
    """What to tell somebody who has to say which end is low."""
    first, last = reading.place.ends
    return (
        f"which end of the colour bar at {reading.place} is low is not sure ({reading.low_words}); "
        f"say --low {first} or --low {last}"
    )


def _reading(
    screen: Pixels, guess: Columns, upright: bool, disc: Disc | None, samples: Floats | None, *, given: bool = False
) -> BarReading | None:
    image = turned(screen, upright)
    profile = profile_of(image, guess, given=given)
    if profile is None or profile.uneven > UNEVEN:
        return None
    if not given and profile.box.length < SLENDER * profile.box.thickness:
        return None
    seen_so = disc if disc is None or upright else replace(disc, x=disc.y, y=disc.x)
    return reading_of(image, profile, upright, seen_so, samples)


def _is_table(reading: BarReading) -> bool:
    try:
        reading.table(NAME, reading.place.ends[0])
    except UsageError:
        return False
    return True
