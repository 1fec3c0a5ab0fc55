"""Cut the power again and again while a program writes, and look at what each cut leaves.

    PowerCuts(disk, command, feed, promised, check).run(50)

The program is stopped, the disk's image is copied, the program goes on. The copy is mounted and looked at, as the disk
of a machine that was switched off at that moment. The program itself never notices, so one start serves all cuts.

To try another program, a receiver of DICOM say, give

    command     that starts it on a folder; the processes that it starts are stopped with it
    feed        that gives it work before each cut: sends objects, writes files
    promised    that says, while the program is stopped, what it has promised to keep: objects that were acknowledged,
                records that were told of. It is asked before the image is copied
    check       that is given the folder as the cut left it, and what was promised, and says what was kept and what is
                wrong; it may write there, and start the program anew

A harness that never finds anything proves nothing: take the program's sync out, and demand faults.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from .disk import Disk, mounted_image

Promise = TypeVar("Promise")


@dataclass(frozen=True)
class Found:
    """What a cut left.

    Attributes:
        kept: things that were found whole.
        faults: what is wrong, a line each.
    """

    kept: int
    faults: list[str]


@dataclass
class PowerCuts(Generic[Promise]):
    """A program that writes to a disk, and whose power is cut.

    Attributes:
        longest: seconds that pass at most between the feed and its cut.
    """

    disk: Disk
    command: Callable[[Path], list[str]]
    feed: Callable[[Path, int], None]
    promised: Callable[[Path], Promise]
    check: Callable[[Path, Promise], Found]
    longest: float = 1.0
    log: Path = field(init=False)
    """What the program said."""

    def __post_init__(self) -> None:
        self.log = self.disk.image.with_name("writer.log")

    def run(self, cuts: int, ready: Callable[[Path], bool] = lambda folder: True, seed: int = 0) -> list[Found]:
        """Cut so many times.

        Args:
            ready: whether the program is at work, so that cuts are worth their time.
        """
        rng, found = np.random.default_rng(seed), []
        with self._at_work() as process:
            _wait(lambda: ready(self.disk.folder), process, self.log)
            for number in range(cuts):
                self.feed(self.disk.folder, number)
                time.sleep(rng.uniform(0, self.longest))
                found.append(self._cut(process))
        return found

    @contextmanager
    def _at_work(self) -> Iterator[subprocess.Popen[bytes]]:
        with self.log.open("wb") as log:
            process = subprocess.Popen(self.command(self.disk.folder), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            yield process
        finally:
            _signal(_family(process.pid), signal.SIGKILL)
            process.wait()

    def _cut(self, process: subprocess.Popen[bytes]) -> Found:
        copy = self.disk.image.with_name("after the cut")
        try:
            _wait(lambda: _stopped(process.pid), process, self.log)
            promise = self.promised(self.disk.folder)
            self.disk.copied(copy)
        finally:
            _signal(_family(process.pid), signal.SIGCONT)
        with mounted_image(copy, self.disk.folder.with_name("after")) as folder:
            return self.check(folder, promise)


def _wait(fulfilled: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not fulfilled():
        assert process.poll() is None, f"the program ended: {log.read_text('utf-8', 'replace')}"
        assert time.monotonic() < until, f"nothing within {seconds:g} s: {log.read_text('utf-8', 'replace')}"
        time.sleep(0.005)


def _stopped(pid: int) -> bool:
    """Stop a program and what it started, and say whether all of it has stopped: one may be in a system call still."""
    family = _family(pid)
    _signal(family, signal.SIGSTOP)
    states = {state for member in family for state, _ in _status(f"{member}/task/*/stat")}
    return states <= {"T", "Z", "X"} and _family(pid) == family


def _family(pid: int) -> set[int]:
    """A process and all that descend from it."""
    children: dict[int, set[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        for _, parent in _status(f"{path.name}/stat"):
            children.setdefault(parent, set()).add(int(path.name))
    family, new = {pid}, {pid}
    while new:
        new = set().union(*(children.get(member, set()) for member in new)) - family
        family |= new
    return family


def _status(pattern: str) -> Iterator[tuple[str, int]]:
    """State and parent of processes or threads, as proc(5) has them."""
    for path in Path("/proc").glob(pattern):
        with suppress(OSError, ValueError):  # it ended meanwhile
            state, parent = path.read_text("utf-8", "replace").rpartition(")")[2].split()[:2]
            yield state, int(parent)


def _signal(family: set[int], number: signal.Signals) -> None:
    for member in family:
        with suppress(ProcessLookupError):
            os.kill(member, number)
