"""How well the true deficit of phantoms itself tells their labels, on the same test patients: what no system sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from edgecad_train.classes import LabelRule
from edgecad_train.data import PreparedData
from edgecad_train.evaluation.statistics.intervals import Interval
from edgecad_train.phantoms.mark import label_rule_of
from edgecad_train.study.results.pooling import mean_auc, runs_of
from edgecad_train.study.results.rows import Row

RANKS_NOTHING = "Phantoms cannot rank systems"


@dataclass(frozen=True)
class TrueDeficit:
    """What the true deficit tells of the labels.

    Attributes:
        area: mean area under its ROC curve over the runs of a study.
        rule: by which the phantoms were labelled; None where nothing says it. By the deficit's rule the area is a
            ceiling: labels are drawn from the deficit, and by chance. By an artery's it is none.
    """

    area: Interval
    rule: LabelRule | None = None


def true_deficit_of(rows: Sequence[Row], data: PreparedData) -> TrueDeficit | None:
    """Mean area under the ROC curve of the true deficit over the runs of the row that has most.

    None where not all scans are phantoms, no deficit is known, no run is done, or none has test patients of both
    classes. A phantom without a defect has no deficit.
    """
    row = max(rows, key=lambda own: len(own.runs), default=None)
    deficits = _deficits(data)
    if data.origin != "phantom" or not deficits or row is None or not row.runs:
        return None
    runs = runs_of(row.runs)
    # As probabilities, because areas take scores; order is all that counts.
    own = expit(np.array([deficits[patient] for patient in runs.patients]) / 10)
    area = mean_auc(replace(runs, scores=np.where(runs.tested, own, 0.0)))
    return None if not np.isfinite(area.value) else TrueDeficit(area, label_rule_of(case.path for case in data.cases))


def _deficits(data: PreparedData) -> Mapping[str, float]:
    """True deficit of each patient, percent; nothing where no scan tells one."""
    told: dict[str, list[float]] = {}
    for case in data.cases:
        deficit = case.defect.deficit if case.defect else None
        told.setdefault(case.patient, []).append(deficit or 0.0)
    known = any(case.defect is not None and case.defect.deficit is not None for case in data.cases)
    return {patient: float(np.mean(values)) for patient, values in told.items()} if known else {}


def phantom_words(found: TrueDeficit | None) -> str:
    """What a table about phantoms says before its figures are believed."""
    return " ".join(f"{line}." for line in phantom_lines(found))


def phantom_lines(found: TrueDeficit | None) -> tuple[str, ...]:
    """The same in lines of a terminal."""
    rule = None if found is None else found.rule
    told = f"{RANKS_NOTHING}: {_wins(rule)} wins by construction"
    if found is None:
        return (told,)
    area = f"{found.area.value:.3f} ({found.area.low:.3f}-{found.area.high:.3f})"
    whole = f"The true deficit, which no system sees, has an AUC of {area} here"
    meant = {"deficit": "the ceiling", None: "the ceiling, if labels follow it"}
    return told, f"{whole}: {meant.get(rule, 'no ceiling, as labels do not follow it')}"


def _wins(rule: LabelRule | None) -> str:
    if rule is None:
        return "what measures that which their labels follow"
    if rule == "deficit":
        return "what measures the deficit that labels are drawn from"
    return f"what finds defects of the {rule}'s territory, labelled CAD,"
