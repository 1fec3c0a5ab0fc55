"""Peers in processes of their own, timed in turn."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from measures.command import environment
from measures.processes import quartiles

PROGRAM = Path(__file__).resolve().parents[1] / "peer.py"
WARM_UP = 2
"""Runs at the start of each turn that do not count: another peer's weights lie in the processor's cache."""
LIMIT = 900.0
"""Seconds after which a peer that says nothing is ended."""
MAX_SPREAD = 0.25
"""Of a peer's turns, largest less smallest, of their median: past it the machine was busy (as in `speed.py`)."""
Found = dict[str, Any]


class PeerFailed(Exception):
    """A peer that is not here, or that gave up; the text says why."""


class Apart:
    """One peer's process.

    Attributes:
        ready_seconds: from its start until its first answer.
        told: what it said of itself then.
    """

    def __init__(self, name: str, job: Mapping[str, Any]) -> None:
        """Start it, and wait until it has given a first answer.

        Raises:
            PeerFailed: it cannot.
        """
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        begun = time.perf_counter()
        self._child = subprocess.Popen(
            [sys.executable, PROGRAM, json.dumps({"peer": name, **job})],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, text=True, env=environment(),
        )  # fmt: skip
        self.told = self._heard()
        self.ready_seconds = time.perf_counter() - begun

    def ask(self, **order: object) -> Found:
        """Have it do one thing; orders are those of `benchmarks/peer.py`.

        Raises:
            PeerFailed: it gave up.
        """
        try:
            self._child.stdin.write(json.dumps(order) + "\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            pass  # what is heard says why
        return self._heard()

    def _heard(self) -> Found:
        guard = threading.Timer(LIMIT, self._child.kill)
        guard.start()
        try:
            line = self._child.stdout.readline()
        finally:
            guard.cancel()
        found = json.loads(line) if line else {"failed": self._last_words()}
        if "failed" in found:
            self.end()
            raise PeerFailed(found["failed"])
        return found

    def _last_words(self) -> str:
        code = self._child.wait()
        self._said.seek(0)
        lines = self._said.read().strip().splitlines()
        return f"ended with {code}: {lines[-1][:200] if lines else 'without a word'}"

    def end(self) -> None:
        """Close its input, which ends it, and wait."""
        if not self._said.closed:
            self._child.stdin.close()
            try:
                self._child.wait(30)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child.stdout.close()
            self._said.close()


@dataclass
class Opened:
    """Peers that are there, and why others are not, by name."""

    peers: dict[str, Apart] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


@contextmanager
def opened(names: Sequence[str], job: Mapping[str, Any], makers: Sequence[str] = ()) -> Iterator[Opened]:
    """Start peers one after another, what they need beside the model made first; they wait without working."""
    found = Opened()
    with ExitStack() as stack:
        for maker in makers:
            try:
                Apart(maker, job).end()
            except PeerFailed as failure:
                found.missing[maker.removeprefix("make ")] = str(failure)
        for name in names:
            if name in found.missing:
                continue
            try:
                found.peers[name] = Apart(name, job)
                stack.callback(found.peers[name].end)
            except PeerFailed as failure:
                found.missing[name] = str(failure)
            print(f"{name}: {found.missing.get(name, 'ready')}", flush=True)
        yield found


@dataclass(frozen=True)
class Asked:
    """One row of a table: a peer, and what it is asked for."""

    row: str
    peer: str
    way: str


@dataclass
class Turns:
    """What one row's turns took.

    Attributes:
        milliseconds: of every run that counts, turn by turn.
        peak_gb: the most resident memory of its process so far.
        idle_share: processor time of its process between turns, of the clock's.
    """

    milliseconds: list[list[float]] = field(default_factory=list)
    peak_gb: float | None = None
    idle_share: list[float] = field(default_factory=list)

    @property
    def middles(self) -> list[float]:
        """The median of each turn."""
        return [float(np.median(turn)) for turn in self.milliseconds]

    def told(self) -> Found:
        """Median and quartiles of all runs, and how far apart the turns lie."""
        middles = self.middles
        return {
            "milliseconds": quartiles([taken for turn in self.milliseconds for taken in turn]),
            "turns": middles, "spread": (max(middles) - min(middles)) / float(np.median(middles)),
            "peak_GB": self.peak_gb, "idle_share": float(np.median(self.idle_share)),
        }  # fmt: skip


def take_turns(opened: Opened, asked: Sequence[Asked], turns: int, runs: int, warm: int = WARM_UP) -> dict[str, Turns]:
    """Ask each peer that is open for `runs` runs a turn; a peer that gives up moves to the missing ones."""
    taken = {entry.row: Turns() for entry in asked if entry.peer in opened.peers}
    for number in range(turns):
        for entry in _order(asked, number):
            if entry.peer not in opened.peers:
                continue
            try:
                found = opened.peers[entry.peer].ask(do="time", way=entry.way, runs=runs, warm=warm)
            except PeerFailed as failure:
                opened.missing[entry.peer] = f"in turn {number + 1}: {failure}"
                del opened.peers[entry.peer]
                continue
            own = taken[entry.row]
            own.milliseconds.append(found["milliseconds"])
            own.idle_share.append(found["idle_share"])
            own.peak_gb = found["peak_gb"]
    return {entry.row: taken[entry.row] for entry in asked if entry.peer in opened.peers}


def _order(asked: Sequence[Asked], turn: int) -> list[Asked]:
    """Every second turn goes backwards, and then another one begins: nobody always follows the same one."""
    first = turn // 2 % len(asked)
    order = [*asked[first:], *asked[:first]]
    return order[::-1] if turn % 2 else order


def ratios(above: Turns, below: Turns) -> list[float]:
    """The one's time in the other's, turn by turn: what slows a turn slows both."""
    return [one / other for one, other in zip(above.middles, below.middles, strict=True)]


def noise(taken: Mapping[str, Found]) -> list[str]:
    """Why figures of `Turns.told` are not to be trusted, if so."""
    return [
        f"turns of {row} took between {min(told['turns']):.2f} and {max(told['turns']):.2f} ms"
        for row, told in taken.items()
        if told["spread"] > MAX_SPREAD
    ]
