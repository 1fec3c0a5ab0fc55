"""The colour tables of a set of scans: those that were named, or those that the scans themselves tell.

One scan may lie on two tables, a jet map on a hot one; a hospital's scans together do not. A scan that one known table
alone explains, or whose own bar says which it is, tells that table. Scans that several explain are read again through
those that were told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.contract import Preparation
from edgecad.polarmap import TableCandidates, TableReading

AMBIGUOUS = "table-ambiguous"
"""Reason of a scan that several tables explain."""
ONLY_NAMED = frozenset({"inverted-grey"})
"""Every grey map lies on inverted grey as well: it counts only where it was named, or where the bar says so."""


def first_candidates(preparation: Preparation) -> TableCandidates:
    """Tables through which the scans are read: those that were named, as the user's word; else all known ones."""
    if preparation.tables:
        return TableCandidates(user=preparation.tables)
    return TableCandidates(contract=tuple(table for name, table in KNOWN_TABLES.items() if name not in ONLY_NAMED))


def tables_told(candidates: TableCandidates, readings: Iterable[TableReading]) -> tuple[ColourTable, ...]:
    """Those of the candidates that scans were read through, the commonest first.

    A table that a scan's own bar told, and that is none of them, is no part of it: the next scan's bar tells its own.
    """
    by_name = {table.name: table for table, _ in candidates}
    counts = Counter(reading.table for reading in readings if reading.table in by_name)
    places = {name: place for place, name in enumerate(by_name)}
    return tuple(by_name[name] for name in sorted(counts, key=lambda name: (-counts[name], places[name])))
