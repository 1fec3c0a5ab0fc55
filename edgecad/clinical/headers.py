"""The first line of a CSV: what may stand before it, and what separates its columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from edgecad.clinical.cells import plain_cell

if TYPE_CHECKING:
    from _csv import Reader

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "upright strokes"}
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)


def lines_before_headers(text: str) -> int:
    """How many lines stand before the names of the columns: a spreadsheet's `sep=;`, and empty ones."""
    count = 0
    for line in io.StringIO(text, newline=""):
        if line.strip() and not _SEPARATOR_LINE.fullmatch(line.strip(" \r\n")):
            break
        count += 1
    return count


def separator_of(text: str, columns: Collection[str]) -> str:
    """The separator that gives most of some columns, whose names are in small letters; commas where none gives any."""

    def given(separator: str) -> int:
        names = {plain_cell(word).casefold() for word in first_line(text, separator)}
        return len(names.intersection(columns))

    return max(SEPARATORS, key=given)


def reader_at_headers(text: str, separator: str) -> Reader:
    """A reader whose next line is the names of the columns; strict, as an unclosed quote would swallow lines."""
    lines = io.StringIO(text, newline="")
    for _ in range(lines_before_headers(text)):
        next(lines)
    return csv.reader(lines, delimiter=separator, strict=True)


def first_line(text: str, separator: str) -> list[str]:
    """The cells of the first line; none where it cannot be read so."""
    try:
        return next(reader_at_headers(text, separator), [])
    except csv.Error:
        return []


def named_width(names: Sequence[str]) -> int:
    """Cells of a line up to the last column that has a name; what stands behind belongs to no column."""
    return max((place for place, name in enumerate(names, 1) if plain_cell(name)), default=0)
