"""Judge a model on scored patients, alone or against another one, and keep what came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path

from scipy.special import expit

from edgecad.answer.findings import doubts_about
from edgecad.contract import Origin, json_from_contract, network_digest
from edgecad.errors import UsageError
from edgecad_train.data.found import Found
from edgecad_train.data.labelled import Refusal, refused_scans
from edgecad_train.data.table.columns import PatientColumns
from edgecad_train.evaluation.clinical.judged import fused_log_odds
from edgecad_train.evaluation.clinical.usable import UsableValues
from edgecad_train.evaluation.decision.points import Patients
from edgecad_train.evaluation.doubts import doubts_about_scores
from edgecad_train.evaluation.evaluation import Evaluation, evaluate_part
from edgecad_train.evaluation.localisation.figures import Localisation, localised
from edgecad_train.evaluation.prevalences import at_prevalences
from edgecad_train.evaluation.readers.study import reader_study
from edgecad_train.evaluation.recalibration.judging import RecalibrationJudged, judge_recalibration
from edgecad_train.evaluation.statistics.comparison import ModelComparison, Scores, compare
from edgecad_train.evaluation.subgroups.figures import Answers, figures_by_group
from edgecad_train.evaluation.subgroups.grouping import Grouping, grouped
from edgecad_train.judgement.asked import Asked
from edgecad_train.judgement.demands import Demands, judged_demands
from edgecad_train.judgement.flow import flow_of, points_of, prevalence_of
from edgecad_train.judgement.models import JudgedModel
from edgecad_train.judgement.orientation import OrientationJudged, judge_orientation
from edgecad_train.judgement.overlap import made_from, overlap_of, parts_in_training
from edgecad_train.judgement.reading import write_heatmaps
from edgecad_train.judgement.recalibrating import RecalibrationOptions
from edgecad_train.judgement.record import (
    EvaluationRecord,
    lines_of,
    provenance_of,
    write_record,
)
from edgecad_train.judgement.scoring import ScoredPatients
from edgecad_train.runs.characteristics import write_groups
from edgecad_train.runs.localised import LocatedLine, write_located
from edgecad_train.runs.names import CONTRACT, GROUPS, METRICS
from edgecad_train.runs.predictions import write_predictions
from edgecad_train.versions import installed_versions


@dataclass(frozen=True)
class Judged:
    """A model and what it made of the patients; `usable` where it takes clinical columns."""

    model: JudgedModel
    scores: ScoredPatients
    usable: UsableValues | None = None

    @classmethod
    def of(cls, model: JudgedModel, scores: ScoredPatients, found: Found) -> Judged:
        """A model and what it made of patients; of one with clinical columns the fused score, from those in `found`.

        Raises:
            UsageError: no patient has usable values in them.
        """
        clinical = model.contract.clinical
        if clinical is None:
            return cls(model, scores)
        log_odds, why = fused_log_odds(clinical, scores.patients, scores.log_odds, found.columns)
        usable = set(scores.patients) - why.keys()
        if not usable:
            raise UsageError(
                f"{model.name} takes clinical columns, and no patient has values that it can use: "
                f"{next(iter(why.values()))}"
            )
        left_out = [Refusal(case.path, "clinical", why[case.patient], case.where) for case in found.cases
                    if case.patient in why]  # fmt: skip
        kept = replace(scores, log_odds=log_odds).only(usable)
        kept = replace(
            kept, located=scores.located, shown=scores.shown, outside=scores.outside,
            refused=(*scores.refused, *left_out),
        )  # fmt: skip
        told = UsableValues.of(scores.patients, scores.truth, usable)
        return cls(replace(model, contract=model.contract.fused, whole=model.contract), kept, told)

    @cached_property
    def evaluation(self) -> Evaluation:
        """Its figures; the patients count as a test part, whoever they are, for they chose nothing here."""
        return evaluate_part(self.scores.truth, self.scores.log_odds, self.model.contract.decision, "test")

    @property
    def patients(self) -> Patients:
        """All of them, with their scores."""
        return Patients(self.answers.truth, self.answers.scores)

    @cached_property
    def parts(self) -> Mapping[str, str] | None:
        """The part of each patient in its own training, as far as one is known; None where nobody knows."""
        return parts_in_training(self.model, self.scores)

    @cached_property
    def orientation(self) -> OrientationJudged:
        """Whether the patients' maps lie as those of its training."""
        return judge_orientation(self.model, self.scores.segments)

    @cached_property
    def localisation(self) -> Localisation | None:
        """What its heat maps show; None where it has none."""
        return localised(self.scores.located, "test") if self.scores.located else None

    @cached_property
    def answers(self) -> Answers:
        """What it says of each patient, for groups and readers."""
        scores = self.scores
        return Answers.of(scores.patients, scores.truth, scores.log_odds, self.model.contract.decision)

    def groupings(self, columns: PatientColumns) -> tuple[Grouping, ...]:
        """The patients' groups by each kept column."""
        return tuple(grouped(values, self.scores.patients) for values in columns.kept)

    def only(self, patients: set[str]) -> Scores:
        """Its answers for some of the patients."""
        decision = self.model.contract.decision
        return Scores(expit(self.scores.only(patients).log_odds / decision.temperature), decision.threshold)


