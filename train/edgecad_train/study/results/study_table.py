"""The whole table of a study: rows, and what they allow to be claimed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from edgecad.contract import Metric
from edgecad.errors import UsageError
from edgecad_train.evaluation.claims.areas import Areas, Training, areas_of, training_of_a_row
from edgecad_train.evaluation.claims.own import row_interval
from edgecad_train.study.definition.spec import Study
from edgecad_train.study.results.claims import StudyClaims, claims_of
from edgecad_train.study.results.pooling import parts_of, runs_of
from edgecad_train.study.results.rows import Row
from edgecad_train.study.results.true_deficit import TrueDeficit


@dataclass(frozen=True, eq=False)
class StudyTable:
    """What is written and drawn.

    Attributes:
        study: what was asked for.
        rows: all of the study, empty ones too; intervals of the AUC hold training's variance where it is known.
        claims: about strategies and about networks.
        deficit: what the true deficit tells of the same test patients, where all are phantoms and it is known.
    """

    study: Study
    rows: tuple[Row, ...]
    claims: StudyClaims
    deficit: TrueDeficit | None = None


def study_table(study: Study, rows: Sequence[Row], deficit: TrueDeficit | None = None) -> StudyTable:
    """Put the rows together, work out the claims, and add what training brings to the intervals of the AUC."""
    claims = claims_of(study, rows)
    shared = training_of_a_row(claims.areas) if claims.areas and not claims.no_strategies else None
    told = (_with_training(row, shared if place in claims.rows else None) for place, row in enumerate(rows))
    return StudyTable(study, tuple(told), claims, deficit)


def _with_training(row: Row, shared: Training | None) -> Row:
    """The row with the interval of its mean area; as it was where there is no variance."""
    if not row.runs or row.metric("auc") is None:
        return row
    try:
        areas = areas_of(parts_of([runs_of(row.runs)]))
    except UsageError:
        return row
    found = row_interval(areas, 0, shared or _of_its_own(row, areas))
    metrics = (
        msgspec.structs.replace(metric, low=found.low, high=found.high, n=found.n, method=found.method)
        if metric.name == "auc"
        else metric
        for metric in row.metrics
    )
    return replace(row, metrics=tuple[Metric, ...](metrics))


def _of_its_own(row: Row, areas: Areas) -> Training | None:
    """Of a row that is not compared with others: from its own runs, if each has another seed."""
    seeds = {run.unit.settings.seed for run in row.runs}
    return training_of_a_row(areas) if len(seeds) == areas.runs > 1 else None
