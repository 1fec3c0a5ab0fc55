"""`edgecad table learn`: what is read, from where, and the file that is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.errors import InputRefused, UsageError
from edgecad.frozen import json_from_struct
from edgecad.images import read_screen
from edgecad.polarmap import Disc, find_disc
from edgecad.polarmap.bar import BarPlace, BarReading, End, find_bar, find_strip, low_end_wanted, read_rectangle
from edgecad.polarmap.bar.place import Pixels
from edgecad.polarmap.search.place import parse_map_place
from edgecad.system.folders import check_writable, write_whole

NO_MAP = frozenset({"no-disc", "blank", "small"})
"""Refusals of a picture that shows no map at all, but may be a bar."""


@dataclass(frozen=True)
class LearnRequest:
    """The command line of `edgecad table learn`, as it was written."""

    screen: Path
    out: Path
    bar: str | None
    low: str | None
    name: str | None
    place: str | None


@dataclass(frozen=True)
class Learnt:
    """A table that was learnt.

    Attributes:
        table: the table.
        reading: the bar that it was read off; None of a draft.
        low: the bar's low end.
        told: why that end is the low one.
        alike: name of a known table that draws the same colours.
    """

    table: ColourTable
    reading: BarReading | None = None
    low: End | None = None
    told: str = ""
    alike: str | None = None

    @property
    def facts(self) -> dict[str, object]:
        """For programs."""
        place = None if self.reading is None else self.reading.place
        bar = None if place is None else [place.x, place.y, place.width, place.height]
        return {"table": self.table, "bar": bar, "low": self.low, "told": self.told, "same_as": self.alike}


def learnt(request: LearnRequest) -> Learnt:
    """Read a table and write its file.

    Raises:
        UsageError: a word of the command line cannot be meant, or there is no table in what was named.
        InputRefused: the screen cannot be read, or there is no bar on it.
        OSError: the file cannot be written.
    """
    low, name = _end(request.low), _name(request)
    if request.out.exists():
        raise UsageError(f"{request.out} exists already; choose another --out, or remove it")
    check_writable(request.out.parent)
    found = _draft(request, name) if request.screen.is_dir() else _from_screen(request, low, name)
    request.out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(request.out, json_from_struct(found.table).encode() + b"\n")
    return found


def _end(word: str | None) -> End | None:
    for end in get_args(End):
        if word == end:
            return end  # type: ignore[no-any-return]
    if word is not None:
        raise UsageError(f"--low {word}: wanted {', '.join(get_args(End)[:-1])} or {get_args(End)[-1]}")
    return None


def _name(request: LearnRequest) -> str:
    """The table's name: as it was given, or from the file's."""
    if request.name is None:
        stem = re.sub(r"[^a-z0-9]+", "-", request.out.stem.lower()).strip("-")[:48] or "learnt"
        return f"{stem}-learnt" if stem in KNOWN_TABLES else stem
    if request.name in KNOWN_TABLES:
        raise UsageError(f"--name {request.name}: a known table has that name; choose another")
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", request.name) is None:
        raise UsageError(f"--name {request.name!r}: wanted small letters, digits and hyphens, at most 64")
    return request.name


def _rectangle(words: str) -> tuple[int, int, int, int]:
    parts = words.split(",")
    if len(parts) != 4 or not all(re.fullmatch(r"\s*\d{1,6}\s*", part) for part in parts):
        raise UsageError(f"--bar {words}: wanted x,y,width,height in pixels, such as --bar 941,300,38,360")
    x, y, width, height = map(int, parts)
    return x, y, width, height


def _from_screen(request: LearnRequest, low: End | None, name: str) -> Learnt:
    named = None if request.bar is None else _rectangle(request.bar)
    place = None if request.place is None else parse_map_place(request.place)
    try:
        screen = read_screen(request.screen).pixels
    except InputRefused as error:
        raise InputRefused(error.reason, f"{request.screen}: {error}") from error
    disc: Disc | None = None
    without: InputRefused | None = None
    try:
        disc = find_disc(screen, place=place)
    except InputRefused as error:
        without = error
    reading = _found(screen, disc, without) if named is None else _named(screen, named, low, disc)
    end = low or reading.low
    if end is None:
        raise UsageError(low_end_wanted(reading))
    table = reading.table(name, end)
    told = "--low" if low else reading.low_words
    return Learnt(table, reading, end, told, _known_alike(table))


def _named(screen: Pixels, named: tuple[int, int, int, int], low: End | None, disc: Disc | None) -> BarReading:
    x, y, width, height = named
    upright = low in ("bottom", "top") if low is not None else height >= width
    return read_rectangle(screen, BarPlace(x, y, width, height, upright), disc)


def _found(screen: Pixels, disc: Disc | None, refusal: InputRefused | None) -> BarReading:
    """The bar beside the map, or the bar that is the whole picture."""
    if refusal is not None and refusal.reason not in NO_MAP:
        raise InputRefused(refusal.reason, f"{refusal}; or name the bar: --bar x,y,width,height")
    reading = find_strip(screen) if disc is None else find_bar(screen, disc)
    if reading is None:
        seen = "beside the map" if disc else "and no map"
        raise InputRefused("no-bar", f"no colour bar was found {seen}; name its rectangle: --bar x,y,width,height")
    return reading


def _known_alike(table: ColourTable) -> str | None:
    """A known table that draws the same colours within what JPEG does to them."""
    import numpy as np

    levels = np.linspace(2, 98, 49)
    colours = table.colours_at(levels)
    off = {name: float(np.abs(known.colours_at(levels) - colours).mean()) for name, known in KNOWN_TABLES.items()}
    nearest = min(off, key=lambda name: off[name])
    return nearest if off[nearest] < 3 and table.steps == KNOWN_TABLES[nearest].steps else None


def _draft(request: LearnRequest, name: str) -> Learnt:
    from edgecad.cli.colourtables.drafting import draft_of_folder

    for option, value in (("--bar", request.bar), ("--low", request.low)):
        if value is not None:
            raise UsageError(f"{request.screen} is a folder, and {option} is for a screen with a bar; name one screen")
    place = None if request.place is None else parse_map_place(request.place)
    return Learnt(draft_of_folder(request.screen, name, place))
