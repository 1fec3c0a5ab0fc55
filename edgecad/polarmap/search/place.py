"""Which one of several maps on a screen is meant."""

from __future__ import annotations

import re

from edgecad.contract import MapPlace
from edgecad.errors import UsageError

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
