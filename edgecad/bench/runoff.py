"""The fastest configurations once more, in turn: whatever else a machine does meanwhile slows all of them alike.

One after the other they are minutes apart, and on most machines a minute differs from the next by more than they do.
Here each has a process of its own, which waits without working until it is asked for some runs of its network. The rest
of an answer is the same in all of them, varies by more than they do, and would hide how they differ.

Turns go on until each is either surely slower than the fastest, and then it is asked no more, or surely alike.
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

from edgecad.bench.judging import ALIKE
from edgecad.bench.results import BenchOrder, Measured, Result, StageTimes
from edgecad.bench.scenarios import percentiles_of
from edgecad.system.children import end_child, lines_of, start_child

NEAR = 3.0
"""Networks within this factor of the fastest are measured again; a busy machine makes one twice as slow, or more."""
MOST = 5
"""Of them, at most: all are open at once. A processor with bf16 has as many."""
RUNS = 10
"""Runs that each is asked for in a turn."""
TURNS, MOST_TURNS = 12, 200
"""After so many turns it is looked whether more are needed; and after so many there are no more."""
SECONDS, LEAST_TURNS = 120.0, 5
"""After which no turn begins, if so many were taken."""
CONFIDENCE = 2.0
"""Standard errors on either side within which the median of ratios lies, as an order statistic: 95 %."""
TIME_LIMIT = 900.0
"""Seconds after which nobody is waited for any more."""


def in_turn(found: Sequence[Result], near: Sequence[Measured], order: BenchOrder) -> list[Result]:
    """Everything that was found; those that are `near` the fastest with what their networks took in turn.

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
    timed = {id(own): replace(own, in_turn=times) for own, times in zip(near, _times(taken), strict=True)}
    return [timed.get(id(own), own) for own in found]


class _Player:
    """A process that waits to be asked."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until its model is open."""
        self._process, self._lines = process, _lines(process)
        next(self._lines)

    def turn(self) -> list[float]:
        """Milliseconds of each run of a turn.

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
    """Of each player the milliseconds of its turns, fewer of one that is surely slower than the fastest.

    Every second turn goes backwards, so nobody always follows one.
    """
    taken: list[list[list[float]]] = [[] for _ in players]
    left, begun = list(range(len(players))), time.monotonic()
    for turn in range(MOST_TURNS):
        if turn >= LEAST_TURNS and time.monotonic() - begun > SECONDS:
            break
        if turn >= TURNS:
            left, open_still = undecided([taken[place] for place in left], left)
            if not open_still:
                break
        for place in reversed(left) if turn % 2 else left:
            taken[place].append(players[place].turn())
    return taken


def undecided(taken: Sequence[Sequence[Sequence[float]]], places: Sequence[int]) -> tuple[list[int], bool]:
    """Which of `places` go on, and whether more turns could still tell something.

    Args:
        taken: milliseconds of all turns of each place, as many turns of all.

    Returns:
        The places that are not surely slower than the fastest by more than what counts as alike; and whether for one
        of them it is open on which side of that it lies.
    """
    middles = np.median(np.asarray(taken), axis=2)
    fastest = middles[int(np.argmin(np.median(middles, axis=1)))]
    margin = min(0.5, CONFIDENCE * 0.5 / np.sqrt(middles.shape[1]))
    low, high = np.quantile(middles / fastest, (0.5 - margin, 0.5 + margin), axis=1)
    going = [place for place, least in zip(places, low, strict=True) if least <= 1 + ALIKE]
    return going, bool(((low <= 1 + ALIKE) & (high > 1 + ALIKE)).any())


def _times(taken: Sequence[Sequence[Sequence[float]]]) -> list[StageTimes]:
    """Of each player's network. Medians are as far apart as they were turn by turn.

    A median is that of turns' medians, which one bad moment moves least. Another player's is that of the one that took
    most turns, times the median of their ratio in the turns that both took.
    """
    middles = [np.array([np.median(turn) for turn in turns]) for turns in taken]
    most = max(len(own) for own in middles)
    reference = min((own for own in middles if len(own) == most), key=lambda own: float(np.median(own)))
    times = []
    for own, turns in zip(middles, taken, strict=True):
        values = np.concatenate(turns)
        p50 = float(np.median(reference) * np.median(own / reference[: len(own)]))
        times.append(percentiles_of("run", list(values * (p50 / float(np.median(values))))))
    return times
