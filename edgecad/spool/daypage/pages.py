"""Which days' pages are to be written, and when: never in the way of scans, and soon where none wait."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from edgecad.spool.daypage.page import MARK, mark_of, page_of
from edgecad.spool.daypage.summary import DaySummary
from edgecad.spool.daypage.table import table_of
from edgecad.spool.index import DAY, PLACES, RecordIndex, Slot
from edgecad.system.disk import words_of
from edgecad.system.folders import whole_file
from edgecad.system.memory import lacks_memory

PAGE, TABLE = ".html", ".csv"
BUSY = 60.0
"""Seconds between two writings while scans wait."""
BUSY_SHARE, IDLE_SHARE = 0.02, 0.1
"""Of the time that may go into writing while scans wait, and while none do."""
HEAD_BYTES = 2**12
"""Of a page, in which its mark stands."""


class DayPages:
    """The pages and tables of an OUT's days."""

    def __init__(self, out: Path, index: RecordIndex, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is read yet."""
        self._out, self._folder, self._index, self._clock = out, out / "days", index, clock
        self._changed: set[str] = set()
        self._stale: list[str] = []
        self._ended, self._took = clock(), 0.0
        self.problem: str | None = None
        """Why a page could not be written, in words without names; it is tried again."""

    def load(self) -> None:
        """See which days lack a page of their records: after a kill, or in an OUT of an earlier version."""
        self._stale = sorted(day for day, slots in self._index.days().items() if self._is_stale(day, slots))

    def change(self, day: str) -> None:
        """A day got a record, or lost one."""
        self._changed.add(day)

    def write_due(self, *, busy: bool) -> None:
        """Write what changed, unless it was written a moment ago; where nothing else is to do, one stale day as well.

        Args:
            busy: whether scans wait.
        """
        share = BUSY_SHARE if busy else IDLE_SHARE
        pause = max(BUSY if busy or self.problem else 0.0, self._took / share)
        if self._clock() - self._ended < pause:
            return
        if self._changed:
            self._write(sorted(self._changed))
        elif self._stale and not busy:
            self._write([self._stale[-1]])

    def write_changed(self) -> None:
        """Write what changed, now: this process ends."""
        if self._changed:
            self._write(sorted(self._changed))

    def write_stale(self) -> Iterator[str]:
        """Write days that lack their page, the last one first; each is given once it was tried."""
        for day in reversed(tuple(self._stale)):
            self._write([day])
            yield day

    def forget(self) -> None:
        """Remove pages and tables of days whose records are gone: what they hold must not be kept longer."""
        for path in tuple(self._folder.iterdir()):
            if path.suffix in (PAGE, TABLE) and DAY.fullmatch(path.stem) and not self._has_folder(path.stem):
                try:
                    self._remove(path.stem)
                except OSError as error:
                    self.problem = f"the page of an old day cannot be removed: {_said_of(error)}"

    def _remove(self, day: str) -> None:
        for suffix in (PAGE, TABLE):
            (self._folder / f"{day}{suffix}").unlink(missing_ok=True)

    def _has_folder(self, day: str) -> bool:
        return any((self._out / place / day).exists() for place in PLACES)

    def _is_stale(self, day: str, slots: list[Slot]) -> bool:
        try:
            (self._folder / f"{day}{TABLE}").stat()
            with (self._folder / f"{day}{PAGE}").open("rb") as file:
                head = file.read(HEAD_BYTES).decode("utf-8", "replace")
        except OSError:
            return True
        found = re.search(rf'name="{MARK}" content="([^"]*)"', head)
        return found is None or found[1] != mark_of(slots)

    def _write(self, days: list[str]) -> None:
        """Write days; one that fails is tried again later, and no scan waits for it."""
        begun, self.problem = self._clock(), None
        for day in days:
            try:
                self._write_day(day)
            except Exception as error:  # whatever it is: a watch goes on, and would meet it again if it were restarted
                if lacks_memory(error):
                    raise
                self.problem = f"the page of a day cannot be written: {_said_of(error)}"
                self._changed.add(day)
            else:
                self._changed.discard(day)
            self._stale = [other for other in self._stale if other != day]
        self._ended = self._clock()
        self._took = self._ended - begun

    def _write_day(self, day: str) -> None:
        slots, summary = self._index.days().get(day, []), DaySummary(day)
        for slot in slots:
            for record in self._index.records_of([slot]):
                summary.add(slot, record)
        if not summary.records:
            self._remove(day)
            return
        with whole_file(self._folder / f"{day}{TABLE}") as file:
            file.writelines(table_of(self._index.records_of(summary.slots())))
        # The page last: its mark says that both are there.
        with whole_file(self._folder / f"{day}{PAGE}") as file:
            file.writelines(piece.encode("utf-8", "replace") for piece in page_of(summary, self._index.records_of))


def _said_of(error: Exception) -> str:
    """In words without names."""
    if isinstance(error, OSError):
        return words_of(error, named=False)
    return f"unexpected {type(error).__name__}; please report it"
