"""Rows of the page's tables: a name and a value each, or the cells of a row in words."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from edgecad.contract import Metric
from edgecad.decision.evidence import OperatingPoint
from edgecad.decision.evidence_table import threshold_words
from edgecad.decision.zone_words import share_rows, zone_rows
from edgecad_train.evaluation.statistics.chance import chance_words
from edgecad_train.evaluation.statistics.comparison import AucDifference, McNemar
from edgecad_train.evaluation.statistics.intervals import proportion
from edgecad_train.judgement.demands import FigureDemand
from edgecad_train.judgement.flow import PointHere
from edgecad_train.judgement.reading import EvaluationFiles
from edgecad_train.judgement.record import EvaluationRecord, ModelProvenance
from edgecad_train.report.points import Cells, PointRow, share_words
from edgecad_train.report.wording import NONE, Row, metric, minute, signed, three

KINDS = {"run": "training run", "model": "exported model"}
PARTS_OF_TRAINING = {
    "new": "in no part of its training",
    "train": "in its training or development part",
    "validation": "in its validation part",
    "test": "in its test part",
}
POINT_HEADS = ("rule", "score from", "patients", "sensitivity", "specificity", "PPV", "NPV")
PREVALENCE_HEADS = ("patients", "labelled", "of", "share", "95 % interval")
SIDE_HEADS = ("figure", "this model", "n", "the other", "n")
DIFFERENCE_HEADS = ("figure", "difference", "95 % interval", "p", "n", "only one is right", "method")
DEMAND_HEADS = ("figure", "at least", "reached", "95 % interval", "")


def judged_rows(files: EvaluationFiles) -> tuple[Row, ...]:
    """What was judged, and against whose labels."""
    record, contract = files.record, files.contract
    decision = contract.decision
    return (
        *_model_rows(record.model),
        ("made", f"{minute(contract.created)}, contract version {contract.version}"),
        ("origin", f"model: {contract.origin}; model and scans together: {record.origin}"),
        ("its labels", f"given by {contract.labelling.reference}"),
        ("these labels", f"given by {record.reference or 'readers who are not named'}"),
        ("judged", minute(record.made) if record.made else "by an earlier version, which did not say when"),
        ("threshold on the score", f"{decision.threshold:.6g}; {decision.rule}"),
        ("temperature", f"{decision.temperature:.4g}"),
        ("a patient's score", f"from the mean log-odds of the patient's scans: one vote a patient{_fused(files)}"),
        *([("compared with", record.against.name)] if record.against else []),
    )


def _fused(files: EvaluationFiles) -> str:
    return f"; fused with clinical columns: {', '.join(files.clinical)}" if files.clinical else ""


def _model_rows(model: ModelProvenance) -> Iterator[Row]:
    yield "model", f"{model.name}, {KINDS[model.kind]}, {model.backbone}"
    yield "model's file, sha256", model.sha256


def training_rows(record: EvaluationRecord) -> tuple[Row, ...]:
    """How many of these patients the model's training had, by part."""
    if record.in_training is None:
        return (("these patients in its training", "not known: exported models do not say who their patients were"),)
    return tuple(
        (PARTS_OF_TRAINING.get(part, part), f"{count} of {record.patients} patients")
        for part, count in sorted(record.in_training.items(), key=lambda one: list(PARTS_OF_TRAINING).index(one[0]))
    )


def prevalence_rows(files: EvaluationFiles) -> tuple[Cells, ...]:
    """Share of the positive class here and in training."""
    here, labelling = files.record.prevalence, files.contract.labelling
    rows: list[Cells] = []
    if here is not None:
        interval = f"{here.low:.1%} to {here.high:.1%}"
        rows.append(("these patients", str(here.count), str(here.n), f"{here.value:.1%}", interval))
    if labelling.prevalence is not None:
        why = "no interval: the contract keeps no counts"
        rows.append(("the model's training", NONE, NONE, f"{labelling.prevalence:.1%}", why))
    return tuple(rows)


def point_rows(files: EvaluationFiles) -> tuple[PointRow, ...]:
    """Each threshold of the contract: figures of those who chose it, where they were kept, above these patients'."""
    evidence = files.contract.decision.evidence
    chose = {} if evidence is None else {point.rule: point for point in evidence.points}
    return tuple(_point_row(point, chose.get(point.rule)) for point in files.record.points)


