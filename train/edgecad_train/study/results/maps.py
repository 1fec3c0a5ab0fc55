"""The same test patients' heat maps under each strategy, one picture a network: the paper's figure 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from edgecad.contract import NO_NETWORK
from edgecad.errors import ModelInvalid
from edgecad_train.data import PreparedData
from edgecad_train.data.input.seen import seen_words, shown_images
from edgecad_train.report.pictures.strategies import StrategyMaps, draw_strategies
from edgecad_train.runs.reading import read_heatmaps
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.results.rows import Row
from edgecad_train.study.results.unit_run import UnitRun


def draw_maps(folder: StudyFolder, rows: Sequence[Row], data: Mapping[int, PreparedData]) -> tuple[Path, ...]:
    """Write `maps-NETWORK.png` for each network of which two rows with heat maps have the first split's run; those of
    methods without a network are in `maps-methods.png`.

    Args:
        data: prepared scans by input size.
    """
    drawn = []
    for backbone in dict.fromkeys(row.backbone for row in rows):
        own = [row for row in rows if row.backbone == backbone]
        first = {_head(row): row.runs[0] for row in own if row.located and row.runs[0].unit == row.units[0]}
        if len(first) > 1:
            drawn.append(_draw(folder, backbone, first, data))
    return tuple(drawn)


def _head(row: Row) -> str:
    """A column's head has room for few words."""
    settings = row.units[0].settings
    if row.units[0].method:
        return row.variant
    return f"{row.number} {'layer-wise' if settings.layerwise else settings.strategy}".removeprefix("S5, ours ")


def _draw(folder: StudyFolder, backbone: str, runs: Mapping[str, UnitRun], data: Mapping[int, PreparedData]) -> Path:
    maps = {name: _tested_maps(run.records.folder) for name, run in runs.items()}
    some = next(iter(runs.values()))
    scans = next(iter(maps.values())).scans
    preparation = some.unit.preparation
    prepared = data[preparation.size]
    order = _by_turns([prepared.cases[scan].label for scan in scans])
    columns = [
        StrategyMaps(
            name,
            maps[name].score_maps[order],
            expit(maps[name].log_odds[order] / run.test.temperature),
            run.records.contract.heatmap,
        )
        for name, run in runs.items()
    ]
    labels = [prepared.cases[scan].label for scan in scans[order]]
    images, contract = shown_images(prepared.images[scans[order]], preparation), some.records.contract
    path = folder.path / f"maps-{'methods' if backbone == NO_NETWORK else backbone}.png"
    seen = seen_words(preparation) if preparation.input == "uptake" else "polar map"
    disc = contract.black_counts
    return draw_strategies(columns, images, labels, contract.origin, path, crop=preparation.crop, disc=disc, seen=seen)


@dataclass(frozen=True)
class _TestedMaps:
    """Heat maps of the test scans: `(n,)` rows of the data, `(n, h, w)` logit units, `(n,)` log-odds."""

    scans: NDArray[np.int64]
    score_maps: NDArray[np.float32]
    log_odds: NDArray[np.floating]


def _tested_maps(run: Path) -> _TestedMaps:
    """Read them from a run folder.

    Raises:
        ModelInvalid: the run has none, or they are damaged.
    """
    maps = read_heatmaps(run)
    if maps is None or maps.row is None:
        raise ModelInvalid(f"the run {run} has no heat maps; remove it, and run the same command again")
    tested = maps.part == "test"
    return _TestedMaps(maps.row[tested], maps.score_maps[tested], maps.log_odds[tested])


def _by_turns(labels: Sequence[str]) -> np.ndarray:
    """Rows in an order in which the classes take turns, so that the first few show both; by no model's answer."""
    turns = {name: [row for row, label in enumerate(labels) if label == name] for name in sorted(set(labels))}
    places = {row: place for rows in turns.values() for place, row in enumerate(rows)}
    return np.array(sorted(places, key=lambda row: (places[row], labels[row])))
