"""Scan after scan, as a hot folder sees them: false warnings, and scans until a change is told."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from edgecad.polarmap.orientation import OTHERS
from edgecad.spool.index import SpoolRecord
from edgecad.spool.orientation import SeriesWatch
from edgecad_train.evaluation.statistics.intervals import proportion
from measures.orientation.lying import Floats, fresh_means, reference_of_run
from measures.orientation.options import OrientationOptions
from measures.quartiles import Quartiles, quartiles_of

BEFORE, AFTER = 100, 100
"""Upright scans before a change, and scans after it in which it is looked for."""


class ChangeTold(msgspec.Struct, frozen=True):
    """A site whose maps begin to lie so.

    Attributes:
        told: share of the changes that were told within `AFTER` scans, with its interval; `scans` until then.
        named: of the changes, those that were first named rightly.
    """

    lies: str
    changes: int
    told: tuple[float, float, float]
    named: float
    scans: Quartiles | None


class WatchFound(msgspec.Struct, frozen=True):
    """All seeds together.

    Attributes:
        upright: scans that lay as they should, one stream a seed, and the warnings among them.
    """

    runs: int
    patients: int
    upright: tuple[int, int]
    rows: tuple[ChangeTold, ...]


def watch(options: OrientationOptions) -> WatchFound:
    """Send streams of scans to the part of the watch that looks at series."""
    warnings = sum(
        len(_warned(_series(options, seed), fresh_means(seed, options.fresh)[0])) for seed in range(options.runs)
    )
    upright = (options.runs * options.fresh, warnings)
    print(f"{upright[1]} warnings among {upright[0]} upright scans", flush=True)
    rows = tuple(_changes(options, number) for number in range(1, len(OTHERS) + 1))
    return WatchFound(options.runs, options.patients, upright, rows)


def _changes(options: OrientationOptions, number: int) -> ChangeTold:
    """Changes to `OTHERS[number - 1]`, one for every `BEFORE + AFTER` phantoms."""
    turn, named, changes = OTHERS[number - 1], 0, 0
    after: list[int] = []
    for seed in range(options.runs):
        means = fresh_means(seed, options.fresh)
        for start in range(0, options.fresh - BEFORE - AFTER + 1, BEFORE + AFTER):
            stop = start + BEFORE
            stream = np.concatenate([means[0, start:stop], means[number, stop : stop + AFTER]])
            series = _series(options, seed)
            found = [place for place in _warned(series, stream) if place[0] >= BEFORE]
            changes += 1
            if found:
                after.append(found[0][0] - BEFORE + 1)
                named += found[0][1] == turn.words
    told = proportion(len(after), changes)
    row = ChangeTold(
        turn.words, changes, (told.value, told.low, told.high), named / max(changes, 1),
        quartiles_of(after) if after else None,
    )  # fmt: skip
    print(row, flush=True)
    return row


def _warned(series: SeriesWatch, means: Iterable[Floats]) -> list[tuple[int, str]]:
    """Numbers of the scans at which a warning came, from 0, and how the series looked."""
    found = []
    for number, own in enumerate(means):
        if series.add(_record(own)) and series.turn:
            found.append((number, series.turn.words))
    return found


def _record(means: Floats) -> SpoolRecord:
    """An answer, as far as the series is concerned."""
    return SpoolRecord(
        scan="", status="answered", stamp="", model="", contract="", device="", provider="", precision="", claim="",
        received="", recorded="", file="", segments=tuple(round(float(mean), 1) for mean in means),
    )  # fmt: skip


def _series(options: OrientationOptions, seed: int) -> SeriesWatch:
    return SeriesWatch(reference_of_run(options, seed), of_uptake=True)