def _point_row(here: PointHere, there: OperatingPoint | None) -> PointRow:
    own = ("these patients", *map(share_words, (here.sensitivity, here.specificity, here.ppv, here.npv)))
    lines: tuple[Cells, ...] = (own,)
    if there is not None:
        shares = (share_words(there.sensitivity), share_words(there.specificity))
        lines = (("those who chose", *shares, NONE, NONE), own)
    notes = ("in force",) if here.in_force else ()
    return PointRow(here.rule, threshold_words(here.threshold), notes, here.in_force, lines)


def side_rows(record: EvaluationRecord) -> tuple[Cells, ...]:
    """Figures of both models, each about the patients that it answered."""
    other = record.against_evaluation
    if other is None:
        return ()
    names = [one.name for one in record.evaluation.metrics if other.metric(one.name)]
    pairs = ((name, record.evaluation.metric(name), other.metric(name)) for name in names)
    return tuple((metric(name), *_figure(one), *_figure(two)) for name, one, two in pairs)


def _figure(one: Metric | None) -> Cells:
    return (NONE, NONE) if one is None else (f"{three(one.value)} ({three(one.low)} to {three(one.high)})", str(one.n))


def difference_rows(record: EvaluationRecord) -> tuple[Cells, ...]:
    """Paired differences, this model less the other, on the patients that both answered."""
    found = record.comparison
    if found is None:
        return ()
    tests: dict[str, McNemar | AucDifference | None] = {
        "accuracy": found.accuracy,
        "sensitivity_cad": found.sensitivity_cad,
        "specificity_cad": found.specificity_cad,
        "auc": found.auc,
    }
    return tuple(_difference(name, test) for name, test in tests.items() if test is not None)


def _difference(name: str, test: McNemar | AucDifference) -> Cells:
    alone = NONE if isinstance(test, AucDifference) else f"{test.only_one_right} here, {test.only_other_right} there"
    interval = f"{signed(test.low)} to {signed(test.high)}"
    return metric(name), signed(test.difference), interval, chance_words(test.p_value), str(test.n), alone, test.method


def demand_rows(record: EvaluationRecord) -> tuple[Cells, ...]:
    """What was demanded, and whether it was reached."""
    return tuple(
        (metric(one.metric), f"{one.least:g}", *_reached(record.evaluation.metric(one.metric)), _verdict(one))
        for one in record.demands
    )


def _reached(figure: Metric | None) -> Cells:
    return (
        (NONE, "no interval")
        if figure is None
        else (three(figure.value), f"{three(figure.low)} to {three(figure.high)}")
    )


def _verdict(demand: FigureDemand) -> str:
    if demand.value is None:
        return "MISSED: these patients cannot give it"
    if not demand.met:
        return "MISSED"
    return "met, and its lower bound too" if demand.sure else "met; its lower bound is below"


def zone_rows_of(files: EvaluationFiles) -> tuple[Row, ...]:
    """What the model's zone promises, and how these patients fare with it."""
    decision, positive = files.contract.decision, files.contract.positive
    zone = None if decision.zone is None else msgspec.structs.replace(decision.zone, test=None)
    shares = files.record.evaluation.zone
    here = () if shares is None else share_rows(shares, positive)
    return (
        *zone_rows(zone, decision.zone_words, decision.threshold, positive),
        *((f"these patients, {name}", words) for name, words in here),
    )


def unfamiliar_row(files: EvaluationFiles) -> Row:
    """How many patients have scans that are refused because they are unlike those of the training."""
    name, flow = "with scans unlike the training's", files.record.flow
    if files.contract.familiarity is None:
        return name, "not known: nobody measured how like each other the training scans are"
    if flow is None:
        return name, "not counted"
    of = flow.patients + flow.lost
    found = proportion(flow.unfamiliar, of)
    return name, f"{flow.unfamiliar} of {of} patients, {found.value:.1%} ({found.low:.1%} to {found.high:.1%})"


def hash_rows(record: EvaluationRecord) -> tuple[Row, ...]:
    """What was judged, and on what."""
    return (
        ("scans and labels, sha256", record.data_sha256),
        (f"{record.model.name}, sha256", record.model.sha256),
        *([(f"{record.against.name}, sha256", record.against.sha256)] if record.against else []),
    )


def version_rows(files: EvaluationFiles) -> tuple[Row, ...]:
    """With what it was judged, and with what the model was made."""
    made = ", ".join(f"{name} {version}" for name, version in sorted(files.contract.versions.items()))
    return (
        *(sorted(files.record.versions.items()) or [("this evaluation", "an earlier version did not say")]),
        ("the model was made with", made or "not known"),
        ("record", f"metrics.json of schema {files.record.schema}"),
    )
