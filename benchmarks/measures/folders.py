"""Screens a second from a folder: ours against a Keras pipeline."""

from __future__ import annotations

import tempfile
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from measures.apart import Asked, Opened, Turns, opened, ratios, take_turns
from measures.bars import Bar, judged
from measures.kept import PHANTOMS, kept_model
from measures.networks import noisy, tell_end
from measures.processes import quartiles
from measures.screens import drawn_screens

PARTS = 10
"""Of a folder: all take turns, part by part."""
KERAS, FP32, INT8 = "Keras folder", "EdgeCAD folder fp32", "EdgeCAD folder int8"
BARS = (Bar((KERAS,), (FP32,), at_least=1.15), Bar((KERAS,), (INT8,), at_least=2.5))
Found = dict[str, Any]


def folder(arguments: Namespace, backbone: str) -> Found:
    """`edgecad infer FOLDER` in fp32 and int8, and `predict` on a `tf.data` pipeline at its best batch, in turn."""
    place = kept_model(backbone, arguments.models).resolve()
    part = max(1, arguments.screens // PARTS)
    with tempfile.TemporaryDirectory() as name:
        drawn = drawn_screens(Path(name), min(part, PHANTOMS))
        screens = [drawn[number % len(drawn)] for number in range(part)]
        with opened((FP32, INT8, KERAS), {"place": str(place), "screens": screens}) as peers:
            tried = _tried(peers, arguments.batches)
            best = min(tried, key=lambda way: tried[way], default="")
            asked = [Asked(FP32, FP32, "folder"), Asked(INT8, INT8, "folder"), Asked(KERAS, KERAS, best)]
            # Nothing to warm: a part is long, and each peer has answered one already.
            taken = take_turns(peers, asked, PARTS, 1, warm=0)
            missing = peers.missing
    rows = {row: turns.told() | {"a_second": _rate(turns, part)} for row, turns in taken.items()}
    found = {
        "backbone": backbone, "screens": part * PARTS, "keras_tried_a_second": _rates(tried, part), "keras_best": best,
        "rows": rows, "times_keras": _times(taken), "missing": missing, "bars": judged(BARS, taken),
    } | noisy(rows)  # fmt: skip
    _tell(found)
    return found


def _tried(peers: Opened, batches: list[int]) -> dict[str, float]:
    """Milliseconds of one part for each way of the pipeline; its best is what is compared."""
    ways = [f"batch {batch}{half}" for batch in batches for half in ("", ", half")]
    taken = take_turns(peers, [Asked(way, KERAS, way) for way in ways], 2, 1, warm=0)
    return {way: float(np.min(turns.middles)) for way, turns in taken.items()}


def _rates(tried: Mapping[str, float], part: int) -> dict[str, float]:
    return {way: 1000 * part / taken for way, taken in tried.items()}


def _rate(turns: Turns, part: int) -> dict[str, float]:
    return quartiles([1000 * part / taken for taken in turns.middles])


def _times(taken: Mapping[str, Turns]) -> dict[str, dict[str, float]]:
    """How many times as many screens as Keras."""
    return {row: quartiles(ratios(taken[KERAS], turns)) for row, turns in taken.items() if KERAS in taken}


def _tell(found: Found) -> None:
    titles = ("what", "screens a second (quartiles)", "times Keras", "GB")
    print(f"\n{found['backbone']}, Keras at {found['keras_best']}\n| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, row in found["rows"].items():
        rate, times = row["a_second"], found["times_keras"].get(name)
        shown = "none" if times is None else f"{times['median']:.2f} ({times['low']:.2f}-{times['high']:.2f})"
        print(
            f"| {name} | {rate['median']:.1f} ({rate['low']:.1f}-{rate['high']:.1f}) | {shown} "
            f"| {row['peak_GB'] or 0:.2f} |"
        )
    tell_end(found, len(titles))
