"""How well the true deficit of phantoms itself tells their labels, on the same test patients: what no system sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.special import expit

from edgecad_train.data import PreparedData
from edgecad_train.evaluation.statistics.intervals import Interval
from edgecad_train.study.results.pooling import mean_auc, runs_of
from edgecad_train.study.results.rows import Row

RANKS_NOTHING = (
    "Phantoms cannot rank systems: their labels are drawn from the true deficit or from where it lies, so that what "
    "measures just that wins by construction."
)


def ceiling_of(rows: Sequence[Row], data: PreparedData) -> Interval | None:
    """Mean area under the ROC curve of the true deficit over the runs of the row that has most.

    None where not all scans are phantoms, no deficit is known, or no run is done. A phantom without a defect has none.
    """
    row = max(rows, key=lambda own: len(own.runs), default=None)
    deficits = _deficits(data)
    if data.origin != "phantom" or not deficits or row is None or not row.runs:
        return None
    runs = runs_of(row.runs)
    # As probabilities, because areas take scores; order is all that counts.
    own = expit(np.array([deficits[patient] for patient in runs.patients]) / 10)
    return mean_auc(replace(runs, scores=np.where(runs.tested, own, 0.0)))


def _deficits(data: PreparedData) -> Mapping[str, float]:
    """True deficit of each patient, percent; nothing where no scan tells one."""
    told: dict[str, list[float]] = {}
    for case in data.cases:
        deficit = case.defect.deficit if case.defect else None
        told.setdefault(case.patient, []).append(deficit or 0.0)
    known = any(case.defect is not None and case.defect.deficit is not None for case in data.cases)
    return {patient: float(np.mean(values)) for patient, values in told.items()} if known else {}


def phantom_words(ceiling: Interval | None) -> str:
    """What a table about phantoms says before its figures are believed."""
    if ceiling is None:
        return RANKS_NOTHING
    return (
        f"{RANKS_NOTHING} The true deficit itself, which no system sees, has an AUC of {ceiling.value:.3f} "
        f"({ceiling.low:.3f}-{ceiling.high:.3f}) on these test patients: where labels are drawn from it, that is the "
        "ceiling."
    )


def phantom_lines(ceiling: Interval | None) -> tuple[str, ...]:
    """The same in lines of a terminal."""
    told = "Phantoms cannot rank systems: what measures the deficit that labels are drawn from wins by construction"
    if ceiling is None:
        return (told,)
    area = f"{ceiling.value:.3f} ({ceiling.low:.3f}-{ceiling.high:.3f})"
    return told, f"the true deficit itself, which no system sees: AUC {area} on these test patients"
