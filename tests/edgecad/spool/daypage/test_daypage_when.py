"""When pages are written: never in the way of scans, soon where none wait, and again after whatever went wrong."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgecad.spool.daypage.pages import DayPages
from edgecad.spool.daypage.table import table_of
from edgecad.spool.index import RecordIndex

from .conftest import DAY, DrawnOut

BEFORE = "2026-11-28"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Timed:
    """Pages whose clock is ours; each writing takes `takes` seconds."""

    out: DrawnOut
    clock: Clock
    pages: DayPages
    takes: float = 0.0
    written: int = 0

    def after(self, seconds: float, *, busy: bool) -> int:
        """How many days are written that much later."""
        before, self.clock.now = self.written, self.clock.now + seconds
        self.pages.write_due(busy=busy)
        return self.written - before


@pytest.fixture
def timed(drawn_out: DrawnOut, monkeypatch: pytest.MonkeyPatch) -> Timed:
    clock = Clock()
    timed = Timed(drawn_out, clock, DayPages(drawn_out.out, drawn_out.index, clock))
    write = DayPages._write_day

    def slowly(pages: DayPages, day: str) -> None:
        write(pages, day)
        timed.written += 1
        clock.now += timed.takes

    monkeypatch.setattr(DayPages, "_write_day", slowly)
    return timed


def test_at_most_once_a_minute_while_scans_wait(timed: Timed) -> None:
    counts = []
    timed.out.add()
    for _ in range(600):  # a scan a second for ten minutes
        timed.pages.change(DAY)
        counts.append(timed.after(1, busy=True))
    assert sum(counts) == 10
    assert timed.after(1, busy=False) == 0, "nothing changed since"
    timed.pages.change(DAY)
    assert timed.after(1, busy=False) == 1
    assert timed.after(100, busy=False) == 0


def test_a_long_writing_makes_the_next_one_later(timed: Timed) -> None:
    timed.out.add()
    timed.takes, spent = 3.0, 0.0
    for _ in range(2000):
        timed.pages.change(DAY)
        spent += 3 * timed.after(1, busy=True)
    assert 30 <= spent <= 0.03 * 2000
    timed.pages.change(DAY)
    assert timed.after(151, busy=True) == 1
    timed.pages.change(DAY)
    assert [timed.after(10, busy=False) for _ in range(3)] == [0, 0, 1]


def test_yesterday_is_written_after_midnight(timed: Timed) -> None:
    timed.out.add(day=BEFORE)
    timed.pages.change(BEFORE)
    timed.out.add()
    timed.pages.change(DAY)
    assert timed.after(60, busy=True) == 2
    assert len(list((timed.out.out / "days").glob("*.html"))) == 2


def test_a_new_process_makes_what_a_killed_one_left(timed: Timed) -> None:
    for day in (BEFORE, DAY):
        timed.out.add(day=day)
        timed.out.page(day)
    timed.written = 0
    assert stale(timed.out) == []
    timed.out.add()
    assert stale(timed.out) == [DAY]
    assert stale(timed.out) == []
    for suffix in (".html", ".csv"):
        (timed.out.out / "days" / f"{BEFORE}{suffix}").unlink()
        assert stale(timed.out) == [BEFORE]
    page = timed.out.out / "days" / f"{DAY}.html"
    page.write_text(page.read_text("utf-8").replace('content="1-', 'content="0-'), "utf-8")
    assert stale(timed.out) == [DAY], "of an earlier form"
    timed.out.index.remove(timed.out.records[-1])
    assert stale(timed.out) == [DAY], "a record less"


def stale(out: DrawnOut) -> list[str]:
    """What a new process finds to make, and makes."""
    index = RecordIndex(out.out)
    index.load()
    pages = DayPages(out.out, index)
    pages.load()
    return list(pages.write_stale())


def test_old_days_wait_until_nothing_else_is_to_do(timed: Timed) -> None:
    for day in (BEFORE, DAY):
        timed.out.add(day=day)
    timed.pages.load()
    assert timed.after(100, busy=True) == 0
    assert [timed.after(1, busy=False) for _ in range(3)] == [1, 1, 0]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> list[OSError | ValueError]:
    """A disk that refuses what is written while there is something in the list."""
    refusals: list[OSError | ValueError] = []

    def refused(records: object) -> Iterator[bytes]:
        yield b"half"
        if refusals:
            raise refusals[0]
        yield from table_of(records)  # type: ignore[arg-type]

    monkeypatch.setattr("edgecad.spool.daypage.pages.table_of", refused)
    return refusals


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space", "/in/patient.jpg"), ValueError("patient")])
def test_a_failure_loses_nothing_and_names_nothing(
    error: OSError | ValueError, timed: Timed, full: list[OSError | ValueError]
) -> None:
    timed.out.add()
    timed.out.page()
    days = timed.out.out / "days"
    before = {path.name: path.read_bytes() for path in days.iterdir()}
    timed.out.add()
    timed.pages.change(DAY)
    full.append(error)
    timed.after(1, busy=False)
    assert timed.pages.problem is not None
    assert "patient" not in timed.pages.problem
    assert {path.name: path.read_bytes() for path in days.iterdir()} == before
    full.clear()
    timed.after(30, busy=False)
    assert timed.pages.problem is not None, "tried again in a minute"
    timed.after(31, busy=False)
    assert timed.pages.problem is None
    assert "2 files" in (days / f"{DAY}.html").read_text("utf-8")


def test_lack_of_memory_is_the_machines(timed: Timed, full: list[OSError | ValueError]) -> None:
    timed.out.add()
    timed.pages.change(DAY)
    full.append(OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)))
    with pytest.raises(OSError, match="memory"):
        timed.after(1, busy=False)


def test_a_page_goes_with_its_records_and_the_counts_stay(timed: Timed) -> None:
    days = timed.out.out / "days"
    for day in (BEFORE, DAY):
        timed.out.add(day=day)
        timed.out.page(day)
        (days / f"{day}.json").write_text("{}")
    other = days / "notes.html"
    other.write_text("mine")
    for path in (timed.out.out / "done" / BEFORE).iterdir():
        path.unlink()
    (timed.out.out / "done" / BEFORE).rmdir()
    timed.pages.forget()
    assert sorted(path.name for path in days.iterdir()) == [
        f"{BEFORE}.json", f"{DAY}.csv", f"{DAY}.html", f"{DAY}.json", "notes.html",
    ]  # fmt: skip


def test_a_day_whose_records_were_taken_away_has_no_page(timed: Timed, tmp_path: Path) -> None:
    record = timed.out.add()
    timed.out.page()
    timed.out.index.remove(record)
    timed.pages.change(DAY)
    timed.pages.write_changed()
    assert list((timed.out.out / "days").iterdir()) == []


def test_a_page_that_cannot_be_removed_keeps_no_scan_waiting(timed: Timed, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    (timed.out.out / "days" / f"{BEFORE}.html").write_text("of a day without records")
    with monkeypatch.context() as closed:
        closed.setattr(Path, "unlink", refused)
        timed.pages.forget()
    assert timed.pages.problem is not None
    assert timed.pages.problem.startswith("the page of an old day cannot be removed: Permission denied;")
