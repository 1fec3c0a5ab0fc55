"""What has its record already, and where: the records themselves, listed once at the start."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec

from edgecad.answer.records import Record, record_from_json
from edgecad.errors import InputRefused, UsageError, errors_of
from edgecad.spool.days import DayOrder
from edgecad.system.folders import sweep_partials, write_whole

Place = Literal["done", "refused"]
PLACES: tuple[Place, ...] = ("done", "refused")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
RECORD, FIGURE = ".json", ".figure.png"
AGAIN, COPY = "-again-", "-copy-"
"""Between a scan's name and the claim of a file that was sent after it."""
JUMP_DAYS = 31
"""Days without any record after which a clock may have jumped, and what lies before is nobody's to remove."""


class SpoolRecord(Record, frozen=True, kw_only=True):
    """One scan's record in an OUT.

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


def code_of(record: SpoolRecord) -> int:
    """Exit code that a record stands for, as `edgecad.errors` has it; a copy stands for its first one."""
    if record.status == "failed":
        return next((kind.exit_code for kind in errors_of() if kind.__name__ == record.reason), 1)
    return 0 if record.file.startswith("done") else InputRefused.exit_code


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


class RecordIndex:
    """Slots by name, which tells content, model and threshold."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._slots: dict[str, Slot] = {}
        self._claimed: dict[str, SpoolRecord] = {}
        self._order = DayOrder(out)

    def load(self, left: Collection[str] = ()) -> None:
        """List what lies in OUT, and sweep up what a killed process left half-written; nobody else may be at work.

        Args:
            left: claims that were not put away; one may have its record already, under the name that it got from
                another model or version.
        """
        for place in PLACES:
            for folder in sorted((self._out / place).iterdir()):
                if DAY.fullmatch(folder.name):
                    self._list(place, folder)
        self._order.load({slot.day for slot in self._slots.values()})
        for name in tuple(self._slots) if left else ():
            found = self.find(name)
            if found and found[1].claim in left:
                self._claimed[found[1].claim] = found[1]

    def claimed(self, claim: str) -> SpoolRecord | None:
        """The record that a process before us wrote of a claim, if it did."""
        return self._claimed.get(claim)

    def again(self, name: str) -> list[tuple[Slot, SpoolRecord]]:
        """What became of a scan of that name when it was sent again, because the first time was no answer."""
        found = (self.find(other) for other in tuple(self._slots) if other.startswith(f"{name}{AGAIN}"))
        return [entry for entry in found if entry]

    def remove(self, record: SpoolRecord) -> None:
        """Take away a record, and its picture, whose scan is to be judged anew."""
        path = (self._out / record.file).with_suffix(RECORD)
        self._slots.pop(path.name.removesuffix(RECORD), None)
        path.unlink(missing_ok=True)
        if record.figure is not None:
            (self._out / record.figure).unlink(missing_ok=True)

    def _list(self, place: Place, folder: Path) -> None:
        sweep_partials(folder)
        for path in folder.iterdir():
            if path.name.endswith(RECORD) and not path.name.startswith("."):
                name = path.name.removesuffix(RECORD)
                self._slots[name] = Slot(place, folder.name, name)

    def find(self, name: str) -> tuple[Slot, SpoolRecord] | None:
        """The record of that name."""
        slot = self._slots.get(name)
        if slot is None:
            return None
        try:
            return slot, record_from_json((self._out / slot.record).read_bytes(), SpoolRecord)
        except (FileNotFoundError, UsageError):
            # Whoever took it away wants that scan answered anew; a damaged one is no answer, nor is one of a newer
            # schema, which stays for whoever can read it.
            del self._slots[name]
            return None

    def write(self, slot: Slot, record: SpoolRecord) -> None:
        """Write a record, whole, and last through a power cut."""
        self._order.note(slot.day)
        write_whole(self._out / slot.record, msgspec.json.encode(record))
        self._slots[slot.name] = slot

    def last_answers(self, count: int) -> list[SpoolRecord]:
        """The last answered records, the oldest first; all of a day, so there may be more than `count`."""
        found: list[SpoolRecord] = []
        for _, slots in sorted(self.days().items(), reverse=True):
            if len(found) >= count:
                break
            records = (self.find(slot.name) for slot in slots if slot.place == "done")
            found += [entry[1] for entry in records if entry and entry[1].status == "answered"]
        return sorted(found, key=lambda record: record.recorded)

    def records_of(self, slots: Iterable[Slot]) -> Iterator[SpoolRecord]:
        """The records that lie there, one by one."""
        for slot in slots:
            found = self.find(slot.name)
            if found is not None:
                yield found[1]

    def days(self) -> dict[str, list[Slot]]:
        """All slots by day."""
        found: dict[str, list[Slot]] = {}
        for slot in self._slots.values():
            found.setdefault(slot.day, []).append(slot)
        return found

    @property
    def last_day(self) -> str:
        """The day that got the last record, ISO; empty where none did."""
        return self._order.last

    def forget_before(self, today: date, keep_days: int) -> str | None:
        """Remove scans, records and pictures of days that lie more than `keep_days` back.

        A clock may jump, by years where its battery is empty. So a day is removed only if newer days with records
        show that it is old: `keep_days` have passed up to the last of them, by its name and by the order in which they
        came (`edgecad.spool.days`). What lies beyond a gap of more than `JUMP_DAYS`, or `keep_days` where they are
        more, stays.

        Returns:
            What was not removed, and why, in words without names; None if all was.
        """
        recorded = sorted(day for day in self._recorded_days() if day <= today.isoformat())
        if not recorded:
            return None
        last = (date.fromisoformat(recorded[-1]) - timedelta(days=keep_days)).isoformat()
        folders = [f for place in PLACES for f in (self._out / place).iterdir() if DAY.fullmatch(f.name)]
        named = sorted((folder for folder in folders if folder.name < last), key=lambda folder: folder.name)
        beyond = _after_gap({*recorded, *(folder.name for folder in named)}, max(JUMP_DAYS, keep_days))
        old = [f for f in named if f.name < beyond or self._order.passed_since(f.name, recorded) > keep_days]
        stayed = [folder for folder in old if folder.name < beyond or not _removed(folder)]
        gone = {folder.name for folder in old}.difference(folder.name for folder in stayed)
        self._slots = {name: slot for name, slot in self._slots.items() if slot.day not in gone}
        if not stayed:
            return None
        if stayed[0].name < beyond:
            return (
                f"folders of days before {beyond} stay in OUT, because the clock may have jumped there; look at them, "
                "and remove them by hand"
            )
        return f"{len(stayed)} folders of old days cannot be removed from OUT; allow it, or remove them by hand"

    def _recorded_days(self) -> Iterator[str]:
        """Days that have a record of ours: a folder, or another's file in it, proves nothing."""
        for day, slots in tuple(self.days().items()):
            if any(self.find(slot.name) for slot in slots):
                yield day


def _after_gap(days: Collection[str], longest: int) -> str:
    """The first day, ISO, after the last gap of more than `longest` days; empty where there is none."""
    ordered = sorted(days)
    after = ""
    for one, other in pairwise(ordered):
        if (date.fromisoformat(other) - date.fromisoformat(one)).days > longest:
            after = other
    return after


def _removed(folder: Path) -> bool:
    try:
        shutil.rmtree(folder)
    except OSError:
        return False
    return True
