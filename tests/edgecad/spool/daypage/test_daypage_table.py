"""The table of a day has the columns of `edgecad infer --csv`, then those that only a watch has."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from edgecad.answer.record_csv import COLUMNS, csv_row
from edgecad.spool.daypage.words import moment_of

from .conftest import DAY, DrawnOut


@pytest.mark.parametrize("seed", range(6))
def test_a_row_is_a_record_by_time(seed: int, mixed: Callable[[int, int], DrawnOut]) -> None:
    out = mixed(seed, 40)
    out.page()
    content = (out.out / "days" / f"{DAY}.csv").read_bytes()
    head, *rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    assert head == [*COLUMNS, "received", "recorded", "claim", "file", "first"]
    records = sorted(out.records, key=moment_of)
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        (same,) = csv.reader(io.StringIO(csv_row(record).decode("utf-8"), newline=""))
        assert row[: len(COLUMNS)] == same
        assert dict(zip(head, row, strict=True))["claim"] == record.claim
        assert not any(cell.startswith(("=", "@", "＝", "\t", "\r")) for cell in row)
