"""What `auto` takes after `edgecad bench --save`, in turn with all that it could have taken."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from edgecad.inference.benches.bench import SavedBench
from edgecad.inference.benches.lookup import bench_for
from edgecad.system.usercache import VARIABLE
from measures.command import EDGECAD, run_command
from measures.inference.bars import Bar, JudgedBar, judged, tell_bars
from measures.inference.networks import NNCF_SPEED
from measures.inference.options import NNCF, OURS, PROVEN, InferenceOptions
from measures.inference.rows import PeerRow, row_of, words_of
from measures.models.kept import kept_model, model_in
from measures.peers.processes import opened
from measures.peers.turns import TimedWay, Turns, noise, ratios, take_turns
from measures.quartiles import quartiles_of

AUTO, MAKER = "EdgeCAD auto", "make OpenVINO int8, its own"
RIVALS = (OURS, *PROVEN)
MOST = 1.03
"""Time of `auto` in that of the best that is proven."""
TURNS = 2
"""Times as many as elsewhere: the best of several is held against, and that one is also the luckiest."""
RUNS = 4
"""Times as many a turn as elsewhere. Of five whole answers the median varies by a tenth, so that two processes that do
the same lay 5 to 11 % apart, either way; of twenty, 1 %."""
WAYS = {"answer": "network", "whole": "whole answer"}
"""Of a peer, and what a row of it is called."""


class SavedAgainstBest(msgspec.Struct, frozen=True):
    """One network.

    Attributes:
        saved: what `edgecad bench --save` recorded.
        took: what `auto` said of what it took: device, precision, and why.
        bench_seconds: that the command took.
        rows: by peer and what of it was timed.
        missing: peers that are not here or not proven, and why.
    """

    backbone: str
    turns: int
    runs_a_turn: int
    saved: SavedBench
    took: dict[str, object]
    bench_seconds: float
    rows: dict[str, PeerRow]
    missing: dict[str, str]
    bars: tuple[JudgedBar, ...]
    noisy: bool
    noisy_because: tuple[str, ...]


def saved_against_best(options: InferenceOptions, backbone: str) -> SavedAgainstBest:
    """Save a bench in a cache of its own, then time `auto` and everything that it chose from, in turn."""
    place = kept_model(backbone, options.models).resolve()
    with tempfile.TemporaryDirectory() as name, _cache_in(Path(name)):
        words: list[object] = [*EDGECAD, "bench", model_in(place), "--save", "--scenario", "single-stream"]
        words += ["--precision", options.bench_precision, "--runs", options.bench_runs]
        ended = run_command(words, Path(name))
        found = bench_for(model_in(place))
        if found.saved is None:
            raise SystemExit(f"edgecad bench --save saved nothing that can be read: {found.remark or 'no file'}")
        names = (AUTO, *(peer for peer in (*RIVALS, NNCF) if peer in options.peers))
        with opened(names, place, makers=(MAKER,) if NNCF in names else ()) as peers:
            ready = dict(peers.peers)
            about = ready[AUTO].ready.about if AUTO in ready else {}
            starts = {name: peer.ready_seconds for name, peer in ready.items()}
            # Of OpenVINO alone there is no whole answer.
            asked = [(peer, way) for way in WAYS for peer in names if peer != NNCF or way == "answer"]
            ways = [TimedWay(_row(peer, way), peer, way) for peer, way in asked]
            taken = take_turns(peers, ways, TURNS * options.turns, RUNS * options.runs)
            missing = peers.missing
    noisy = noise(taken)
    told = SavedAgainstBest(
        backbone=backbone,
        turns=TURNS * options.turns,
        runs_a_turn=RUNS * options.runs,
        saved=found.saved,
        took=about,
        bench_seconds=ended.seconds,
        rows={row.row: _of_auto(taken, row, starts) for row in ways if row.row in taken},
        missing=missing,
        bars=judged(_bars(backbone), taken),
        noisy=bool(noisy),
        noisy_because=noisy,
    )
    _tell(told)
    return told


def _row(peer: str, way: str) -> str:
    return f"{peer}, {WAYS[way]}"


def _bars(backbone: str) -> list[Bar]:
    bars = [
        Bar(
            (_row(AUTO, way),), tuple(_row(peer, way) for peer in RIVALS), at_most=MOST, among="the best that is proven"
        )
        for way in WAYS
    ]  # fmt: skip
    if backbone in NNCF_SPEED:
        bars.append(Bar((_row(NNCF, "answer"),), (_row(AUTO, "answer"),), at_least=NNCF_SPEED[backbone]))
    return bars


def _of_auto(taken: Mapping[str, Turns], way: TimedWay, starts: Mapping[str, float]) -> PeerRow:
    """A row, with its time in that of `auto`."""
    own, auto = taken[way.row], taken.get(_row(AUTO, way.way))
    row = msgspec.structs.replace(row_of(own), ready_seconds=starts[way.peer])
    return row if auto is None else msgspec.structs.replace(row, of_ours=quartiles_of(ratios(own, auto)))


@contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    """Have this process and all that it starts use an empty user's cache."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(folder / "cache")
    try:
        yield
    finally:
        del os.environ[VARIABLE]
        os.environ.update({} if before is None else {VARIABLE: before})


def _tell(found: SavedAgainstBest) -> None:
    took = f"{found.took.get('device')} {found.took.get('precision')} ({found.took.get('chosen')})"
    print(f"\n{found.backbone}: auto takes {took}; edgecad bench --save took {found.bench_seconds:.0f} s")
    titles = ("what", "ms (quartiles)", "in auto's (quartiles)", "GB", "ready, s")
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, row in found.rows.items():
        print(
            f"| {name} | {row.milliseconds.words()} | {words_of(row.of_ours)} | {row.peak_gb or 0:.2f} "
            f"| {row.ready_seconds or 0:.1f} |"
        )
    for name, reason in found.missing.items():
        print(f"| {name} | {reason} {'|' * (len(titles) - 1)}")
    tell_bars(found.bars)
    for reason in found.noisy_because:
        print(f"NOISY: {reason}")
