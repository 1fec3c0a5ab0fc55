"""Area under the curve on fresh phantoms: uptake less the screen's own colours, the same seeds and patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Drawing, Features, Preparation
from edgecad_train.phantoms import PhantomPatient, draw_patient, jpeg_bytes, render_screen
from measures.uptake.maps import FRESH_SEED, Pixels, Refused, prepared_image, scores_where_answered
from measures.uptake.models import MIXED, OWN_TABLES, TrainedOn, trained
from measures.uptake.options import JudgedRuns, UptakeOptions

if TYPE_CHECKING:
    from edgecad_train.evaluation.decision.points import Patients
    from edgecad_train.study.results.pooling import Runs

STRATEGIES = ("warm-up", "two-stage")
"""S4 and S6."""
Interval = tuple[float, float, float]
"""A value, and the ends of its 95 % interval."""


class AccuracyRow(msgspec.Struct, frozen=True):
    """One strategy on phantoms of one kind.

    Attributes:
        tables: `mixed`, or the one table of training and test.
        auc: of the two that are compared, by their names.
        difference: of the mean areas, the first less the second; by DeLong with the patient as the unit.
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
        return f"{self.strategy}, {self.tables}: AUC {areas}; {' less '.join(self.auc)} {less}"


class AccuracyFound(msgspec.Struct, frozen=True):
    """All rows."""

    backbone: str
    data: str
    seeds: int
    fresh: int
    rows: tuple[AccuracyRow, ...]


def accuracy(options: UptakeOptions) -> AccuracyFound:
    """Train every model, and judge it on fresh phantoms."""
    rows = []
    for tables in (MIXED, OWN_TABLES[0]):
        for strategy in STRATEGIES:
            both = [fresh_scores(options, 5, tables, drawing, strategy) for drawing in (Drawing(), None)]
            row = compared(*both, strategy=strategy, tables=tables)
            rows.append(row)
            print(row.words(), flush=True)
    data, seeds = f"{options.patients} PHANTOMS", len(options.seeds(5))
    return AccuracyFound(options.backbone, data, seeds, options.fresh, tuple(rows))


def fresh_scores(
    options: JudgedRuns,
    seeds: int,
    tables: str,
    drawing: Drawing | None,
    strategy: str,
    features: Features = "stride-16",
) -> tuple[Patients, ...]:
    """What the model of each seed says of that seed's fresh phantoms; NaN where one is refused.

    Args:
        seeds: where the options leave them open.
    """
    every = (TrainedOn(seed, tables, drawing, strategy, 0, features) for seed in options.seeds(seeds))
    return tuple(_judged(wanted, options) for wanted in every)


def _judged(wanted: TrainedOn, options: JudgedRuns) -> Patients:
    from edgecad_train.evaluation.decision.points import Patients

    seed, tables = wanted.seed, wanted.tables
    patients = [draw_patient(FRESH_SEED + seed, index) for index in range(options.fresh)]
    images = [_fresh_image(patient, tables, wanted.preparation) for patient in patients]
    scores = scores_where_answered(trained(wanted, options), images)
    return Patients(
        np.array([patient.label == "CAD" for patient in patients]),
        np.array([np.nan if score is None else score for score in scores]),
    )


def _fresh_image(patient: PhantomPatient, tables: str, preparation: Preparation) -> Pixels | Refused:
    patient = patient if tables == MIXED else replace(patient, palette=tables)
    return prepared_image(jpeg_bytes(render_screen(patient)), preparation)


def compared(
    first: Sequence[Patients],
    second: Sequence[Patients],
    *,
    strategy: str,
    tables: str,
    names: tuple[str, str] = ("uptake", "colours"),
) -> AccuracyRow:
    """Areas of both, and their paired difference; the same patients of each seed in both."""
    from edgecad_train.evaluation.statistics.comparison import compare_auc
    from edgecad_train.study.results.comparisons import difference_of_areas
    from edgecad_train.study.results.pooling import mean_auc

    answered = [np.isfinite(one.scores) & np.isfinite(other.scores) for one, other in zip(first, second, strict=True)]
    runs = [runs_of_scores(own, answered) for own in (first, second)]
    less = difference_of_areas(*runs)
    each = [
        compare_auc(one.truth[known], one.scores[known], other.scores[known])
        for known, one, other in zip(answered, first, second, strict=True)
    ]
    return AccuracyRow(
        strategy=strategy,
        tables=tables,
        auc={name: (area.value, area.low, area.high) for name, area in zip(names, map(mean_auc, runs), strict=True)},
        difference=(less.value, less.low, less.high),
        each=tuple((own.difference, own.low, own.high) for own in each),
        patients=sum(int(known.sum()) for known in answered),
        refused=sum(int((~known).sum()) for known in answered),
    )


def runs_of_scores(own: Sequence[Patients], answered: Sequence[NDArray[np.bool_]]) -> Runs:
    """The runs of several seeds over a common list of patients: each seed has its own."""
    from edgecad_train.study.results.pooling import Runs

    truth = np.concatenate([seed.truth for seed in own])
    tested = np.zeros((len(own), len(truth)), bool)
    scores = np.full(tested.shape, 0.5)
    first = 0
    for row, (seed, known) in enumerate(zip(own, answered, strict=True)):
        part = slice(first, first + len(known))
        tested[row, part] = known
        scores[row, part] = np.clip(np.where(known, seed.scores, 0.5), 1e-9, 1 - 1e-9)
        first += len(known)
    return Runs(tuple(map(str, range(len(truth)))), truth, tested, np.zeros_like(tested), scores)
