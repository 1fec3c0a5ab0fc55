"""A table's lines by column; what a line has too much or too little of is refused or said."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgecad.clinical.cells import plain_cell
from edgecad.clinical.headers import SEPARATORS, lines_before_headers, named_width, reader_at_headers
from edgecad.errors import UsageError
from edgecad_train.data.labelled import DataFinding
from edgecad_train.data.table.headers import Headers, read_headers
from edgecad_train.data.table.text import COLUMNS, text_of

NAMED = 5
"""Most lines that a finding names."""


@dataclass(frozen=True)
class TableLine:
    """One line: its number in the file, and its cells by column, as they stand there."""

    number: int
    cells: Mapping[str, str]

    def cell(self, column: str) -> str:
        """What stands in a column, without what is around it; nothing where the line or the table lacks it."""
        return plain_cell(self.cells.get(column))


@dataclass(frozen=True)
class Table:
    """A table that was read, and what was read otherwise than it stands there."""

    path: Path
    names: tuple[str, ...]
    lines: tuple[TableLine, ...]
    findings: tuple[DataFinding, ...]


@dataclass
class _Said:
    """Numbers of the lines about which something is said."""

    short: list[int] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)


def read_table(path: Path, used: Collection[str] = ()) -> Table:
    """Read a CSV, whatever separates its columns.

    Args:
        used: further columns that are asked for, by name.

    Raises:
        UsageError: no CSV in UTF-8, a needed column missing or twice, a line with too many cells or without a needed
            one, or a quotation mark that is not closed.
    """
    text = text_of(path)
    headers, said = read_headers(text, path, used), _Said()
    lines = tuple(_lines(text, path, headers, said))
    return Table(path, headers.names, lines, (*headers.findings, *_findings(said)))


def _lines(text: str, path: Path, headers: Headers, said: _Said) -> Iterator[TableLine]:
    before = lines_before_headers(text)
    rows = reader_at_headers(text, headers.separator)
    try:
        next(rows)
        for row in rows:
            number = before + rows.line_num
            if any(map(plain_cell, row)):
                yield TableLine(number, _by_column(row, headers, f"{path}, line {number}", number, said))
            elif row:
                said.empty.append(number)
    except csv.Error as error:
        raise UsageError(
            f"{path} cannot be read from line {before + rows.line_num} on ({error}); look for a quotation mark that is "
            "not closed, and save it as CSV"
        ) from error


def _by_column(row: Sequence[str], headers: Headers, where: str, number: int, said: _Said) -> dict[str, str]:
    columns = named_width(headers.names)
    if any(map(plain_cell, row[columns:])):
        raise UsageError(
            f"{where}: {len(row)} cells, and the first line names {columns} columns; put a cell that holds "
            f"{SEPARATORS[headers.separator]} into quotation marks, or correct the line"
        )
    cells = dict(zip(headers.names, row, strict=False))
    if len(row) < columns:
        lacking = [name for name in COLUMNS if name not in cells]
        if lacking:
            raise UsageError(
                f"{where}: {len(row)} {'cell' if len(row) == 1 else 'cells'}, and the first line names {columns} "
                f"columns; no {', no '.join(lacking)}: correct the line"
            )
        said.short.append(number)
    return cells


def _findings(said: _Said) -> Iterator[DataFinding]:
    if said.short:
        text = (
            f"{lines_named(said.short)} fewer cells than the first line names columns; the last ones are taken as empty"
        )
        yield DataFinding(code="short-lines", text=text)
    if said.empty:
        text = f"{lines_named(said.empty)} nothing but separators, and {_are(said.empty)} passed over"
        yield DataFinding(code="empty-lines", text=text)


def lines_named(numbers: Sequence[int]) -> str:
    """`line 3 has`, or `12 lines (3, 4, 7, ...) have`."""
    if len(numbers) == 1:
        return f"line {numbers[0]} has"
    more = ", ..." if len(numbers) > NAMED else ""
    return f"{len(numbers)} lines ({', '.join(map(str, numbers[:NAMED]))}{more}) have"


def _are(numbers: Sequence[int]) -> str:
    return "is" if len(numbers) == 1 else "are"
