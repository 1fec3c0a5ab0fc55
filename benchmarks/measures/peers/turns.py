"""Peers timed in turn."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from measures.peers.messages import PeerRequest
from measures.peers.processes import OpenPeers, PeerFailed
from measures.quartiles import Quartiles, quartiles_of

WARM_UP = 2
"""Runs at the start of each turn that do not count: another peer's weights lie in the processor's cache."""
PAUSE = 0.1
"""Seconds before each turn: threads of the peer before it may go on spinning for a while, on a core that is wanted
now. Small networks took half as long again after one that spins."""
MAX_SPREAD = 0.25
"""Of a peer's turns, largest less smallest, of their median: past it the machine was busy (as in `speed.py`)."""


@dataclass(frozen=True)
class TimedWay:
    """One row of a table: a peer, and which of its ways is timed."""

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

    @property
    def all_runs(self) -> Quartiles:
        """Of all runs of all turns."""
        return quartiles_of([taken for turn in self.milliseconds for taken in turn])

    @property
    def spread(self) -> float:
        """How far apart the turns lie: largest less smallest, of their median."""
        return (max(self.middles) - min(self.middles)) / float(np.median(self.middles))


def take_turns(
    opened: OpenPeers, ways: Sequence[TimedWay], turns: int, runs: int, warm: int = WARM_UP
) -> dict[str, Turns]:
    """Ask each peer that is open for `runs` runs a turn; a peer that gives up moves to the missing ones."""
    taken = {entry.row: Turns() for entry in ways if entry.peer in opened.peers}
    for number in range(turns):
        for entry in order_of(ways, number):
            if entry.peer not in opened.peers:
                continue
            time.sleep(PAUSE)
            try:
                reply = opened.peers[entry.peer].ask(PeerRequest("time", entry.way, runs, warm))
            except PeerFailed as failure:
                opened.drop(entry.peer, f"in turn {number + 1}: {failure}")
                continue
            own = taken[entry.row]
            own.milliseconds.append(list(reply.milliseconds))
            own.idle_share.append(reply.idle_share)
            own.peak_gb = reply.peak_gb
    return {entry.row: taken[entry.row] for entry in ways if entry.peer in opened.peers}


def order_of(ways: Sequence[TimedWay], turn: int) -> list[TimedWay]:
    """Every second turn goes backwards, and then another one begins: nobody always follows the same one."""
    first = turn // 2 % len(ways)
    order = [*ways[first:], *ways[:first]]
    return order[::-1] if turn % 2 else order


def ratios(above: Turns, below: Turns) -> list[float]:
    """The one's time in the other's, turn by turn: what slows a turn slows both."""
    return [one / other for one, other in zip(above.middles, below.middles, strict=True)]


def noise(taken: Mapping[str, Turns]) -> tuple[str, ...]:
    """Why figures are not to be trusted, if so."""
    return tuple(
        f"turns of {row} took between {min(turns.middles):.2f} and {max(turns.middles):.2f} ms"
        for row, turns in taken.items()
        if turns.spread > MAX_SPREAD
    )
