"""Figures of every system over all draws of phantoms, by one label rule: areas, differences, answers and heat maps.

The area of a seed is the mean of those of its folds, whose test parts share its phantoms out. Seeds share no phantom.
So the variance of a mean over seeds is that of patients, and what is left between seeds is training's
(`edgecad_train.evaluation.claims`): all intervals hold both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np
from scipy import stats

from edgecad_train.classes import LabelRule
from edgecad_train.evaluation.claims.areas import (
    Areas,
    SharedPart,
    areas_of,
    training_between_rows,
    training_of_a_row,
)
from edgecad_train.evaluation.claims.own import row_interval
from edgecad_train.evaluation.claims.strategies import against_reference, may_be_best
from edgecad_train.evaluation.localisation.figures import localised
from edgecad_train.evaluation.statistics.clustered import clustered_proportion
from edgecad_train.evaluation.statistics.intervals import Interval
from edgecad_train.methods.table import NORMAL_LIMITS
from edgecad_train.study.results.unit_run import UnitRun
from measures.methods.options import MethodOptions
from measures.methods.studies import REFERENCE, SYSTEMS, Answers, Cohort

REFERENCES = (REFERENCE, NORMAL_LIMITS)
"""Rows that all others are compared with."""
MAPS = ("peak_on_defect", "chance", "map_auc", "region_empty", "region_not_colder")
"""Figures of heat maps that are kept, of defects that are large enough and seen."""
TOGETHER = "patients and training; all differences from this row hold together"


class SystemRow(msgspec.Struct, frozen=True):
    """One system.

    Attributes:
        auc: mean over the seeds.
        by_seed: of each seed.
        sensitivity, specificity: at the thresholds that each fold chose on other patients than it tested.
        less: by the row that it is compared with, its area less that row's; without those of other test parts.
        may_be_best: whether it is not shown to be worse than another; None where it is not compared.
        maps: figures of its heat maps by name; none without maps.
        maps_of: how many maps these are about.
    """

    system: str
    auc: Interval
    by_seed: tuple[float, ...]
    sensitivity: Interval
    specificity: Interval
    less: dict[str, Interval]
    may_be_best: bool | None
    maps: dict[str, Interval]
    maps_of: int


class SystemsTable(msgspec.Struct, frozen=True):
    """All systems that are done, by one label rule.

    Attributes:
        patients: over all seeds, `cad` of them labelled CAD.
        true_deficit: its area on the same test parts; a ceiling where labels are drawn from it. Patients alone.
        rows: the largest area first.
        lacking: systems that were not done for all seeds.
    """

    rule: LabelRule
    patients: int
    cad: int
    true_deficit: Interval
    rows: tuple[SystemRow, ...]
    lacking: tuple[str, ...]

    def row(self, system: str) -> SystemRow | None:
        """Of a system, if it is done."""
        return next((row for row in self.rows if row.system == system), None)


class SystemsFound(msgspec.Struct, frozen=True):
    """Both tables.

    Attributes:
        tau: Kendall's rank correlation of the systems' areas by the first two rules; None with fewer than two systems.
    """

    backbone: str
    weights: str
    patients: int
    seeds: int
    folds: int
    tables: tuple[SystemsTable, ...]
    tau: float | None


def systems_found(options: MethodOptions) -> SystemsFound:
    """Figures of all studies that are kept."""
    tables = tuple(filter(None, (_table(rule, options) for rule in options.rules)))
    tau = None
    if len(tables) > 1:
        pairs = [(row.auc.value, other.auc.value) for row in tables[0].rows if (other := tables[1].row(row.system))]
        tau = float(stats.kendalltau(*zip(*pairs, strict=True)).statistic) if len(pairs) > 1 else None
    weights = Path(options.weights).name
    return SystemsFound(options.backbone, weights, options.patients, options.runs, options.folds, tables, tau)


def _table(rule: LabelRule, options: MethodOptions) -> SystemsTable | None:
    """None where no system is done."""
    cohorts = [Cohort(rule, seed, options) for seed in range(options.runs)]
    said = [cohort.answers() for cohort in cohorts]
    done = {name: [own[name] for own in said] for name in SYSTEMS if all(name in own for own in said)}
    if not done:
        return None
    first, deficits = next(iter(done.values())), [cohort.deficits() for cohort in cohorts]
    truth = np.concatenate([run.tested.truth for run in chain(*first)])
    by_deficit = [[_of_deficit(run, own) for run in runs] for runs, own in zip(first, deficits, strict=True)]
    true_deficit = _plain(row_interval(_areas(by_deficit), 0, None))
    rows = sorted(_rows(done), key=lambda row: -row.auc.value)
    lacking = tuple(name for name in SYSTEMS if name not in done)
    return SystemsTable(rule, len(truth), int(truth.sum()), true_deficit, tuple(rows), lacking)


def _of_deficit(run: UnitRun, deficits: Mapping[str, float]) -> SharedPart:
    own = np.array([[deficits[patient] for patient in run.tested.patients]])
    return SharedPart(run.tested.patients, run.tested.truth, own)


def _rows(done: Mapping[str, Sequence[Answers]]) -> Iterator[SystemRow]:
    """A row each; those with the test parts of the first are compared."""
    parts = {name: [[run.tested.patients for run in runs] for runs in own] for name, own in done.items()}
    first = next(iter(parts.values()))
    shared = [name for name, own in parts.items() if own == first]
    together = _areas_of_systems([done[name] for name in shared])
    less, best = _compared(shared, together)
    for name, own in done.items():
        alone = _areas_of_systems([own])
        inside, (maps, maps_of) = name in shared, _maps(own)
        training = training_of_a_row(together if inside else alone)
        yield SystemRow(
            system=name,
            auc=_plain(row_interval(alone, 0, training)),
            by_seed=tuple(alone.each[0].tolist()),
            sensitivity=_right(own, of=True),
            specificity=_right(own, of=False),
            less=less.get(name, {}),
            may_be_best=shared.index(name) in best if inside and best else None,
            maps=maps,
            maps_of=maps_of,
        )


def _areas_of_systems(systems: Sequence[Sequence[Answers]]) -> Areas:
    """Of systems with the same test parts."""
    seeds = zip(*systems, strict=True)
    return _areas([[_shared(runs) for runs in zip(*seed, strict=True)] for seed in seeds])


def _shared(runs: Sequence[UnitRun]) -> SharedPart:
    """The test part of one fold, as each system scores it."""
    tested = runs[0].tested
    return SharedPart(tested.patients, tested.truth, np.stack([run.tested.answers.ranked for run in runs]))


def _areas(seeds: Sequence[Sequence[SharedPart]]) -> Areas:
    """One area a seed, the mean over its folds; no phantom is in two seeds."""
    own = [areas_of(parts) for parts in seeds]
    return Areas(
        each=np.stack([one.means for one in own], axis=1),
        spread=np.concatenate([one.spread for one in own], axis=1) / len(own),
        by_run=np.stack([one.patients for one in own]),
        positives=sum(one.positives for one in own),
        negatives=sum(one.negatives for one in own),
    )


def _compared(names: Sequence[str], areas: Areas) -> tuple[Mapping[str, dict[str, Interval]], tuple[int, ...]]:
    """Each row less both references, a family each; and places of those that may be the best."""
    less: dict[str, dict[str, Interval]] = {name: {} for name in names}
    if len(names) < 2:
        return less, ()
    training = training_between_rows(areas)
    for reference in REFERENCES:
        if reference in names:
            other = names.index(reference)
            pairs = [(row, other) for row in range(len(names)) if row != other]
            for found in against_reference(areas, training, pairs):
                patients = areas.positives + areas.negatives
                less[names[found.row]][reference] = _plain(
                    Interval(found.value, found.low, found.high, patients, TOGETHER)
                )
    return less, may_be_best(areas, training).rows


def _plain(found: Interval) -> Interval:
    """With numbers of Python's own, which JSON takes."""
    return replace(found, value=float(found.value), low=float(found.low), high=float(found.high), n=int(found.n))


def _right(systems: Sequence[Answers], of: bool) -> Interval:
    """Share of the patients with this label who were told so."""
    right = [(run.tested.scores >= run.tested.threshold)[run.tested.truth == of] == of for run in chain(*systems)]
    hits = np.concatenate(right).astype(float)
    return _plain(clustered_proportion(hits, np.ones(len(hits))))


def _maps(seeds: Sequence[Answers]) -> tuple[dict[str, Interval], int]:
    """Figures of all heat maps and their number. Patients of two seeds bear the same names, and are others."""
    scans = [
        replace(scan, patient=f"seed {seed}, {scan.patient}")
        for seed, runs in enumerate(seeds)
        for run in runs
        for scan in run.located
    ]
    judged = localised(scans, "test").judged if scans else None
    if judged is None:
        return {}, 0
    figures = {name: figure for name in MAPS if (figure := judged.figure(name))}
    told = {name: Interval(one.value, one.low, one.high, one.n, one.method) for name, one in figures.items()}
    return told, judged.scans
