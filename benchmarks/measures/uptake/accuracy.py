"""Area under the curve on fresh phantoms: uptake less the screen's own colours, the same seeds and patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Drawing, Preparation
from edgecad_train.phantoms import draw_patient, jpeg_bytes, render_screen
from measures.uptake.maps import FRESH_SEED, Pixels, Refused, prepared_image, scores_where_answered
from measures.uptake.models import MIXED, OWN_TABLES, TrainedOn, trained
from measures.uptake.options import UptakeOptions

if TYPE_CHECKING:
    from edgecad_train.study.results.pooling import Runs

STRATEGIES = ("warm-up", "two-stage")
"""S4 and S6."""
Interval = tuple[float, float, float]
"""A value, and the ends of its 95 % interval."""


class AccuracyRow(msgspec.Struct, frozen=True):
    """One strategy on phantoms of one kind.

    Attributes:
        tables: `mixed`, or the one table of training and test.
        difference: of the mean areas, the interval from patients drawn with all their scores.
        each: the same of each seed, by DeLong.
        refused: fresh phantoms that either way refused, over all seeds; they are left out.
    """

    strategy: str
    tables: str
    auc: dict[str, Interval]
    difference: Interval
    each: tuple[Interval, ...]
    patients: int
    refused: int

    def words(self) -> str:
        """One line."""
        areas = ", ".join(f"{name} {value:.3f} ({low:.3f} to {high:.3f})" for name, (value, low, high) in
                          self.auc.items())  # fmt: skip
        value, low, high = self.difference
        less = f"{value:+.3f} ({low:+.3f} to {high:+.3f})"
        return f"{self.strategy}, {self.tables}: AUC {areas}; uptake less colours {less}"


class AccuracyFound(msgspec.Struct, frozen=True):
    """All rows."""

    backbone: str
    data: str
    seeds: int
    rows: tuple[AccuracyRow, ...]


@dataclass(frozen=True)
class FreshScores:
    """What a model of each seed says of that seed's fresh phantoms; scores are NaN where refused.

    Attributes:
        truth: `(seeds, n)`, True for CAD.
        scores: `(seeds, n)`.
    """

    truth: NDArray[np.bool_]
    scores: NDArray[np.float64]


def accuracy(options: UptakeOptions) -> AccuracyFound:
    """Train every model, and judge it on fresh phantoms."""
    rows = []
    for tables in (MIXED, OWN_TABLES[0]):
        for strategy in STRATEGIES:
            both = [fresh_scores(options, 5, tables, drawing, strategy) for drawing in (Drawing(), None)]
            row = compared(*both, strategy=strategy, tables=tables)
            rows.append(row)
            print(row.words(), flush=True)
    return AccuracyFound(options.backbone, f"{options.patients} PHANTOMS", len(options.seeds(5)), tuple(rows))


def fresh_scores(
    options: UptakeOptions, seeds: int, tables: str, drawing: Drawing | None, strategy: str
) -> FreshScores:
    """Of the models of all seeds; `seeds` where the options leave them open."""
    found: list[list[float]] = []
    for seed in options.seeds(seeds):
        wanted = TrainedOn(seed, tables, drawing, strategy, folds=0)
        model = trained(wanted, options)
        images = [_fresh_image(seed, index, tables, wanted.preparation) for index in range(options.fresh)]
        found.append([np.nan if score is None else score for score in scores_where_answered(model, images)])
    truth = [
        [draw_patient(FRESH_SEED + seed, index).label == "CAD" for index in range(options.fresh)]
        for seed in options.seeds(seeds)
    ]
    return FreshScores(np.array(truth), np.array(found))


def _fresh_image(seed: int, index: int, tables: str, preparation: Preparation) -> Pixels | Refused:
    patient = draw_patient(FRESH_SEED + seed, index)
    patient = patient if tables == MIXED else replace(patient, palette=tables)
    return prepared_image(jpeg_bytes(render_screen(patient)), preparation)


def compared(uptake: FreshScores, colours: FreshScores, *, strategy: str, tables: str) -> AccuracyRow:
    """Areas of both, and their paired difference."""
    from edgecad_train.evaluation.statistics.comparison import compare_auc
    from edgecad_train.study.results.pooling import drawn_areas

    answered = np.isfinite(uptake.scores) & np.isfinite(colours.scores)
    areas = [drawn_areas(runs_of_scores(own, answered)) for own in (uptake, colours)]
    each = [
        compare_auc(truth[known], one[known], other[known])
        for truth, known, one, other in zip(uptake.truth, answered, uptake.scores, colours.scores, strict=True)
    ]
    return AccuracyRow(
        strategy=strategy,
        tables=tables,
        auc={name: _interval(drawn) for name, drawn in zip(("uptake", "colours"), areas, strict=True)},
        difference=_interval(areas[0] - areas[1]),
        each=tuple((own.difference, own.low, own.high) for own in each),
        patients=int(answered.sum()),
        refused=int((~answered).sum()),
    )


def runs_of_scores(own: FreshScores, answered: NDArray[np.bool_]) -> Runs:
    """The runs of several seeds over a common list of patients: each seed has its own."""
    from edgecad_train.study.results.pooling import Runs

    seeds, count = own.truth.shape
    tested = np.zeros((seeds, seeds * count), bool)
    scores = np.full(tested.shape, 0.5)
    for seed in range(seeds):
        part = slice(seed * count, (seed + 1) * count)
        tested[seed, part] = answered[seed]
        scores[seed, part] = np.clip(np.where(answered[seed], own.scores[seed], 0.5), 1e-9, 1 - 1e-9)
    patients = tuple(f"{seed}/{index}" for seed in range(seeds) for index in range(count))
    return Runs(patients, own.truth.ravel(), tested, np.zeros_like(tested), scores)


def _interval(drawn: Sequence[float] | NDArray[np.float64]) -> Interval:
    """The value of the patients as they are, and percentiles of the resamples."""
    low, high = np.quantile(np.asarray(drawn)[1:], (0.025, 0.975))
    return float(drawn[0]), float(low), float(high)
