"""The parent's side: start workers, share the processors out, listen, replace those that die."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from edgecad.errors import EdgecadError
from edgecad.system.cores import usable_threads
from edgecad_train.study.definition.planning import StudyPlan
from edgecad_train.study.folder import Failure, StudyFolder
from edgecad_train.study.workers.loop import anything_left, untimed
from edgecad_train.study.workers.messages import (
    MAKER,
    Listener,
    WorkerEvent,
    WorkerOrder,
    event_from_line,
    thread_limits,
)

MAX_DEATHS = 3
"""Workers that one unit, or the way to the first unit, may cost."""
GRACE_S = 10.0


@dataclass
class _Worker:
    """A running worker and what it is at."""

    order: WorkerOrder
    process: subprocess.Popen[bytes]
    at: str = ""


@dataclass
class WorkerPool:
    """Workers on one study, seen from the process that leads it.

    Attributes:
        folder: the study's.
        orders: one for each worker.
        listener: called with each event, in this thread.
    """

    folder: StudyFolder
    orders: tuple[WorkerOrder, ...]
    listener: Listener
    _workers: dict[int, _Worker] = field(default_factory=dict)
    _heard: queue.Queue[tuple[int, WorkerEvent | None]] = field(default_factory=queue.Queue)
    _deaths: dict[str, int] = field(default_factory=dict)

    def run(self) -> None:
        """Work until nothing is left.

        Raises:
            EdgecadError: workers die before they reach a unit.
        """
        try:
            for order in self.orders:
                self._start(order)
            while self._workers:
                number, event = self._heard.get()
                if event is None:
                    self._ended(number)
                else:
                    self._workers[number].at = event.name if event.kind in ("begun", "progress") else ""
                    self.listener(event)
        finally:
            self._dismiss()

    def _start(self, order: WorkerOrder) -> None:
        log = self.folder.path / "logs" / f"worker-{order.number}.log"
        with log.open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "edgecad_train.study.workers.process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | thread_limits(order.threads),
                start_new_session=True,  # Ctrl-C is for the parent, which then ends its workers
            )
        self._workers[order.number] = _Worker(order, process)
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(msgspec.json.encode(order) + b"\n")
                process.stdin.flush()
        threading.Thread(target=self._listen, args=(order.number, process), daemon=True).start()

    def _listen(self, number: int, process: subprocess.Popen[bytes]) -> None:
        with process.stdout or contextlib.nullcontext(()) as lines:
            for line in lines:
                event = event_from_line(line)
                if event is not None:
                    self._heard.put((number, event))
        self._heard.put((number, None))

    def _ended(self, number: int) -> None:
        worker = self._workers.pop(number)
        code = worker.process.wait()
        _close(worker.process)
        if code == 0 or not anything_left(self.folder):
            return
        self._deaths[worker.at] = self._deaths.get(worker.at, 0) + 1
        log = f"logs/worker-{number}.log"
        text = f"worker {number} was {_ending(code)}; see {log}"
        self.listener(WorkerEvent(kind="warning", name=worker.at, text=text))
        if self._deaths[worker.at] >= MAX_DEATHS:
            self._give_up(worker.at, code, log)
        self._start(worker.order)

    def _give_up(self, at: str, code: int, log: str) -> None:
        """Leave a unit or a timing that keeps killing its workers; without either there is nothing to go on with.

        A second worker may have taken it up between its last death and this moment, and died of it as well.
        """
        message = f"{MAX_DEATHS} workers died of it, the last {_ending(code)} (out of memory?); see {log}"
        unit = next((unit for unit in self.folder.undone() if unit.name == at), None)
        timing = next((task for task in untimed(self.folder) if task.name == at), None)
        if not at:
            raise EdgecadError(
                f"{MAX_DEATHS} workers were {_ending(code)} before they reached a unit; see "
                f"{self.folder.path / log}, mend what it says, and run the same command again"
            )
        if unit:
            self.folder.put_failure(unit, Failure(message=message, exit_code=1))
            self.listener(WorkerEvent(kind="failed", name=at, text=message))
        elif timing:
            self.folder.put_plain_time(at, timing.took(None, 0, self.orders[0].threads, message))

    def _dismiss(self) -> None:
        """End all workers: their lifeline first, then those that do not mind it."""
        for worker in self._workers.values():
            _close(worker.process)
        for worker in self._workers.values():
            try:
                worker.process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
        self._workers.clear()


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _ending(code: int) -> str:
    """Words for how a process ended, after `was`."""
    if code >= 0:
        return f"ended with code {code}"
    with contextlib.suppress(ValueError):
        return f"ended by {signal.Signals(-code).name}"
    return f"ended by signal {-code}"


def worker_orders(
    folder: Path, workers: int, source: Path, weights_files: Mapping[str, Path], maker: str = MAKER
) -> tuple[WorkerOrder, ...]:
    """Share the processors out: each worker gets its own, and as many threads.

    Where a cgroup's quota allows fewer than the affinity names, nobody is tied to a processor: which ones
    are busy is then not ours to know.
    """
    usable = usable_threads()
    threads = max(1, usable // workers)
    mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    tied = len(mine) == usable and 1 < workers <= usable
    return tuple(
        WorkerOrder(
            folder=str(folder),
            source=str(source),
            number=number + 1,
            cores=tuple(mine[number * threads : (number + 1) * threads]) if tied else (),
            threads=threads,
            weights_files={name: str(path) for name, path in weights_files.items()},
            maker=maker,
        )
        for number in range(workers)
    )


def with_workers(workers: int, maker: str = MAKER) -> Callable[[StudyFolder, StudyPlan, Listener], None]:
    """Have a study's units done by processes of this machine."""

    def work(folder: StudyFolder, plan: StudyPlan, listener: Listener) -> None:
        orders = worker_orders(folder.path.resolve(), workers, plan.source, plan.weights_files, maker)
        WorkerPool(folder, orders, listener).run()

    return work
