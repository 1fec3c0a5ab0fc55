"""The same test patients' heat maps under each strategy, one picture a network: the paper's figure 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.special import expit

from edgecad_train.data import PreparedData
from edgecad_train.report.pictures.strategies import StrategyMaps, draw_strategies
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.results.rows import Row
from edgecad_train.study.results.unit_result import Result


def draw_maps(folder: StudyFolder, rows: Sequence[Row], data: Mapping[int, PreparedData]) -> tuple[Path, ...]:
    """Write `maps-NETWORK.png` for each network of which two rows have the first split's run.

    Args:
        data: prepared scans by input size.
    """
    drawn = []
    for backbone in dict.fromkeys(row.backbone for row in rows):
        own = [row for row in rows if row.backbone == backbone]
        first = {_head(row): row.results[0] for row in own if row.results and row.results[0].unit == row.units[0]}
        if len(first) > 1:
            drawn.append(_draw(folder, backbone, first, data))
    return tuple(drawn)


def _head(row: Row) -> str:
    """A column's head has room for few words."""
    return f"{row.number} {'layer-wise' if row.units[0].layerwise else row.units[0].strategy}".removeprefix("S5, ours ")


def _draw(folder: StudyFolder, backbone: str, results: Mapping[str, Result], data: Mapping[int, PreparedData]) -> Path:
    arrays = {name: folder.maps(result.unit) for name, result in results.items()}
    some = next(iter(results.values()))
    scans = next(iter(arrays.values()))["scans"]
    prepared = data[some.unit.preparation.size]
    order = _by_turns([prepared.cases[scan].label for scan in scans])
    columns = [
        StrategyMaps(
            name,
            arrays[name]["score_maps"][order],
            expit(arrays[name]["log_odds"][order] / result.test.temperature),
            result.full_scale,
        )
        for name, result in results.items()
    ]
    labels = [prepared.cases[scan].label for scan in scans[order]]
    path = folder.path / f"maps-{backbone}.png"
    disc = some.unit.preparation.crop == "polar-map"
    return draw_strategies(columns, prepared.images[scans[order]], labels, some.origin, path, disc=disc)


def _by_turns(labels: Sequence[str]) -> np.ndarray:
    """Rows in an order in which the classes take turns, so that the first few show both; by no model's answer."""
    turns = {name: [row for row, label in enumerate(labels) if label == name] for name in sorted(set(labels))}
    places = {row: place for rows in turns.values() for place, row in enumerate(rows)}
    return np.array(sorted(places, key=lambda row: (places[row], labels[row])))
