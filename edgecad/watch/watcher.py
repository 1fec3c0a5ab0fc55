"""The loop: look, take, hand to the clerk, tell that it lives."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path

import msgspec

import edgecad
from edgecad.errors import UsageError
from edgecad.inference.answering import provenance_of
from edgecad.inference.classifier import Classifier
from edgecad.spool.claims import Claim, Desk, NotMoved, time_text
from edgecad.spool.counts import Tallies
from edgecad.spool.heartbeat import Heartbeat, State
from edgecad.spool.index import PLACES, Ledger, WatchRecord, code_of
from edgecad.spool.processor import Clerk, NotReadNow
from edgecad.system.disk import words_of
from edgecad.system.folders import made_folder, sweep_partials, write_whole
from edgecad.system.lock import attempted
from edgecad.watch.arrivals import Arrivals
from edgecad.watch.folders import check_folders, check_one_file_system
from edgecad.watch.names import PROBE
from edgecad.watch.reservation import Reservation

SHORTEST_REST = 0.05
"""Seconds to sleep at least between two heartbeats."""
RETRY = 5.0
"""Seconds until another try after the disk failed."""
HEARTBEAT, LOCK = "heartbeat.json", ".lock"
LEFT = 1
"""Exit code of `--once` where files are left that cannot be moved or read."""


@dataclass(frozen=True)
class WatchOptions:
    """How to look, in seconds.

    Attributes:
        interval: between two looks, if no file event comes before.
        settle: for which a file with its end marker must be still, if it was not renamed into place.
        patience: for which any other file must be still.
        heartbeat: between two heartbeats.
        keep_days: after which scans and records are removed; None keeps them.
    """

    interval: float = 1.0
    settle: float = 1.0
    patience: float = 10.0
    heartbeat: float = 5.0
    keep_days: int | None = None


class Watcher:
    """A hot folder and the one model that answers it."""

    def __init__(
        self,
        classifier: Classifier,
        incoming: Path,
        out: Path,
        options: WatchOptions | None = None,
        on_record: Callable[[WatchRecord], None] = lambda record: None,
        on_problem: Callable[[str], None] = lambda problem: None,
    ) -> None:
        """Open a hot folder; `out` is made where there is none.

        Args:
            on_record: told of every record, once it is written and its scan is put away.
            on_problem: told when something keeps scans waiting, in words without names of files.

        Raises:
            UsageError: the folders do not go together, or lie on two file systems, or another watch has IN.
        """
        check_folders(incoming, out)
        self._classifier, self._incoming, self._out = classifier, incoming, out
        self._options = options or WatchOptions()
        self._on_record, self._on_problem = on_record, on_problem
        self._reservation = Reservation(incoming)
        with self._reservation:  # a watch at work sweeps what a trial leaves in IN
            self._make_out()
            check_one_file_system(incoming, out / "taken")
        self._device = incoming.stat().st_dev
        self._arrivals = Arrivals(incoming, self._options.settle, self._options.patience)
        self._desk, self._ledger, self._tallies = Desk(out / "taken"), Ledger(out), Tallies(out / "days")
        self._clerk = Clerk(classifier, out, self._desk, self._ledger, self._tallies)
        self._recovered = False
        self._forgot: date | None = None
        self._stuck = 0
        self._unread: set[str] = set()
        self._kept: str | None = None
        self._state: State = "watching"
        self._problem: str | None = None
        self._beaten = float("-inf")
        self.worst = 0
        """Highest exit code so far: of a scan that was not answered, or 1 for files that are left."""

    def run(self, stop: threading.Event, wake: threading.Event, *, once: bool = False) -> None:
        """Watch until `stop` is set; with `once`, until nothing is left that will become whole.

        Args:
            wake: set by whoever knows that something arrived, and together with `stop`.

        Raises:
            UsageError: another watch takes from IN, or from a folder around it or inside it, or writes to OUT.
            DeviceFailed, ModelInvalid: nothing can be judged any more. The scan under way stays taken, and the next
                process judges it.
        """
        with self._reservation, attempted(self._out / LOCK) as ours:
            if not ours:
                raise UsageError(f"another edgecad watch writes to {self._out}; end it, or give another OUT")
            try:
                while not stop.is_set():
                    wake.clear()
                    went_well = self._round(stop)
                    if once and went_well and not self._arrivals.waiting:
                        break
                    if not stop.is_set():
                        self._rest(wake, self._options.interval if went_well else RETRY)
            finally:
                self._beat("stopped")

    def _make_out(self) -> None:
        self._out.mkdir(parents=True, exist_ok=True)
        for name in ("taken", "days", *PLACES):
            made_folder(self._out / name)

    def _round(self, stop: threading.Event) -> bool:
        """Look once, and handle all that is there; False if a disk failed, which loses nothing."""
        try:
            self._check_incoming()
            self._recover()
            for claim in self._desk.left():
                self._handle(claim, stop)
                if stop.is_set():
                    return True
            self._take_all(stop)
            self._forget()
        except OSError as error:
            # Without the file's name, which may be a patient's.
            self._complain(words_of(error, named=False))
            self._beat("waiting-for-disk")
            return False
        self._complain("; ".join(self._troubles()) or None)
        if self._stuck or self._unread or self._arrivals.others:
            self.worst = max(self.worst, LEFT)
        self._state = "watching"
        self._beat_if_due()
        return True

    def _troubles(self) -> Iterator[str]:
        """What keeps scans waiting, or days from being removed, in words without names."""
        if self._stuck:
            yield f"{self._stuck} files or folders in IN cannot be moved or read; allow it"
        if self._arrivals.others:
            yield (
                f"{self._arrivals.others} folders inside IN belong to another edgecad watch and are left to it; end "
                "it, or move them out of IN"
            )
        if self._unread:
            yield f"{len(self._unread)} scans in OUT/taken cannot be read, {min(self._unread)} first; look at the disk"
        if self._kept:
            yield self._kept

    def _recover(self) -> None:
        """Once: look after what a process before us left."""
        if self._recovered:
            return
        for folder in (self._out, self._out / "days"):
            sweep_partials(folder)
        for probe in self._incoming.glob(f"{PROBE}*"):
            probe.unlink(missing_ok=True)
        self._desk.recover()
        self._ledger.load({claim.id for claim in self._desk.left()})
        self._recount()
        self._recovered = True

    def _check_incoming(self) -> None:
        """A share that was unmounted looks like an empty folder, and its lock may be gone when it is back."""
        if not self._incoming.is_dir() or self._incoming.stat().st_dev != self._device:
            self._reservation.give_back()
            raise OSError(errno.ENODEV, "IN is not there as at the start; mount it again")
        self._reservation.confirm()

    def _take_all(self, stop: threading.Event) -> None:
        arrivals = self._arrivals.look()
        self._stuck = self._arrivals.closed
        for arrival in arrivals:
            if stop.is_set():
                return
            self._reservation.confirm()  # a round may be long, and the lock file may be removed meanwhile
            try:
                claim = self._desk.take(arrival)
            except NotMoved:
                self._stuck += 1
                continue
            if claim is not None:
                self._handle(claim, stop)

    def _handle(self, claim: Claim, stop: threading.Event) -> None:
        if self._desk.still(claim, lambda: self._pause(stop)):
            try:
                record = self._clerk.handle(claim)
            except NotReadNow:
                self._unread.add(claim.id)
                return
            self._unread.discard(claim.id)
            self.worst = max(self.worst, code_of(record))
            self._on_record(record)
        self._beat_if_due()

    def _pause(self, stop: threading.Event) -> bool:
        """Wait for a writer as long as for a file without end marker; False if the watch is to end."""
        return not self._rest(stop, self._options.patience)

    def _rest(self, event: threading.Event, seconds: float) -> bool:
        """Wait for an event, and tell meanwhile that we live; whether it came."""
        until = time.monotonic() + seconds
        slice_ = max(self._options.heartbeat, SHORTEST_REST)
        while not event.wait(max(0.0, min(slice_, until - time.monotonic()))):
            if time.monotonic() >= until:
                return False
            self._beat_if_due()
        return True

    def _recount(self) -> None:
        """Count days anew that lack records: a killed process wrote them and did not count them."""
        for day, slots in self._ledger.days().items():
            if self._tallies.of(day).records < len(slots):
                found = (self._ledger.find(slot.name) for slot in slots)
                self._tallies.recount(day, (entry[1] for entry in found if entry))

    def _forget(self) -> None:
        today = datetime.now(timezone.utc).date()
        if self._options.keep_days is not None and today != self._forgot:
            self._kept = self._ledger.forget_before(today, self._options.keep_days)
            self._forgot = today

    def _complain(self, problem: str | None) -> None:
        if problem is not None and problem != self._problem:
            self._on_problem(problem)
        self._problem = problem

    def _beat_if_due(self) -> None:
        if time.monotonic() - self._beaten >= self._options.heartbeat:
            self._beat(self._state)

    def _beat(self, state: State) -> None:
        """Write the counts and the heartbeat; where that fails, an old heartbeat says it."""
        self._beaten, self._state = time.monotonic(), state
        with suppress(OSError):
            self._tallies.save()
            heartbeat = msgspec.json.format(msgspec.json.encode(self._heartbeat(state)), indent=1)
            write_whole(self._out / HEARTBEAT, heartbeat + b"\n")

    def _heartbeat(self, state: State) -> Heartbeat:
        provenance, now = provenance_of(self._classifier), datetime.now(timezone.utc)
        return Heartbeat(
            time=time_text(now),
            state=state,
            process=os.getpid(),
            version=edgecad.__version__,
            model=provenance.model,
            contract=provenance.contract,
            device=provenance.device,
            precision=provenance.precision,
            waiting=self._arrivals.waiting,
            stuck=self._stuck + len(self._unread),
            records_today=self._tallies.of(now.date().isoformat()).records,
            problem=self._problem,
        )