def judge(
    one: Judged, other: Judged | None, demands: Demands, asked: Asked, recalibrating: RecalibrationOptions | None = None
) -> EvaluationRecord:
    """Judge `one`, hold its figures to what is demanded of them, recalibrate it, and compare it with `other`."""
    evaluation, answers = one.evaluation, one.answers
    return EvaluationRecord(
        made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        reference=asked.reference,
        flow=flow_of(asked.found, one.scores),
        in_training=_in_training(one),
        prevalence=prevalence_of(one.scores),
        points=points_of(one.patients, one.model.contract.decision),
        outside=one.scores.outside,
        again=asked.command,
        versions=installed_versions(),
        groups=tuple(figures_by_group(grouping, answers) for grouping in one.groupings(asked.found.columns)),
        readers=reader_study(asked.found.columns.reads, answers),
        local=at_prevalences(evaluation.confusion, one.model.contract.labelling.prevalence, asked.prevalences),
        origin=_origin(one),
        model=provenance_of(one.model),
        data_sha256=one.scores.data_sha256,
        patients=len(one.scores.patients),
        scans=sum(one.scores.scans),
        refused=refused_scans(one.scores.refused),
        warnings=tuple(_warnings(one, other)),
        evaluations=(evaluation,),
        demands=judged_demands(evaluation, demands),
        findings=asked.found.findings,
        orientation=one.orientation.line,
        localisation=one.localisation,
        recalibration=_recalibrated(one, recalibrating) if recalibrating and recalibrating.recalibrate else None,
        against=provenance_of(other.model) if other else None,
        against_evaluation=other.evaluation if other else None,
        against_localisation=other.localisation if other else None,
        comparison=_compared(one, other) if other else None,
    )


def _in_training(judged: Judged) -> dict[str, int] | None:
    if judged.parts is None:
        return None
    counts = Counter(judged.parts.get(patient, "new") for patient in judged.scores.patients)
    return dict(sorted(counts.items()))


def _recalibrated(judged: Judged, options: RecalibrationOptions) -> RecalibrationJudged:
    contract, scores = judged.model.contract, judged.scores
    return judge_recalibration(
        scores.truth,
        scores.log_odds / contract.decision.temperature,
        network_digest(contract),
        known_to_differ=options.prevalence_differs,
        overlap=made_from(judged.model, scores),
    )


def _origin(judged: Judged) -> Origin:
    data, model = judged.scores.origin, judged.model.contract.origin
    return data if data == model else "mixed"


def _warnings(one: Judged, other: Judged | None) -> Iterator[str]:
    """What speaks against the figures; of two models each sentence says which one it is about."""
    yield from _about(one) if other is None else (f"{one.model.name}: {words}" for words in _about(one))
    if other:
        yield from (f"{other.model.name}: {words}" for words in _about(other))


def _about(judged: Judged) -> Iterator[str]:
    yield from overlap_of(judged.model, judged.scores)
    refused = len(judged.scores.refused)
    if refused:
        yield f"{refused} scans are left out, which the model would refuse or which stand there twice; see metrics.json"
    if judged.usable is not None and judged.usable.warning:
        yield judged.usable.warning
    if judged.orientation.warning:
        yield judged.orientation.warning
    evaluation = judged.evaluation
    yield from (doubt.text for doubt in doubts_about(judged.model.contract))
    yield from doubts_about_scores([evaluation])
    area = evaluation.metric("auc")
    if area is None:
        yield "patients of one class only: no area under the ROC curve, and much else cannot be given"
    elif area.low <= 0.5:
        yield f"not shown to be better than chance on these patients (AUC from {area.low:.2f})"


def _compared(one: Judged, other: Judged) -> ModelComparison:
    common = set(one.scores.patients) & set(other.scores.patients)
    if not common:
        raise UsageError(f"{one.model.name} and {other.model.name} answered no patient in common; nothing to compare")
    return compare(one.scores.only(common).truth, one.only(common), other.only(common))


def write_judgement(
    record: EvaluationRecord, one: Judged, other: Judged | None, folder: Path, groupings: Sequence[Grouping] = ()
) -> None:
    """Write metrics.json, the model's contract, lines of patients and scans, their groups, maps, and the report."""
    # Here, because a reader of records needs neither matplotlib nor templates.
    from edgecad_train.judgement.report.page import write_report

    write_record(record, folder / METRICS)
    (folder / CONTRACT).write_text(json_from_contract(one.model.whole or one.model.contract), "utf-8")
    for judged, end in ((one, ""), (other, "-against")):
        if judged:
            lines = lines_of(judged.scores, judged.model.contract.decision, judged.parts)
            write_predictions(lines, folder / f"predictions{end}.csv")
            if judged.scores.located:
                located = (LocatedLine("", scan) for scan in judged.scores.located)
                write_located(located, folder / f"localisation{end}.csv")
    if groupings:
        write_groups(groupings, one.scores.patients, folder / GROUPS)
    if one.scores.shown:
        write_heatmaps(one.scores.shown, folder)
    write_report(folder)
