"""Which one of several maps on a screen is meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from edgecad.contract import MapPlace
from edgecad.errors import UsageError
from edgecad.polarmap.search.circle import Disc

Found = TypeVar("Found")

WANTED = "wanted K/N, the map's number among all on the screen from left to right and top to bottom, as in 1/3"


def parse_map_place(words: str) -> MapPlace:
    """Read the words of `--map`, `K/N`.

    Raises:
        UsageError: they are not of that form, or there is no map K among N.
    """
    match = re.fullmatch(r"([0-9]{1,3})/([0-9]{1,3})", words.replace(" ", ""))
    if match is None:
        raise UsageError(f"--map {words!r}; {WANTED}")
    number, count = map(int, match.groups())
    try:
        return MapPlace(number=number, count=count)
    except ValueError as error:
        raise UsageError(f"--map {words!r}: {error}") from error


def in_order(found: Sequence[Found], disc_of: Callable[[Found], Disc]) -> list[Found]:
    """From left to right and from top to bottom; a disc belongs to a row if its centre lies within half a radius."""
    rows: list[list[Found]] = []
    for one in sorted(found, key=lambda each: disc_of(each).y):
        if rows and disc_of(one).y - disc_of(rows[-1][0]).y < 0.7 * min(
            disc_of(one).radius, disc_of(rows[-1][0]).radius
        ):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [one for row in rows for one in sorted(row, key=lambda each: disc_of(each).x)]
