"""Tables of groups of patients, as a page wants them."""

from __future__ import annotations

from dataclasses import dataclass

from edgecad_train.evaluation.subgroups import words as subgroups
from edgecad_train.evaluation.subgroups.figures import GroupedColumn
from edgecad_train.report.points import Cells
from edgecad_train.runs.characteristics import Characteristic, Characteristics


@dataclass(frozen=True)
class WordTable:
    """A table of words under one caption."""

    caption: str
    heads: Cells
    cells: tuple[Cells, ...]


@dataclass(frozen=True)
class GroupTables:
    """One column's tables, those that have a row; a note where the column has no groups, or something to say."""

    column: str
    note: str
    grids: tuple[WordTable, ...]


def group_tables(column: GroupedColumn) -> GroupTables:
    """Figures of each group, why some have none, and differences between groups."""
    grids = (
        WordTable("Each group, with 95 % intervals.", subgroups.GROUP_HEADS, tuple(subgroups.group_rows(column))),
        WordTable("Why a figure is not given.", ("group", "figure", "why"), tuple(subgroups.reason_rows(column))),
        WordTable("Differences between groups.", subgroups.DIFFERENCE_HEADS, tuple(subgroups.difference_rows(column))),
    )
    return GroupTables(column.column, column.note, tuple(grid for grid in grids if grid.cells))


def characteristic_tables(found: Characteristics | None) -> tuple[GroupTables, ...]:
    """Who the patients of each part are; nothing where the run kept no column."""
    return () if found is None else tuple(_tables(one, found) for one in found.columns)


def _tables(one: Characteristic, found: Characteristics) -> GroupTables:
    heads = (one.column, *(f"{part} ({patients} patients): patients, CAD" for part, patients in found.parts.items()))
    cells = tuple((group, *(_cell(one, group, part) for part in found.parts)) for group in one.groups)
    caption = "Exact counts of all patients at hand, with their share of the part; no interval."
    return GroupTables(one.column, one.note, (WordTable(caption, heads, cells),) if cells else ())


def _cell(one: Characteristic, group: str, part: str) -> str:
    whole = sum(count.patients for count in one.counts if count.part == part)
    count = next(count for count in one.counts if (count.group, count.part) == (group, part))
    return f"{count.patients} ({count.patients / max(whole, 1):.0%}), {count.positives}"
