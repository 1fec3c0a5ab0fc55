"""What an evaluation leaves behind: one record, and a line a patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from edgecad.contract import Decision, Openings, Origin
from edgecad.decision.evidence import Share
from edgecad.frozen import Frozen, json_from_struct
from edgecad_train.classes import CLASSES
from edgecad_train.data.labelled import DataFinding, RefusedScan
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.evaluation.localisation.figures import Localisation
from edgecad_train.evaluation.prevalences import AtPrevalence
from edgecad_train.evaluation.readers.study import ReaderStudy
from edgecad_train.evaluation.recalibration.judging import RecalibrationJudged
from edgecad_train.evaluation.statistics.comparison import ModelComparison
from edgecad_train.evaluation.subgroups.figures import GroupedColumn
from edgecad_train.judgement.demands import FigureDemand
from edgecad_train.judgement.flow import PatientFlow, PointHere
from edgecad_train.judgement.models import JudgedModel, Kind
from edgecad_train.judgement.scoring import ScoredPatients
from edgecad_train.report.outside import OutsideEvidence
from edgecad_train.runs.predictions import PatientLine


class ModelProvenance(Frozen, frozen=True, kw_only=True):
    """Which model was judged."""

    name: str
    kind: Kind
    backbone: str
    """The network's, or the name of a method that stands on none."""
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
    findings: tuple[DataFinding, ...] = ()
    """What names and cells of the data tell, and what was read otherwise than it stands there."""
    orientation: str | None = None
    """Whether the scans lie as in the model's training, or why that is not known, in words; null in earlier records."""
    localisation: Localisation | None = None
    """Of the model that was judged; None of a model without heat maps."""
    openings: Openings | None = None
    """How often these patients were looked at before; None in earlier records, which did not count."""
    recalibration: RecalibrationJudged | None = None
    """Of the model that was judged, for these patients' site; None where nobody asked for it."""
    against: ModelProvenance | None = None
    against_evaluation: Evaluation | None = None
    against_localisation: Localisation | None = None
    comparison: ModelComparison | None = None
    made: str = ""
    """UTC, ISO 8601; empty in earlier records, as what follows is."""
    reference: str = ""
    """Who labelled these scans."""
    flow: PatientFlow | None = None
    in_training: dict[str, int] | None = None
    """Patients by their part in the model's own training, as far as one is known; None where nobody knows."""
    prevalence: Share | None = None
    """Share labelled CAD of these patients."""
    points: tuple[PointHere, ...] = ()
    outside: OutsideEvidence | None = None
    """Evidence of the heat maps outside the disc; None where it says nothing."""
    again: str = ""
    """The command that makes the evaluation again; DATA and MODEL stand for what was given."""
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    groups: tuple[GroupedColumn, ...] = ()
    """Figures by group, of the columns of `--keep`."""
    readers: ReaderStudy | None = None
    """None where the data have no columns `reader:NAME`."""
    local: tuple[AtPrevalence, ...] = ()
    """At the prevalence of the training, and at those that were asked for."""

    @property
    def evaluation(self) -> Evaluation:
        """Of the model that was judged."""
        return self.evaluations[0]


def provenance_of(model: JudgedModel) -> ModelProvenance:
    """How the record names a model."""
    contract = model.contract
    return ModelProvenance(
        name=model.name, kind=model.kind, backbone=contract.system, origin=contract.origin, sha256=model.sha256
    )


def write_record(record: EvaluationRecord, path: Path) -> None:
    """Write the record as JSON."""
    path.write_text(json_from_struct(record), encoding="utf-8")


def lines_of(scores: ScoredPatients, decision: Decision, part_of: Mapping[str, str] | None) -> Iterator[PatientLine]:
    """A line a patient for predictions.csv; `part` is empty where nobody knows whom the model was trained on."""
    for row, patient in enumerate(scores.patients):
        yield PatientLine.judged(
            decision,
            float(scores.log_odds[row]),
            patient=patient,
            part="" if part_of is None else part_of.get(patient, "new"),
            label=CLASSES[0] if scores.truth[row] else CLASSES[1],
            scans=int(scores.scans[row]),
        )
