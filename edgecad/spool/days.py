"""In which order days got their records, by which it is told how much time has really passed since one of them.

A clock may jump, forward or back, by hours or by years where its battery is empty. Then the names of days tell neither
their order nor their age. Their order is written down once a day, before the first record of it. A step to a day that
follows within a week counts as so many days. A longer step may be a jump and counts as one day; a step back counts as
none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import msgspec

from edgecad.system.folders import write_whole

ORDER = "day-order.json"
"""In OUT."""
USUAL_STEP = 7
"""Days between two with records at a site that is at work every week."""


class DayOrder:
    """Days, ISO, in the order in which each last got records."""

    def __init__(self, out: Path) -> None:
        """Read nothing yet."""
        self._path = out / ORDER
        self._days: list[str] = []

    @property
    def last(self) -> str:
        """The day that got the last record; empty where none did."""
        return self._days[-1] if self._days else ""

    def load(self, days: Collection[str]) -> None:
        """Read the order of `days`; those that are not in it stand where their names say."""
        try:
            known = msgspec.json.decode(self._path.read_bytes(), type=list[str])
        except (FileNotFoundError, msgspec.DecodeError):
            known = []
        self._days = [day for day in known if day in days]
        for day in sorted(set(days).difference(self._days)):
            place = next((at for at, other in enumerate(self._days) if other > day), len(self._days))
            self._days.insert(place, day)

    def note(self, day: str) -> None:
        """A day is about to get a record.

        Raises:
            OSError: it cannot be written down.
        """
        if not self._days or self._days[-1] != day:
            days = [*(other for other in self._days if other != day), day]
            write_whole(self._path, msgspec.json.encode(days) + b"\n")
            self._days = days

    def passed_since(self, day: str, recorded: Collection[str]) -> int:
        """Days that have passed since `day`, no more than is sure.

        Args:
            recorded: days that have records; others prove nothing.
        """
        at = self._days.index(day) if day in self._days else -1
        after = self._days[at + 1 :] if at >= 0 else [other for other in self._days if other > day]
        return _passed([day, *(other for other in after if other in recorded)])


def _passed(days: Sequence[str]) -> int:
    steps = ((date.fromisoformat(later) - date.fromisoformat(day)).days for day, later in pairwise(days))
    return sum(1 if step > USUAL_STEP else max(step, 0) for step in steps)
