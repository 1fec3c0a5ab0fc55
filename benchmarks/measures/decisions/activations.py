"""Test AUC with one activation of the head and another, on the same splits of the same phantoms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from measures.command import EDGECAD, run_command, weights_word, words_of_options
from measures.decisions.options import HeadOptions
from measures.decisions.runs import draw_phantoms

if TYPE_CHECKING:
    from edgecad_train.study.results.unit_run import UnitRun

STRATEGIES = ("warm-up", "two-stage")
Interval = tuple[float, float, float]
"""A value, and the ends of its interval."""


class ActivationRow(msgspec.Struct, frozen=True):
    """One strategy: its mean test AUC by activation, and the paired difference of the first two."""

    strategy: str
    auc: dict[str, Interval]
    difference: Interval
    method: str
    words: str


class Activations(msgspec.Struct, frozen=True):
    """All strategies."""

    backbone: str
    data: str
    seeds: int
    rows: tuple[ActivationRow, ...]


def activations(options: HeadOptions) -> Activations:
    """Test AUC of each strategy with each activation, over the same splits, and the paired difference."""
    place = options.kept.absolute() / "activations"
    draw_phantoms(place, "data", options.patients, 0)
    results = {own: _studied(place, own, options) for own in options.activations}
    rows = tuple(_compared(strategy, results, options.activations) for strategy in STRATEGIES)
    for row in rows:
        print(f"{row.strategy}: {row.words}", flush=True)
    return Activations(options.backbone, f"{options.patients} PHANTOMS", options.runs, rows)


def _studied(place: Path, activation: str, options: HeadOptions) -> Sequence[UnitRun]:
    from edgecad_train.study.folder import StudyFolder

    weights = weights_word(options.weights)
    words: list[object] = [
        *EDGECAD,
        "study",
        "data",
        "--backbones",
        options.backbone,
        "--weights",
        weights,
        "--rates",
        "uniform",
        "--without-normal-limits",
    ]
    words += ["--strategies", ",".join(STRATEGIES), "--seeds", options.runs, "--activation", activation]
    run_command([*words, "--out", activation, "--quiet", *words_of_options(options.train_options)], place)
    folder = StudyFolder(place / activation)
    return [result for unit in folder.study().units if (result := folder.run(unit)) is not None]


def _compared(strategy: str, results: Mapping[str, Sequence[UnitRun]], names: Sequence[str]) -> ActivationRow:
    from edgecad_train.study.results.comparisons import against
    from edgecad_train.study.results.pooling import pooled

    one, other = (
        [result for result in results[name] if result.unit.settings.strategy == strategy] for name in names[:2]
    )
    areas = {
        name: next(metric for metric in pooled(own) if metric.name == "auc")
        for name, own in zip(names, (one, other), strict=False)
    }
    found = against(one, other)
    if found is None:
        raise SystemExit("the two studies share no split")
    difference = found.auc
    told = ", ".join(f"{name} AUC {own.value:.3f} ({own.low:.3f} to {own.high:.3f})" for name, own in areas.items())
    return ActivationRow(
        strategy=strategy,
        auc={name: (own.value, own.low, own.high) for name, own in areas.items()},
        difference=(difference.value, difference.low, difference.high),
        method=difference.method,
        words=f"{told}; difference {difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})",
    )
