"""Rows of peers that were timed in turn, how far their answers lie from ours, and what to mind of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import agreement
from measures.inference.bars import JudgedBar, tell_bars
from measures.peers.messages import PeerAnswer, PeerRequest
from measures.peers.processes import OpenPeers, PeerFailed
from measures.peers.turns import Turns, ratios
from measures.quartiles import Quartiles, quartiles_of

TOLD_APART = 1e-3
"""Span of our probabilities over the images below which sameness of answers says little: all images get one answer."""
SAME = 1e-4
"""Of a probability: further apart are not two fp32 engines on one network, only on two."""
Answers = Mapping[str, Sequence[PeerAnswer]]


class PeerRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row; what does not apply to it is left out.

    Attributes:
        milliseconds: of all runs.
        turns: median of each turn.
        spread: of the turns; see `Turns.spread`.
        idle_share: median over the turns.
        of_ours: its time in ours, turn by turn.
        probability: largest difference from ours.
        heatmap: least alike pair of heat maps, -1 to 1, where it gives maps.
        ready_seconds: from its process' start until its first answer.
        about: what a reader should know of it.
        a_second: screens, for folders.
    """

    milliseconds: Quartiles
    turns: tuple[float, ...]
    spread: float
    idle_share: float
    peak_gb: float | None = msgspec.field(name="peak_GB", default=None)
    of_ours: Quartiles | None = None
    probability: float | None = None
    heatmap: float | None = None
    ready_seconds: float | None = None
    about: dict[str, object] | None = None
    a_second: Quartiles | None = None


def row_of(turns: Turns) -> PeerRow:
    """The times of a row alone."""
    idle = float(np.median(turns.idle_share))
    return PeerRow(turns.all_runs, tuple(turns.middles), turns.spread, idle, turns.peak_gb)


def answers_of(peers: OpenPeers) -> dict[str, tuple[PeerAnswer, ...]]:
    """What every peer says of every image; one that cannot moves to the missing ones."""
    answers = {}
    for name, peer in [*peers.peers.items()]:
        try:
            answers[name] = peer.ask(PeerRequest("answers")).answers
        except PeerFailed as failure:
            peers.drop(name, str(failure))
    return answers


def rows_of(taken: Mapping[str, Turns], answers: Answers, ours: str) -> dict[str, PeerRow]:
    """Times of each row, in ours too, and how far its answers are from ours."""
    rows = {}
    for name, turns in taken.items():
        row = row_of(turns)
        if ours in taken:
            row = msgspec.structs.replace(row, of_ours=quartiles_of(ratios(turns, taken[ours])))
        if ours in answers and name in answers:
            probability, heatmap = differences(answers[ours], answers[name])
            row = msgspec.structs.replace(row, probability=probability, heatmap=heatmap)
        rows[name] = row
    return rows


def differences(ours: Sequence[PeerAnswer], theirs: Sequence[PeerAnswer]) -> tuple[float, float | None]:
    """Largest difference of a probability, and the least alike pair of heat maps where there are any."""
    pairs = [*zip(ours, theirs, strict=True)]
    probability = max(abs(one.probability - other.probability) for one, other in pairs)
    alike = [
        _alike(np.array(one.heatmap), np.array(other.heatmap))
        for one, other in pairs
        if one.heatmap is not None and other.heatmap is not None
    ]
    return probability, min(alike) if len(alike) == len(pairs) else None


def _alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Agreement of two maps, what differs measured by the first one's largest value."""
    return agreement(one, other, max(0.01, float(np.abs(one).max())))


def wrong_in(rows: Mapping[str, PeerRow]) -> tuple[str, ...]:
    """Rows of full precision whose answers are not ours: their times are those of another network."""
    full = [name for name in rows if not any(narrow in name for narrow in ("int8", "bf16", "fp16"))]
    return tuple(name for name in full if (rows[name].probability or 0.0) > SAME)


def span_of(answers: Sequence[PeerAnswer]) -> float | None:
    """How far apart our own probabilities of different images lie."""
    own = [answer.probability for answer in answers]
    return max(own) - min(own) if own else None


def words_of(own: Quartiles | None) -> str:
    """Median and quartiles in words."""
    return "none" if own is None else own.words()


def tell_end(
    missing: Mapping[str, str],
    bars: Sequence[JudgedBar],
    noisy_because: Sequence[str],
    columns: int,
    wrong: Sequence[str] = (),
    span: float | None = None,
) -> None:
    """Who is missing, which bounds held, and what to mind."""
    for name, reason in missing.items():
        print(f"| {name} | {reason} {'|' * (columns - 1)}")
    tell_bars(bars)
    for reason in noisy_because:
        print(f"NOISY: {reason}")
    for name in wrong:
        print(f"WRONG: {name} gives other answers, so its times are not to be compared")
    if span is not None and span < TOLD_APART:
        print(f"All images get one answer (span {span:.1e}): that others give it as well says little.", flush=True)
