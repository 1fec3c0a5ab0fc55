"""A day's records as comma-separated values: the columns of `edgecad infer --csv`, then those that only a watch has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from edgecad.answer.record_csv import COLUMNS, Cell, csv_header, csv_row_of
from edgecad.spool.index import SpoolRecord

DAY_COLUMNS: dict[str, Callable[[SpoolRecord], Cell]] = {
    **COLUMNS,
    "received": lambda record: record.received,
    "recorded": lambda record: record.recorded,
    "claim": lambda record: record.claim,
    "file": lambda record: record.file,
    "first": lambda record: record.first,
}
"""Name in the header, and what of a record stands below it; paths are relative to OUT."""


def table_of(records: Iterable[SpoolRecord]) -> Iterator[bytes]:
    """The header, then a row a record; UTF-8."""
    yield csv_header(DAY_COLUMNS)
    for record in records:
        yield csv_row_of(record, DAY_COLUMNS)
