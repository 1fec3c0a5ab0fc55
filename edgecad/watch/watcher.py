"""One scan after the other: taken, answered, recorded, put away."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

import msgspec

import edgecad
from edgecad.answering import answer, name_of, provenance_of, refusal, write_figure
from edgecad.classifier import Classifier
from edgecad.disk import words_of
from edgecad.errors import DeviceFailed, InputRefused, ModelInvalid, UsageError
from edgecad.folders import write_whole
from edgecad.images import SUFFIXES, bytes_from_path
from edgecad.lock import attempted
from edgecad.records import Record, record_of_copy
from edgecad.watch.arrivals import Arrival, Arrivals
from edgecad.watch.desk import Claim, Desk, time_text
from edgecad.watch.ledger import PLACES, Ledger, Place, Slot, WatchRecord
from edgecad.watch.tally import Tallies

MAX_ATTEMPTS = 5
"""How often a scan may end the process that judges it; then it is refused unjudged."""
RETRY = 5.0
"""Seconds until another try after the disk failed."""
HEARTBEAT, LOCK = "heartbeat.json", ".lock"
State = Literal["watching", "stopped", "disk-failed"]


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


class Heartbeat(msgspec.Struct, kw_only=True):
    """What a supervisor looks at: old means hung or dead.

    Attributes:
        state: `disk-failed` while nothing can be written; scans wait meanwhile.
        waiting: files in IN that are not whole yet.
        stuck: files in IN that cannot be moved.
    """

    time: str
    state: State
    process: int
    version: str
    model: str
    contract: str
    device: str
    precision: str
    waiting: int
    stuck: int
    records_today: int
    problem: str | None
    schema: int = 1


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
            on_problem: told when something keeps scans waiting, in words without file names of scans.

        Raises:
            UsageError: the folders do not go together, or lie on two file systems.
        """
        _check_folders(incoming, out)
        self._classifier, self._out = classifier, out
        self._options = options or WatchOptions()
        self._on_record, self._on_problem = on_record, on_problem
        for name in ("taken", "days", *PLACES):
            (out / name).mkdir(parents=True, exist_ok=True)
        _check_one_file_system(incoming, out / "taken")
        self._arrivals = Arrivals(incoming, self._options.settle, self._options.patience)
        self._desk, self._ledger, self._tallies = Desk(out / "taken"), Ledger(out), Tallies(out / "days")
        self._stuck = 0
        self._problem: str | None = None
        self._beaten = float("-inf")
        self.worst = 0
        """Highest exit code of a scan so far."""

    def run(self, stop: threading.Event, wake: threading.Event, *, once: bool = False) -> None:
        """Watch until `stop` is set; with `once`, until nothing is left that will become whole.

        Args:
            wake: set by whoever knows that something arrived.

        Raises:
            UsageError: another watch writes to OUT.
            DeviceFailed, ModelInvalid: nothing can be judged any more. The scan under way stays taken, and the next
                process judges it.
        """
        with attempted(self._out / LOCK) as ours:
            if not ours:
                raise UsageError(f"another edgecad watch writes to {self._out}; end it, or give another OUT")
            self._run(stop, wake, once)

    def _run(self, stop: threading.Event, wake: threading.Event, once: bool) -> None:
        self._ledger.load()
        self._recount()
        for claim in self._desk.left():
            self._desk.begin_again(claim)
        try:
            while not stop.is_set():
                wake.clear()
                still = self._round(stop)
                if once and still and not self._arrivals.waiting:
                    break
                _wait(stop, wake, self._options.interval if still else RETRY)
        finally:
            self._beat("stopped")

    def _round(self, stop: threading.Event) -> bool:
        """Look once, and handle all that is there; False if the disk failed, which loses nothing."""
        try:
            for claim in self._desk.left():
                self._handle(claim)
                if stop.is_set():
                    return True
            self._take_all(stop)
            self._forget()
        except OSError as error:
            self._complain(words_of(error))
            self._beat("disk-failed")
            return False
        self._complain(f"{self._stuck} files in IN cannot be moved; allow it" if self._stuck else None)
        self._beat_if_due()
        return True

    def _take_all(self, stop: threading.Event) -> None:
        self._stuck = 0
        for arrival in self._arrivals.look():
            if stop.is_set():
                return
            claim = self._taken(arrival)
            if claim is not None:
                self._desk.wait_until_still(claim, self._options.settle)
                self._handle(claim)
                self._beat_if_due()

    def _taken(self, arrival: Arrival) -> Claim | None:
        try:
            return self._desk.take(arrival)
        except PermissionError:
            self._stuck += 1
            return None

    def _handle(self, claim: Claim) -> None:
        """Answer one scan that was taken, record it, and put it away; whatever of that was done already is left."""
        scan = self._desk.scan_of(claim)
        data = _content(scan, claim)
        name = (
            claim.id if isinstance(data, InputRefused) else name_of(hashlib.sha256(data).hexdigest(), self._classifier)
        )
        found = self._ledger.find(name)
        if found is not None and found[1].claim != claim.id:
            first, name = found, f"{name}-copy-{claim.id}"
            found = self._ledger.find(name)
            record = found[1] if found else self._record_copy(claim, name, *first)
        else:
            record = found[1] if found else self._record_answer(claim, name, data)
        self._desk.put_away(claim, self._out / record.file)
        self._on_record(record)

    def _record_copy(self, claim: Claim, name: str, slot: Slot, first: WatchRecord) -> WatchRecord:
        copy = record_of_copy(claim.scan, first.scan_sha256, provenance_of(self._classifier))
        return self._written(self._slot(slot.place, name), claim, copy, slot.record)

    def _record_answer(self, claim: Claim, name: str, data: bytes | InputRefused) -> WatchRecord:
        if isinstance(data, InputRefused):
            outcome = refusal(self._classifier, data, claim.scan, draw=True)
        else:
            outcome = answer(self._classifier, data, claim.scan, draw=True)
        if isinstance(outcome.error, (DeviceFailed, ModelInvalid)):
            raise outcome.error
        self.worst = max(self.worst, outcome.exit_code)
        slot = self._slot("done" if outcome.error is None else "refused", name)
        if outcome.figure is None:
            return self._written(slot, claim, outcome.record)
        write_figure(self._out / slot.figure, outcome.figure)
        return self._written(slot, claim, msgspec.structs.replace(outcome.record, figure=slot.figure))

    def _slot(self, place: Place, name: str) -> Slot:
        slot = Slot(place, _now().date().isoformat(), name)
        (self._out / slot.record).parent.mkdir(parents=True, exist_ok=True)
        return slot

    def _written(self, slot: Slot, claim: Claim, record: Record, first: str | None = None) -> WatchRecord:
        written = WatchRecord(
            **{field: getattr(record, field) for field in Record.__struct_fields__},
            claim=claim.id,
            received=claim.received,
            recorded=time_text(_now()),
            file=slot.file(_suffix(claim.scan)),
            first=first,
        )
        self._ledger.write(slot, written)
        self._tallies.of(slot.day).add(written)
        return written

    def _recount(self) -> None:
        """Count days anew that lack records: a killed process wrote them and did not count them."""
        for day, slots in self._ledger.days().items():
            if self._tallies.of(day).records < len(slots):
                found = (self._ledger.find(slot.name) for slot in slots)
                self._tallies.recount(day, (entry[1] for entry in found if entry))

    def _forget(self) -> None:
        if self._options.keep_days is not None:
            self._ledger.forget_before(_now().date(), self._options.keep_days)

    def _complain(self, problem: str | None) -> None:
        if problem is not None and problem != self._problem:
            self._on_problem(problem)
        self._problem = problem

    def _beat_if_due(self) -> None:
        if time.monotonic() - self._beaten >= self._options.heartbeat:
            self._beat("watching")

    def _beat(self, state: State) -> None:
        """Write the counts and the heartbeat; where the disk fails, an old heartbeat says it."""
        self._beaten = time.monotonic()
        provenance, now = provenance_of(self._classifier), _now()
        heartbeat = Heartbeat(
            time=time_text(now),
            state=state,
            process=os.getpid(),
            version=edgecad.__version__,
            model=provenance.model,
            contract=provenance.contract,
            device=provenance.device,
            precision=provenance.precision,
            waiting=self._arrivals.waiting,
            stuck=self._stuck,
            records_today=self._tallies.of(now.date().isoformat()).records,
            problem=self._problem,
        )
        with suppress(OSError):
            self._tallies.save()
            write_whole(self._out / HEARTBEAT, msgspec.json.format(msgspec.json.encode(heartbeat), indent=1) + b"\n")


