"""Which files of a folder are whole. Looking again and again is the truth; file events only say when to look."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from edgecad.images import PassedOver, counted_whys, has_ended, passed_over, why_passed_over
from edgecad.spool.source import Arrival, Traits
from edgecad.watch.names import LOCK
from edgecad.watch.reservation import INSIDE, Reservation, is_watched

FIRST_LOOK = 0.2
"""Seconds for which files are opened before the first of them is given: of thousands at once, or on a slow share. While
that is too little for all it is doubled at each look, for there is a rest between two."""


class Arrivals:
    """What arrives in a folder and in those below it: a source, as `edgecad.spool.source` describes it."""

    def __init__(
        self,
        folder: Path,
        reservation: Reservation,
        settle: float,
        patience: float,
        clock: Callable[[], float] = time.monotonic,
        on_passed: Callable[[str], None] = lambda words: None,
    ) -> None:
        """Look at nothing yet.

        Args:
            reservation: of the folder.
            settle: seconds for which a file that has its end marker must stay as it is.
            patience: seconds for one that has not, or is of a kind without; then it is taken as it is.
            clock: seconds that never run backwards.
            on_passed: told what is passed over by its name, once and after `patience`, without names of files.
        """
        self._folder, self._settle, self._patience, self._clock = folder, settle, patience, clock
        self._device, self._reservation = folder.stat().st_dev, reservation
        self._since: dict[Path, tuple[Traits, float]] = {}
        self._ended: dict[Path, tuple[Traits, bool]] = {}
        self._longest = FIRST_LOOK
        self._on_passed = on_passed
        self._passed: dict[Path, tuple[PassedOver, float]] = {}
        self._told: set[Path] = set()
        self.waiting = 0
        """Files that were there at the last look and were not whole, or not opened yet."""
        self.closed = 0
        """Folders that could not be read at the last look."""
        self.others = 0
        """Folders that another watch had at the last look; they are left to it."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What kept scans waiting at the last look, beside `closed`."""
        if not self.others:
            return ()
        whose = "belong to another edgecad watch and are left to it; end it, or move them out of IN"
        return (f"{self.others} folders inside IN {whose}",)

    def confirm(self) -> None:
        """See that the folder is there and ours: one that was unmounted looks empty, and its lock may be gone later.

        Raises:
            OSError: it is not there.
            UsageError: another watch has it.
        """
        if not self._folder.is_dir() or self._folder.stat().st_dev != self._device:
            self._reservation.give_back()
            raise OSError(errno.ENODEV, "IN is not there as at the start; mount it again")
        self._reservation.confirm()

    def look(self) -> list[Arrival]:
        """Files that are whole, the oldest first; those that nobody takes are given again, those that would take too
        long to open are given at the next look.

        Raises:
            OSError: the folder itself cannot be read. One below it that cannot is counted in `closed`.
        """
        now = self._clock()
        self.closed = self.others = 0
        before, self._passed = self._passed, {}
        seen = {arrival.path: (arrival, changed) for arrival, changed in self._files()}
        self._passed = {path: (why, before.get(path, (why, now))[1]) for path, (why, _) in self._passed.items()}
        self.tell_passed(now - self._patience)
        self._since = {path: self._seen(path, arrival.traits, now) for path, (arrival, _) in seen.items()}
        self._ended = {path: known for path, known in self._ended.items() if path in seen}
        ready = self._ready(list(seen.values()), now)
        self.waiting = len(seen) - len(ready)
        return ready

    def _ready(self, seen: list[tuple[Arrival, int]], now: float) -> list[Arrival]:
        """Those that are whole, the oldest first; of thousands no more than can be opened in a moment."""
        ready, opened, begun, longest = [], 0, self._clock(), FIRST_LOOK
        for arrival, changed in sorted(seen, key=lambda each: (each[0].traits.modified, each[0].name)):
            known = self._is_known(arrival)
            # One at least that was not known: those that nobody can take would keep all others waiting.
            if opened and not known and self._clock() - begun > self._longest:
                longest = 2 * self._longest
                continue
            if self._is_whole(arrival, changed, now):
                ready.append(replace(arrival, lain=now - self._since[arrival.path][1]))
                opened += not known
        self._longest = longest
        return ready

    def tell_passed(self, until: float = float("inf")) -> None:
        """Tell what is passed over and was there at `until`, by our own clock, and was not told yet.

        A name that says that a file is still written is the rule for a while, and a fault only if it stays.
        """
        self._told &= self._passed.keys()
        new = [path for path, (_, since) in self._passed.items() if since <= until and path not in self._told]
        if new:
            whys = counted_whys(self._passed[path][0] for path in new)
            self._on_passed(f"passed over in IN, where they stay: {whys}")
        self._told.update(new)

    def _seen(self, path: Path, traits: Traits, now: float) -> tuple[Traits, float]:
        before = self._since.get(path)
        return before if before is not None and before[0] == traits else (traits, now)

    def _is_whole(self, arrival: Arrival, changed: int, now: float) -> bool:
        if not arrival.regular:
            return True
        # By our own clock: the one that dates files may be another machine's.
        lain = now - self._since[arrival.path][1]
        if lain >= self._patience:
            return True
        # A rename changes a file's status and not its content; while it is written both change at once.
        return (changed > arrival.traits.modified or lain >= self._settle) and self._has_ended(arrival)

    def _has_ended(self, arrival: Arrival) -> bool:
        """Whether a file has its end marker; one that did not change is not opened again."""
        if not self._is_known(arrival):
            try:
                self._ended[arrival.path] = arrival.traits, bool(has_ended(arrival.path))
            except OSError:  # Gone again, or not ours to read yet.
                return False
        return self._ended[arrival.path][1]

    def _is_known(self, arrival: Arrival) -> bool:
        return arrival.path in self._ended and self._ended[arrival.path][0] == arrival.traits

    def _files(self) -> Iterator[tuple[Arrival, int]]:
        """Files with the time of the last change of their status, nanoseconds."""
        folders = [self._folder]
        while folders:
            folder = folders.pop()
            for entry in self._entries(folder):
                if passed_over(entry.name):
                    self._pass_over(Path(entry.path))
                    continue
                try:
                    status = os.lstat(entry.path)
                except OSError:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    folders.append(Path(entry.path))
                    continue
                path = Path(entry.path)
                name = path.relative_to(self._folder).as_posix()
                yield Arrival(path, name, Traits.of(status), stat.S_ISREG(status.st_mode)), status.st_ctime_ns

    def _pass_over(self, path: Path) -> None:
        why = why_passed_over(path)
        if why is not None and why.told:
            self._passed[path] = why, float("inf")

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        """What lies in a folder; nothing where it cannot be read, or is another watch's."""
        try:
            entries = list(os.scandir(folder))
            # Another path, as a bind, may have led a second watch there past the lock of ours.
            inside = folder != self._folder and any(entry.name == LOCK for entry in entries)
            if inside and is_watched(folder, INSIDE):
                self.others += 1
                return []
        except OSError as error:
            if folder == self._folder:
                raise
            # One that somebody took away meanwhile is none of our business.
            self.closed += not isinstance(error, FileNotFoundError)
            return []
        return entries
