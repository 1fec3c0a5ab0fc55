"""Screens a second from a folder: ours against a Keras pipeline."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from measures.inference.bars import Bar, JudgedBar, judged
from measures.inference.options import InferenceOptions
from measures.inference.rows import PeerRow, row_of, tell_end, words_of
from measures.models.kept import PHANTOMS, kept_model
from measures.models.screens import drawn_screens
from measures.peers.processes import OpenPeers, opened
from measures.peers.turns import TimedWay, Turns, noise, ratios, take_turns
from measures.quartiles import Quartiles, quartiles_of

PARTS = 10
"""Of a folder: all take turns, part by part."""
KERAS, FP32, INT8 = "Keras folder", "EdgeCAD folder fp32", "EdgeCAD folder int8"
BARS = (Bar((KERAS,), (FP32,), at_least=1.15), Bar((KERAS,), (INT8,), at_least=2.5))


class FolderRates(msgspec.Struct, frozen=True):
    """Screens a second of each.

    Attributes:
        keras_tried_a_second: by way of its pipeline; `keras_best` is the one that is compared.
        times_keras: how many times as many screens as Keras, part by part.
    """

    backbone: str
    screens: int
    keras_tried_a_second: dict[str, float]
    keras_best: str
    rows: dict[str, PeerRow]
    times_keras: dict[str, Quartiles]
    missing: dict[str, str]
    bars: tuple[JudgedBar, ...]
    noisy: bool
    noisy_because: tuple[str, ...]


def folder(options: InferenceOptions, backbone: str) -> FolderRates:
    """`edgecad infer FOLDER` in fp32 and int8, and `predict` on a `tf.data` pipeline at its best batch, in turn."""
    place = kept_model(backbone, options.models).resolve()
    part = max(1, options.screens // PARTS)
    with tempfile.TemporaryDirectory() as name:
        drawn = drawn_screens(Path(name), min(part, PHANTOMS))
        screens = [drawn[number % len(drawn)] for number in range(part)]
        with opened((FP32, INT8, KERAS), place, screens) as peers:
            tried = _tried(peers, options.batches)
            best = min(tried, key=lambda way: tried[way], default="")
            ways = [TimedWay(FP32, FP32, "folder"), TimedWay(INT8, INT8, "folder"), TimedWay(KERAS, KERAS, best)]
            # Nothing to warm: a part is long, and each peer has answered one already.
            taken = take_turns(peers, ways, PARTS, 1, warm=0)
            missing = peers.missing
    noisy = noise(taken)
    found = FolderRates(
        backbone=backbone,
        screens=part * PARTS,
        keras_tried_a_second={way: 1000 * part / milliseconds for way, milliseconds in tried.items()},
        keras_best=best,
        rows={row: msgspec.structs.replace(row_of(turns), a_second=_rate(turns, part)) for row, turns in taken.items()},
        times_keras=_times(taken),
        missing=missing,
        bars=judged(BARS, taken),
        noisy=bool(noisy),
        noisy_because=noisy,
    )
    _tell(found)
    return found


def _tried(peers: OpenPeers, batches: Sequence[int]) -> dict[str, float]:
    """Milliseconds of one part for each way of the pipeline; its best is what is compared."""
    ways = [f"batch {batch}{half}" for batch in batches for half in ("", ", half")]
    taken = take_turns(peers, [TimedWay(way, KERAS, way) for way in ways], 2, 1, warm=0)
    return {way: float(np.min(turns.middles)) for way, turns in taken.items()}


def _rate(turns: Turns, part: int) -> Quartiles:
    return quartiles_of([1000 * part / taken for taken in turns.middles])


def _times(taken: Mapping[str, Turns]) -> dict[str, Quartiles]:
    return {row: quartiles_of(ratios(taken[KERAS], turns)) for row, turns in taken.items() if KERAS in taken}


def _tell(found: FolderRates) -> None:
    titles = ("what", "screens a second (quartiles)", "times Keras", "GB")
    print(f"\n{found.backbone}, Keras at {found.keras_best}\n| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, row in found.rows.items():
        rate = "none" if row.a_second is None else row.a_second.words(1)
        print(f"| {name} | {rate} | {words_of(found.times_keras.get(name))} | {row.peak_gb or 0:.2f} |")
    tell_end(found.missing, found.bars, found.noisy_because, len(titles))
