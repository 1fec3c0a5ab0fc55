"""`edgecad table` for people: lines that fit a terminal, and colours where there is one."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edgecad.cli.table import table_lines

if TYPE_CHECKING:
    from edgecad.cli.colourtables.learning import Learnt
    from edgecad.colourtables import ColourTable

BLOCKS = 64
"""Colours that are shown beside one another."""
DRAFT = "a draft for a person to look at, never a scale to answer with"


def kind_words(table: ColourTable) -> str:
    """What a table is made of: steps, or points of a line."""
    return f"{table.steps} steps" if table.steps else f"{len(table.points)} points"


def colour_words(colour: tuple[int, ...]) -> str:
    """A colour as drawing programs write it."""
    return "#" + "".join(f"{value:02x}" for value in colour)


def list_lines(tables: Iterable[ColourTable]) -> Iterator[str]:
    """A table of tables."""
    rows = [
        (table.name, kind_words(table), *(colour_words(table.points[end][1:]) for end in (0, -1)), table.source)
        for table in tables
    ]
    return table_lines(("name", "kind", "low", "high", "source"), rows, "lrlll")


def table_words(table: ColourTable) -> Iterator[str]:
    """One table and its points."""
    yield f"{table.name}: {table.kind}, {kind_words(table)}; {table.source or 'no source is told'}"
    if table.draft:
        yield DRAFT
    rows = [(f"{level:.1f}", *map(str, colour), colour_words(tuple(colour))) for level, *colour in table.points]
    rows[0], rows[-1] = (*rows[0], "low end"), (*rows[-1], "high end")
    middle = [(*row, "") for row in rows[1:-1]]
    yield from table_lines(("percent", "red", "green", "blue", "", ""), [rows[0], *middle, rows[-1]], "rrrrll")


def print_colours(table: ColourTable) -> None:
    """The table as a line of colours, low end left; nothing where there is no terminal."""
    if not sys.stdout.isatty():
        return
    from rich.console import Console
    from rich.text import Text

    _, colours = table.line(BLOCKS) if table.steps is None else table.line()
    line = Text("  ")
    for colour in colours.round().astype(int):
        line.append(" " if table.steps is None else "  ", style=f"on {colour_words(tuple(map(int, colour)))}")
    Console().print(line)


def learnt_words(found: Learnt, screen: Path, out: Path) -> Iterator[str]:
    """What was read, from where, and how to use it."""
    table = found.table
    low, high = (colour_words(table.points[end][1:]) for end in (0, -1))
    yield f"learnt {table.name}: {table.kind}, {kind_words(table)}; {table.source} of {screen.name}"
    if found.reading is None:
        yield f"  from {low} to {high}, in order; neither its scale nor which end is low is known"
        yield f"  {DRAFT}"
        yield f"next: edgecad table show {shlex.quote(str(out))}; then learn it from a screen with its colour bar"
        return
    first, last = found.reading.place.ends
    yield f"  low end   {low}  {found.low} ({found.told})"
    yield f"  high end  {high}  {last if found.low == first else first}"
    if found.alike:
        yield f"  the known table {found.alike} draws the same colours: --table {found.alike} reads them as well"
    yield f"wrote {out}"
    word = shlex.quote(str(out))
    yield f'next: edgecad infer SCAN --table {word}; for all scans, in the site\'s file: [colours] tables = ["{out}"]'
