"""The records of an OUT, and all that is made from them: what a new process finds again of what the last one knew."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timezone
from pathlib import Path

from edgecad.contract import Contract
from edgecad.spool.counts import CountsByDay
from edgecad.spool.daypage.pages import DayPages
from edgecad.spool.growing import CutShort
from edgecad.spool.index import RecordIndex, SpoolRecord
from edgecad.spool.orientation import WINDOWS, SeriesWatch
from edgecad.spool.out import DAYS

CUT_DAYS = 2
"""Last days with records of which a new process looks whether a refused scan has grown."""


class OutRecords:
    """Index, counts, days' pages, refused scans that may grow, and how the last scans lie.

    Attributes:
        kept: why days that are old were not removed, in words without names; None where all were.
    """

    def __init__(self, out: Path, contract: Contract) -> None:
        """Read nothing yet; `contract` is that of the model that answers."""
        self.index, self.counts = RecordIndex(out), CountsByDay(out / DAYS)
        self.pages = DayPages(out, self.index)
        self.kept: str | None = None
        self._cut = CutShort(out)
        self._series = SeriesWatch(contract.orientation, of_uptake=contract.preparation.input == "uptake")
        self._forgot: tuple[date, str] | None = None

    def load(self, left: Collection[str]) -> str | None:
        """Look at what earlier processes wrote.

        Args:
            left: claims that were not put away.

        Returns:
            A warning, if the last scans look turned or mirrored.
        """
        self.index.load(left)
        self._recount()
        self.pages.load()
        for _, slots in sorted(self.index.days().items())[-CUT_DAYS:]:
            self._cut.add(self.index.records_of(slot for slot in slots if slot.place == "refused"))
        if not self._series.checks:
            return None
        self._series.load(self.index.last_answers(max(WINDOWS)))
        return self._series.warning

    def _recount(self) -> None:
        """Count days anew that lack records: a killed process wrote them and did not count them."""
        for day, slots in self.index.days().items():
            if self.counts.of(day).records < len(slots):
                self.counts.recount(day, self.index.records_of(slots))

    def add(self, record: SpoolRecord) -> None:
        """Take note of a record that was written, and whose scan was put away."""
        self._cut.add([record])
        self.pages.change(_day_of(record))

    def look_at_series(self, record: SpoolRecord) -> str | None:
        """Whether the last scans, with this one, lie otherwise than those of the training; no answer depends on it.

        Returns:
            A warning, if they do from now on.
        """
        warning = self._series.add(record)
        if self._series.turn and record.status == "answered":
            self.counts.of(_day_of(record)).add_turned(self._series.turn.words)
        return warning

    @property
    def orientation(self) -> str:
        """How the last scans lie, for a supervisor."""
        return self._series.words

    def grown(self) -> Iterator[SpoolRecord]:
        """Records of scans that were refused because they end early, and in which somebody has written on since."""
        return self._cut.grown()

    def remove(self, record: SpoolRecord) -> None:
        """Take away a record whose scan is to be judged anew."""
        self.index.remove(record)
        day = _day_of(record)
        self.pages.change(day)
        self.counts.recount(day, self.index.records_of(self.index.days().get(day, ())))

    def forget(self, keep_days: int) -> None:
        """Remove what is older than `keep_days`, once a day."""
        today = datetime.now(timezone.utc).date()
        # Again with the first record of a day: only records show that older ones are old.
        now = (today, self.index.last_day)
        if now != self._forgot:
            self.kept = self.index.forget_before(today, keep_days)
            self.pages.forget()
            self._forgot = now


def _day_of(record: SpoolRecord) -> str:
    return Path(record.file).parent.name
