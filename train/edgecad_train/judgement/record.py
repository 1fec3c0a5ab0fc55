"""What an evaluation leaves behind: one record, and a line a patient."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from scipy.special import expit

from edgecad.contract import Decision, Origin
from edgecad.frozen import Frozen, json_from_struct
from edgecad_train.classes import CLASSES
from edgecad_train.data.labelled import RefusedScan, refused_scans
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.evaluation.statistics.comparison import ModelComparison
from edgecad_train.judgement.demands import FigureDemand
from edgecad_train.judgement.models import JudgedModel, Kind
from edgecad_train.judgement.scoring import ScoredPatients
from edgecad_train.runs.predictions import COLUMNS


class ModelProvenance(Frozen, frozen=True, kw_only=True):
    """Which model was judged."""

    name: str
    kind: Kind
    backbone: str
    origin: Origin
    sha256: str


class EvaluationRecord(Frozen, frozen=True, kw_only=True):
    """An evaluation as it is written and printed; `comparison` is this model less the other."""

    schema: int = 3
    origin: Origin
    model: ModelProvenance
    data_sha256: str
    patients: int
    scans: int
    refused: tuple[RefusedScan, ...]
    warnings: tuple[str, ...]
    evaluations: tuple[Evaluation, ...]
    demands: tuple[FigureDemand, ...]
    against: ModelProvenance | None = None
    against_evaluation: Evaluation | None = None
    comparison: ModelComparison | None = None

    @property
    def evaluation(self) -> Evaluation:
        """Of the model that was judged."""
        return self.evaluations[0]


def subject_of(model: JudgedModel) -> ModelProvenance:
    """Name the model in the record."""
    contract = model.contract
    return ModelProvenance(
        name=model.name, kind=model.kind, backbone=contract.backbone, origin=contract.origin, sha256=model.sha256
    )


def refused_of(scores: ScoredPatients) -> tuple[RefusedScan, ...]:
    """Name the scans that were left out."""
    return refused_scans(scores.refused)


def write_record(record: EvaluationRecord, path: Path) -> None:
    """Write the record as JSON."""
    path.write_text(json_from_struct(record), encoding="utf-8")


def write_predictions(
    scores: ScoredPatients, decision: Decision, part_of: Mapping[str, str] | None, path: Path
) -> None:
    """Write a CSV with a line a patient; what is not known is empty."""
    probabilities = expit(scores.log_odds / decision.temperature)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for row, patient in enumerate(scores.patients):
            part = "" if part_of is None else part_of.get(patient, "new")
            label = CLASSES[0] if scores.truth[row] else CLASSES[1]
            above = int(probabilities[row] >= decision.threshold)
            figures = (f"{probabilities[row]:.6f}", f"{scores.log_odds[row]:.6f}")
            table.writerow([patient, part, "", label, scores.scans[row], *figures, above])
