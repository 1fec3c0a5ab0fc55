"""The loop: look, take, process, tell that it lives. Whatever the source is, no scan is lost or answered twice."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from edgecad.clinical.sources import NO_VALUES, ClinicalSources
from edgecad.errors import UsageError
from edgecad.inference.classifier import Classifier
from edgecad.inference.identity import BY_HASH, IdentityChoice
from edgecad.spool.claims import Claim, Claims, NotMoved
from edgecad.spool.growing import Stillness
from edgecad.spool.index import SpoolRecord, code_of
from edgecad.spool.options import WorkerOptions
from edgecad.spool.out import DAYS, HEARTBEAT, LOCK, TAKEN, make_out
from edgecad.spool.processor import Key, Prepare, Processor, nothing
from edgecad.spool.reading import NotReadNow, StillGrowing, content_hash
from edgecad.spool.records import OutRecords
from edgecad.spool.source import Arrival, ScanSource, Traits
from edgecad.spool.supervision.pulse import Pulse, Standing
from edgecad.system.disk import words_of
from edgecad.system.folders import sweep_partials
from edgecad.system.lock import attempted
from edgecad.system.memory import lacks_memory, memory_as_device

SHORTEST_REST = 0.05
"""Seconds to sleep at least between two heartbeats."""
RETRY = 5.0
"""Seconds until another try after the disk failed."""
LEFT = 1
"""Exit code of `once` where files are left that cannot be moved or read."""


class Worker:
    """A source of scans, the one model that answers them, and the OUT in which all of them end."""

    def __init__(
        self,
        classifier: Classifier,
        source: ScanSource,
        out: Path,
        options: WorkerOptions | None = None,
        on_record: Callable[[SpoolRecord], None] = lambda record: None,
        on_problem: Callable[[str], None] = lambda problem: None,
        *,
        command: str,
        key: Key = content_hash,
        prepare: Prepare = nothing,
        wanted: IdentityChoice = BY_HASH,
        clinical: ClinicalSources = NO_VALUES,
    ) -> None:
        """Make OUT where there is none; nothing is looked at yet.

        Args:
            source: its files lie on the file system of `out`.
            on_record: told of every record, once it is written and its scan is put away.
            on_problem: told when something keeps scans waiting, and when the last scans look turned or mirrored, in
                words without names of files.
            command: what a user calls this worker by, as `edgecad watch`; for errors.
            key, prepare: as `edgecad.spool.processor.Processor` takes them.
            wanted: what of whose scan it is stands in records and pictures; by default nothing but the scan's hash.
            clinical: where clinical values of scans come from.
        """
        self._source, self._out, self._command = source, out, command
        self._options, self._wanted = options or WorkerOptions(), wanted
        self._row_keys = clinical.keys_of
        self._on_record, self._on_problem = on_record, on_problem
        make_out(out)
        self._claims, self._records = Claims(out / TAKEN), OutRecords(out, classifier.contract)
        self._pulse = Pulse(
            out / HEARTBEAT, classifier, self._records.counts, self._standing,
            every=self._options.heartbeat, command=command, on_problem=on_problem,
        )  # fmt: skip
        self._processor = Processor(
            classifier, out, self._claims, self._records.index, self._records.counts, key, prepare, wanted,
            self._pulse.beat_if_due, clinical,
        )  # fmt: skip
        self._stillness = Stillness(self._claims, self._options.patience)
        self._recovered = False
        self._stuck = 0
        self._unread: set[str] = set()
        self._problem: str | None = None
        self.worst = 0
        """Highest exit code so far: of a scan that was not answered, or 1 for files that are left."""

    def run(self, stop: threading.Event, wake: threading.Event, *, once: bool = False) -> None:
        """Work until `stop` is set; with `once`, until nothing is left that will become whole.

        Args:
            wake: set by whoever knows that something arrived, and together with `stop`.

        Raises:
            UsageError: another worker writes to OUT, or the source is another's.
            DeviceFailed, ModelInvalid: nothing can be judged any more. The scan under way stays taken, and the next
                process judges it.
        """
        with memory_as_device():
            self._run(stop, wake, once=once)

    def _run(self, stop: threading.Event, wake: threading.Event, *, once: bool) -> None:
        with attempted(self._out / LOCK) as ours:
            if not ours:
                raise UsageError(f"another {self._command} writes to {self._out}; end it, or give another OUT")
            try:
                while not stop.is_set():
                    wake.clear()
                    went_well = self._round(stop)
                    if once and went_well and not self._busy:
                        self._write_stale(stop)
                        break
                    if not stop.is_set():
                        self._rest(wake, self._options.interval if went_well else RETRY)
            finally:
                with suppress(MemoryError, OSError):  # the next process makes it from the records
                    self._records.pages.write_changed()
                self._pulse.beat("stopped")

    @property
    def _busy(self) -> bool:
        """Whether scans wait."""
        return bool(self._source.waiting or self._stillness.waiting)

    def _write_stale(self, stop: threading.Event) -> None:
        for _ in self._records.pages.write_stale():
            self._pulse.beat_if_due()
            if stop.is_set():
                return

    def _round(self, stop: threading.Event) -> bool:
        """Look once, and handle all that is there; False if a disk failed, which loses nothing."""
        try:
            self._source.confirm()
            self._recover()
            left = tuple(self._claims.left())
            self._stillness.keep({claim.id for claim in left})
            for claim in left:
                self._handle(claim)
                if stop.is_set():
                    return True
            self._take_back()
            self._take_all(stop)
            if self._options.keep_days is not None:
                self._records.forget(self._options.keep_days)
            self._records.pages.write_due(busy=self._busy)
        except OSError as error:
            if lacks_memory(error):
                raise
            # Without the file's name, which may be a patient's.
            self._complain(words_of(error, named=False))
            self._pulse.beat("waiting-for-disk")
            return False
        self._complain("; ".join(self._troubles()) or None)
        if self._stuck or self._unread or self._source.problems:
            self.worst = max(self.worst, LEFT)
        self._pulse.state = "watching"
        self._pulse.beat_if_due()
        return True

    def _troubles(self) -> Iterator[str]:
        """What keeps scans waiting, or days from being removed, in words without names."""
        if self._stuck:
            yield f"{self._stuck} files or folders in IN cannot be moved or read; allow it"
        yield from self._source.problems
        if self._unread:
            yield f"{len(self._unread)} scans in OUT/taken cannot be read, {min(self._unread)} first; look at the disk"
        if self._records.kept:
            yield self._records.kept
        if self._records.pages.problem:
            yield self._records.pages.problem

    def _recover(self) -> None:
        """Once: look after what a process before us left."""
        if self._recovered:
            return
        for folder in (self._out, self._out / DAYS):
            sweep_partials(folder)
        self._claims.recover()
        self._warn(self._records.load({claim.id for claim in self._claims.left()}))
        self._recovered = True

    def _take_all(self, stop: threading.Event) -> None:
        arrivals = self._source.look()
        self._stuck = self._source.closed
        for arrival in arrivals:
            if stop.is_set():
                return
            self._source.confirm()  # a round may be long, and the source may be lost meanwhile
            try:
                claim = self._claims.take(arrival, self._wanted.noted, self._row_keys)
            except NotMoved:
                self._stuck += 1
                continue
            if claim is not None:
                self._handle(claim, arrival.lain)

    def _take_back(self) -> None:
        """Take scans again that were refused because they end early, and in which somebody has written on since."""
        for record in self._records.grown():
            path = self._out / record.file
            try:
                again = Arrival(path, record.file, Traits.of(os.lstat(path)), regular=True)
                claim = self._claims.take(again, lambda _, of=record: self._wanted.noted_in(of))  # type: ignore[misc]
            except (NotMoved, FileNotFoundError):
                continue
            if claim is not None:
                self._records.remove(record)
                self._handle(claim)

    def _handle(self, claim: Claim, lain: float = 0.0) -> None:
        may_grow = self._stillness.may_grow(claim, lain)
        try:
            # It may change until it is taken, and after. It is waited for where it is, because a way back could meet
            # another file of its name; others have their turn meanwhile.
            if may_grow and self._stillness.unfinished(claim):
                raise StillGrowing
            record = self._processor.handle(claim, may_grow=may_grow)
        except StillGrowing:
            self._stillness.wait_for(claim)
        except NotReadNow:
            self._stillness.forget(claim)
            self._unread.add(claim.id)
        else:
            self._stillness.forget(claim)
            self._unread.discard(claim.id)
            self._tell(record)
        self._pulse.beat_if_due()
        self._records.pages.write_due(busy=True)

    def _tell(self, record: SpoolRecord) -> None:
        self._records.add(record)
        self.worst = max(self.worst, code_of(record))
        self._on_record(record)
        self._warn(self._records.look_at_series(record))

    def _warn(self, warning: str | None) -> None:
        if warning is not None:
            self._on_problem(warning)

    def _rest(self, event: threading.Event, seconds: float) -> bool:
        """Wait for an event, and tell meanwhile that we live; whether it came."""
        until = time.monotonic() + seconds
        slice_ = max(self._options.heartbeat, SHORTEST_REST)
        while not event.wait(max(0.0, min(slice_, until - time.monotonic()))):
            if time.monotonic() >= until:
                return False
            self._pulse.beat_if_due()
        return True

    def _complain(self, problem: str | None) -> None:
        if problem is not None and problem != self._problem:
            self._on_problem(problem)
        self._problem = problem

    def _standing(self) -> Standing:
        return Standing(
            coming=self._source.waiting,
            waiting=self._stillness.waiting,
            stuck=self._stuck + len(self._unread),
            problem=self._problem,
            orientation=self._records.orientation,
        )
