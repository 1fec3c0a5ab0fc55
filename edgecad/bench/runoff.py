"""The fastest configurations once more, in turn: whatever else a machine does meanwhile slows all of them alike.

One after the other they are minutes apart, and on most machines a minute differs from the next by more than they do.
Here each has a process of its own, which waits without working until it is asked for some answers.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO

import msgspec
import numpy as np
from msgspec.structs import replace

from edgecad.bench.results import BenchOrder, Measured, Result, StageTimes
from edgecad.bench.scenarios import percentiles_of
from edgecad.system.children import end_child, lines_of, start_child

NEAR = 2.0
"""Configurations within this factor of the fastest are measured again; a busy machine makes one twice as slow."""
MOST = 4
"""Of them, at most: all are open at once."""
TURNS, RUNS = 20, 10
"""How often each is asked, and for how many answers."""
SECONDS, LEAST_TURNS = 120.0, 5
"""After which no turn begins, if so many were taken."""
TIME_LIMIT = 900.0
"""Seconds after which nobody is waited for any more."""


def in_turn(found: Sequence[Result], near: Sequence[Measured], order: BenchOrder) -> list[Result]:
    """Everything that was found; those that are `near` the fastest with what they took in turn.

    Where one of them does not answer any more, nothing is known in turn, and all stay as they are.

    Args:
        near: of `found`, two or more.
        order: the model and its key.
    """
    told = replace(order, scenarios=(), runs=RUNS, waits=True)
    asked = [replace(told, device=own.device, precision=own.precision) for own in near]
    with ExitStack() as stack:
        try:
            players = [stack.enter_context(_opened(each)) for each in asked]
            taken = _taken(players)
        except (TimeoutError, EOFError, OSError, msgspec.DecodeError):
            return list(found)
    timed = {id(own): replace(own, in_turn=_times(turns)) for own, turns in zip(near, taken, strict=True)}
    return [timed.get(id(own), own) for own in found]


class _Player:
    """A process that waits to be asked."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until its model is open."""
        self._process, self._lines = process, _lines(process)
        next(self._lines)

    def turn(self) -> list[float]:
        """Milliseconds of each answer of a turn.

        Raises:
            EOFError, OSError: it has ended.
            TimeoutError: it says nothing.
        """
        if self._process.stdin is not None:
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
        return msgspec.json.decode(next(self._lines), type=list[float])


def _lines(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """What a process says, line by line, and an error where it says no more."""
    yield from lines_of(process, time.monotonic() + TIME_LIMIT)
    raise EOFError


@contextmanager
def _opened(order: BenchOrder) -> Iterator[_Player]:
    with tempfile.TemporaryFile() as errors:
        process = _started(order, errors)
        try:
            yield _Player(process)
        finally:
            end_child(process)


def _started(order: BenchOrder, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    return start_child("edgecad.bench", msgspec.json.encode(replace(order, begun=time.perf_counter())), errors)


def _taken(players: Sequence[_Player]) -> list[list[list[float]]]:
    """Of each player the milliseconds of its turns; every second turn goes backwards, so nobody always follows one."""
    taken: list[list[list[float]]] = [[] for _ in players]
    begun = time.monotonic()
    for turn in range(TURNS):
        if turn >= LEAST_TURNS and time.monotonic() - begun > SECONDS:
            break
        places = range(len(players))
        for place in reversed(places) if turn % 2 else places:
            taken[place].append(players[place].turn())
    return taken


def _times(turns: Sequence[Sequence[float]]) -> StageTimes:
    """Of the whole answer; the median is that of the turns' medians, which one bad moment moves least."""
    times = percentiles_of("whole", [value for turn in turns for value in turn])
    return replace(times, p50=float(np.median([np.median(turn) for turn in turns])))
