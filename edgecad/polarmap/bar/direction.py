"""Which end of a bar is low: told by two things that know nothing of one another, or asked.

The numbers beside a bar tell it, 100 being wider than 0, or else its position: low is below, or on the left. The map
tells it as well: perfusion has its middle above half of the table. A table's brightness tells nothing: inverted grey
is white at its low end, and a rainbow has none.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from edgecad.polarmap.bar.place import Columns, Floats, Pixels, distance
from edgecad.polarmap.disc import Disc

Which = Literal["first", "last"]
UNSURE = (45.0, 55.0)
"""Percent of the table: with its middle between these, the map does not say which end is low."""
INK = 60.0
"""Grey levels of numbers above their ground."""
WIDER = 1.5
"""How much more ink 100 has than 0."""
LEAST_INK = 12
"""Pixels of a number."""
FRAMED, BEYOND, ASIDE = 5, 28, 70
"""Pixels around a bar that may be its frame, beyond its ends, and aside of it, in which its numbers stand."""
BRIGHTER = 64.0
"""Grey levels of brightness by which one end exceeds the other: the only second witness of a bar without a map."""


def by_numbers(image: Pixels, box: Columns, ground: Floats, disc: Disc | None) -> Which | None:
    """The low end by the numbers beside a turned bar; None where there are none, or both ends have as much ink."""
    reach = int(np.clip(0.07 * box.length, 8, 22))
    rows = ((box.top - BEYOND, box.top + reach), (box.bottom - reach, box.bottom + BEYOND))
    ink = [_ink(image, box, ground, *each, disc) for each in rows]
    if min(ink) < LEAST_INK or max(ink) < WIDER * min(ink):
        return None
    return "first" if ink[0] < ink[1] else "last"


def _ink(image: Pixels, box: Columns, ground: Floats, top: int, bottom: int, disc: Disc | None) -> int:
    """Pixels of ink around one end, without the bar, its frame and the map; ticks are as long at either end."""
    top, left = max(top, 0), max(box.left - ASIDE, 0)
    lit = distance(image[top:bottom, left : box.right + ASIDE], ground) > INK
    own = slice(max(box.top - FRAMED - top, 0), max(box.bottom + FRAMED - top, 0))
    lit[own, max(box.left - FRAMED - left, 0) : box.right + FRAMED - left] = False
    if disc is not None:
        down, right = np.mgrid[top : top + lit.shape[0], left : left + lit.shape[1]]
        lit &= (right - disc.x) ** 2 + (down - disc.y) ** 2 > (disc.radius + 4) ** 2
    return int(lit.sum())


def by_map(median: float) -> Which | None:
    """The low end by the middle of the map, percent of the table from its first end to its last."""
    low, high = UNSURE
    return None if low <= median <= high else ("first" if median > high else "last")


def by_brightness(line: Floats) -> Which | None:
    """The darker end; None where both are about as bright."""
    ends = line[[0, -1]] @ np.array([0.299, 0.587, 0.114])
    return None if abs(ends[0] - ends[1]) < BRIGHTER else ("first" if ends[0] < ends[1] else "last")
