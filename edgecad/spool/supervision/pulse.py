"""The pulse of a worker: every few seconds it counts, writes its heartbeat, and tells whoever started it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import msgspec

import edgecad
from edgecad.inference.answering import provenance_of
from edgecad.inference.classifier import Classifier
from edgecad.spool.counts import CountsByDay
from edgecad.spool.supervision.heartbeat import Heartbeat, State
from edgecad.spool.supervision.supervisor import tell_supervisor
from edgecad.system.clock import time_text
from edgecad.system.folders import write_whole


@dataclass(frozen=True)
class Standing:
    """How a worker stands.

    Attributes:
        coming: files in the source that are not whole yet.
        waiting: scans that were taken and may still grow.
        stuck, problem, orientation: as the heartbeat has them.
    """

    coming: int
    waiting: int
    stuck: int
    problem: str | None
    orientation: str


class Pulse:
    """When a worker last told that it lives, and as what."""

    def __init__(
        self,
        path: Path,
        classifier: Classifier,
        counts: CountsByDay,
        standing: Callable[[], Standing],
        *,
        every: float,
        command: str,
        on_problem: Callable[[str], None],
    ) -> None:
        """Tell nothing yet.

        Args:
            path: of the heartbeat.
            counts: written with each beat.
            every: seconds between two beats.
            command: what a user calls the worker by.
            on_problem: told once of each other model that is in force.
        """
        self._path, self._classifier, self._counts, self._standing = path, classifier, counts, standing
        self._every, self._command, self._on_problem = every, command, on_problem
        self._other_model: str | None = None
        self._beaten = float("-inf")
        self.state: State = "watching"
        """As it is told while nothing else is said."""

    def beat_if_due(self) -> None:
        """Tell how it stands, unless that was a moment ago."""
        if time.monotonic() - self._beaten >= self._every:
            self.beat(self.state)

    def beat(self, state: State) -> None:
        """Write the counts and the heartbeat; where that fails, an old heartbeat says it."""
        self._beaten, self.state = time.monotonic(), state
        self._look_at_pointer()
        standing = self._standing()
        tell_supervisor(status=f"{state}, {standing.coming} files waiting", stopping=state == "stopped")
        with suppress(OSError):
            self._counts.save()
            heartbeat = msgspec.json.format(msgspec.json.encode(self._heartbeat(state, standing)), indent=1)
            write_whole(self._path, heartbeat + b"\n")

    def _heartbeat(self, state: State, standing: Standing) -> Heartbeat:
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
            waiting=standing.coming + standing.waiting,
            stuck=standing.stuck,
            records_today=self._counts.of(now.date().isoformat()).records,
            problem=standing.problem,
            orientation=standing.orientation,
            model_in_force=self._other_model,
        )

    def _look_at_pointer(self) -> None:
        """Say once that another model is in force; we go on with our own, by which all records of a process are."""
        pointer = self._classifier.pointer
        other = None if pointer is None else pointer.other()
        if pointer is not None and other is not None and other != self._other_model:
            self._on_problem(
                f"another model is in force now: {other}; this {self._command} goes on with {pointer.opened} until it "
                "is started again"
            )
        self._other_model = other