def _content(scan: Path, claim: Claim) -> bytes | InputRefused:
    """A scan's bytes, or why there are none."""
    if claim.attempts > MAX_ATTEMPTS:
        return InputRefused(
            "ended-the-program",
            f"this program ended {claim.attempts - 1} times while it judged this scan; look at it by hand, and "
            "please report it",
        )
    if not stat.S_ISREG(os.lstat(scan).st_mode):
        return InputRefused("not-a-file", "a link, a pipe or a device; copy the scan itself into the folder")
    try:
        return bytes_from_path(scan)
    except InputRefused as refused:
        return refused


def _suffix(scan: str) -> str:
    """The scan's own, where it is one of an image: `.json` would be its record's."""
    own = Path(scan).suffix.lower()
    return own if own in SUFFIXES else ".scan"


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _wait(stop: threading.Event, wake: threading.Event, seconds: float) -> None:
    """Wait until woken; `stop` is set together with `wake`."""
    if not stop.is_set():
        wake.wait(seconds)


def _check_folders(incoming: Path, out: Path) -> None:
    if not incoming.is_dir():
        raise UsageError(f"{incoming} is no folder; make it, and let scans be sent there")
    first, second = incoming.resolve(), out.resolve()
    if first == second or first in second.parents or second in first.parents:
        raise UsageError(f"{incoming} and {out} lie in one another; give two folders side by side")


def _check_one_file_system(incoming: Path, taken: Path) -> None:
    """Try a move: only a rename takes a scan whole, and only within one file system."""
    probe = incoming / f".edgecad-{secrets.token_hex(4)}.tmp"
    probe.touch()
    try:
        probe.rename(taken / probe.name)
        (taken / probe.name).unlink()
    except OSError as error:
        probe.unlink(missing_ok=True)
        if error.errno != errno.EXDEV:
            raise
        raise UsageError(
            f"{incoming} and {taken.parent} lie on two file systems, so a scan could not be moved in one step; "
            "give an OUT beside IN"
        ) from error
