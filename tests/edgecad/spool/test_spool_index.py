"""Records that an earlier version wrote are found, counted, and answer their copies."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgecad.spool.counts import DailyCounts
from edgecad.spool.index import RecordIndex, code_of
from edgecad.spool.out import make_out

V1 = Path(__file__).parents[1] / "answer" / "record_v1.json"
"""Of a hot folder of version f477da6."""


@pytest.fixture
def old(tmp_path: Path) -> RecordIndex:
    make_out(tmp_path)
    (tmp_path / "done" / "2026-11-29").mkdir()
    shutil.copy(V1, tmp_path / "done" / "2026-11-29" / "59b0e394cebe174f-da13dc.json")
    index = RecordIndex(tmp_path)
    index.load()
    return index


def test_a_record_of_schema_1_is_found_under_its_name_and_counted(old: RecordIndex) -> None:
    found = old.find("59b0e394cebe174f-da13dc")
    assert found is not None
    slot, record = found
    assert (slot.place, record.schema, record.status, code_of(record)) == ("done", 1, "answered", 0)
    counts = DailyCounts(slot.day)
    counts.add(record)
    assert (counts.records, counts.answered, counts.above) == (1, 1, 1)
