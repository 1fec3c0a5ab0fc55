"""What has its record already, and where: the records themselves, listed once at the start."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from edgecad.folders import sweep_partials, write_whole
from edgecad.records import Record

Place = Literal["done", "refused"]
PLACES: tuple[Place, ...] = ("done", "refused")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
RECORD, FIGURE = ".json", ".figure.png"


class WatchRecord(Record, frozen=True, kw_only=True):
    """One scan's record in a hot folder.

    Attributes:
        claim: the taking of this one file; no two records have the same.
        received: when it was taken, UTC.
        recorded: when this was written, UTC.
        file: where the scan lies, relative to OUT.
        first: for a copy, the record of the file that came first, relative to OUT.
    """

    claim: str
    received: str
    recorded: str
    file: str
    first: str | None = None


@dataclass(frozen=True)
class Slot:
    """Where one scan, its record and its picture lie."""

    place: Place
    day: str
    name: str

    @property
    def record(self) -> str:
        """Relative to OUT."""
        return self.file(RECORD)

    @property
    def figure(self) -> str:
        """Relative to OUT."""
        return self.file(FIGURE)

    def file(self, suffix: str) -> str:
        """The scan itself, relative to OUT."""
        return f"{self.place}/{self.day}/{self.name}{suffix}"


class Ledger:
    """Slots by name, which tells content, model and threshold."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._slots: dict[str, Slot] = {}

    def load(self) -> None:
        """List what lies in OUT, and sweep up what a killed process left half-written; nobody else may be at work."""
        for place in PLACES:
            for folder in sorted((self._out / place).iterdir()):
                if DAY.fullmatch(folder.name):
                    self._list(place, folder)

    def _list(self, place: Place, folder: Path) -> None:
        sweep_partials(folder)
        for path in folder.iterdir():
            if path.name.endswith(RECORD) and not path.name.startswith("."):
                name = path.name.removesuffix(RECORD)
                self._slots[name] = Slot(place, folder.name, name)

    def find(self, name: str) -> tuple[Slot, WatchRecord] | None:
        """The record of that name."""
        slot = self._slots.get(name)
        if slot is None:
            return None
        try:
            return slot, msgspec.json.decode((self._out / slot.record).read_bytes(), type=WatchRecord)
        except (FileNotFoundError, msgspec.DecodeError):
            # Whoever took it away wants that scan answered anew; a damaged one is no answer.
            del self._slots[name]
            return None

    def write(self, slot: Slot, record: WatchRecord) -> None:
        """Write a record, whole, and last through a power cut."""
        write_whole(self._out / slot.record, msgspec.json.encode(record))
        self._slots[slot.name] = slot

    def days(self) -> dict[str, list[Slot]]:
        """All slots by day."""
        found: dict[str, list[Slot]] = {}
        for slot in self._slots.values():
            found.setdefault(slot.day, []).append(slot)
        return found

    def forget_before(self, today: date, keep_days: int) -> None:
        """Remove scans, records and pictures of days that lie more than `keep_days` back.

        Counted from the last day that has a record, if that is earlier than `today`: a clock may jump.
        """
        newest = max((slot.day for slot in self._slots.values()), default=today.isoformat())
        last = (min(today, date.fromisoformat(newest)) - timedelta(days=keep_days)).isoformat()
        for place in PLACES:
            for folder in sorted((self._out / place).iterdir()):
                if DAY.fullmatch(folder.name) and folder.name < last:
                    shutil.rmtree(folder)
        self._slots = {name: slot for name, slot in self._slots.items() if slot.day >= last}
