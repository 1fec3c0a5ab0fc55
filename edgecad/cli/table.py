"""Tables of plain text: columns as wide as their longest cell, never wrapped, the same on a terminal and in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

INDENT = "  "
GAP = "  "


def table_lines(titles: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> Iterator[str]:
    """Lines of a table, without spaces at their ends.

    Args:
        titles: one for each column; those of several lines stand on the last one. None at all: no line of titles.
        rows: their cells. The last cell of a row that has fewer than there are columns is a remark: it runs on, and
            no column is widened for it.
        align: `l` or `r` for each column.

    Raises:
        ValueError: a row has more cells than there are columns.
    """
    body = [tuple(row) for row in rows]
    heads = list(_heads(titles))
    if any(len(row) > len(align) for row in (*heads, *body)):
        raise ValueError(f"a row has more cells than the {len(align)} columns")
    measured = [row if len(row) == len(align) else row[:-1] for row in (*heads, *body)]
    columns = zip_longest(*measured, fillvalue="")
    widths = [max(map(len, column)) for column in columns]
    for row in (*heads, *body):
        yield (INDENT + GAP.join(_cells(row, widths, align))).rstrip()


def _heads(titles: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Lines of the titles, those with fewer lines filled from above."""
    split = [title.split("\n") for title in titles]
    most = max(map(len, split), default=0)
    yield from zip(*([""] * (most - len(lines)) + lines for lines in split), strict=True)


def _cells(row: Sequence[str], widths: Sequence[int], align: str) -> Iterator[str]:
    remark = len(row) < len(align)
    for place, (cell, side) in enumerate(zip(row, align, strict=False)):
        if remark and place == len(row) - 1:
            yield cell
        else:
            yield cell.rjust(widths[place]) if side == "r" else cell.ljust(widths[place])
