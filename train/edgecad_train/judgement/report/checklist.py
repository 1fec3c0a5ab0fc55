"""Facts that an evaluation knows of itself, each with the section of its report that tells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.evaluation.recalibration.words import sentences_about_recalibration
from edgecad_train.judgement.reading import EvaluationFiles
from edgecad_train.judgement.record import EvaluationRecord
from edgecad_train.report.checklists.item import Fact
from edgecad_train.report.checklists.of_run import UNNAMED
from edgecad_train.report.checklists.shared import (
    Named,
    diagnostic_words,
    failure_words,
    figure_words,
    image_facts,
    output_words,
)
from edgecad_train.report.html import Section
from edgecad_train.report.names import Names

CENTRES = ("centre", "center", "site", "hospital", "camera", "scanner")
"""Columns that may tell clusters of patients."""


def facts_of_evaluation(files: EvaluationFiles, names: Names, sections: Iterable[Section]) -> dict[str, Fact]:
    """Facts by the names that items ask for.

    Args:
        names: what must not be shown.
        sections: of the report; what none of them tells is not reported.
    """
    groups = (_patients(files), _model(files), _figures(files), _people(files.record), _rest(files))
    anchors = {anchor for anchor, _, _ in sections}
    found = dict(fact for group in groups for fact in group)
    told = {name: fact for name, fact in found.items() if fact.section in anchors}
    return {name: fact for name, fact in told.items() if not names.names_somebody(fact.words)}


def _patients(files: EvaluationFiles) -> Iterator[Named]:
    record, counts = files.record, files.record.evaluation.confusion
    classes = f"{counts.positives} {POSITIVE}, {counts.negatives} {CLASSES[1]}"
    found = f"{record.flow.found} labelled scans found, " if record.flow else ""
    yield "counts", Fact("patients", f"{found}{record.scans} answered, of {record.patients} patients: {classes}")
    yield "events", Fact("patients", f"one analysis: {classes}")
    reasons: dict[str, int] = {}
    for one in record.refused:
        reasons[one.reason] = reasons.get(one.reason, 0) + 1
    told = ", ".join(f"{n} {reason}" for reason, n in reasons.items())
    yield "refused", Fact("patients", f"left out: {told}" if told else "no scan was left out")
    yield from image_facts(files.contract.preparation, "patients")
    if record.reference not in ("", UNNAMED):
        yield "labels", Fact("judged", f"labelled by {record.reference}")
    if record.prevalence is not None and files.contract.labelling.prevalence is not None:
        yield (
            "compared_parts",
            Fact(
                "patients",
                f"share of {POSITIVE}: {record.prevalence.value:.0%} here, "
                f"{files.contract.labelling.prevalence:.0%} in training",
            ),
        )
    yield from _apart(files)


def _apart(files: EvaluationFiles) -> Iterator[Named]:
    """Whether these patients are others than those of training, as far as that is known."""
    known = files.record.in_training
    if known is None:
        return
    new = known.get("new", 0)
    if new == files.record.patients:
        yield "external", Fact("patients", f"{new} patients, none of whom is in the model's own training")
        yield "disjoint", Fact("patients", "the patient: nobody here is in the model's own training")


def _model(files: EvaluationFiles) -> Iterator[Named]:
    record, contract = files.record, files.contract
    yield "title", Fact("judged", f"an evaluation of the model {record.model.name}, {record.model.backbone}")
    yield (
        "model",
        Fact(
            "judged",
            f"{contract.backbone}, {contract.pooled_words}; head {contract.head}"
            if contract.on_network
            else f"{contract.head}, {contract.pooled_words}",
        ),
    )
    yield "model_hash", Fact("judged", f"sha256 {record.model.sha256[:16]}\N{HORIZONTAL ELLIPSIS}")
    decision = contract.decision
    yield "output", Fact("thresholds", output_words(decision))
    yield (
        "predictions",
        Fact(
            "judged",
            f"the mean log-odds of a patient's scans, over the temperature {decision.temperature:.4g}, at the "
            "threshold that the model carries",
        ),
    )
    yield "imbalance", Fact("judged", "nothing was weighed or resampled in the evaluation")
    members = len(contract.members)
    yield (
        "ensemble",
        Fact("judged", f"the mean logits of {members} networks" if members else "none: one model answers"),
    )
    if contract.weights and contract.on_network:
        yield "weights", Fact("judged", f"first weights of the model: {contract.weights}")


def _figures(files: EvaluationFiles) -> Iterator[Named]:
    record, evaluation = files.record, files.record.evaluation
    yield (
        "measures",
        Fact(
            "figures", "ROC curve, sensitivity, specificity, predictive values, calibration, decision curve, and more"
        ),
    )
    yield "uncertainty", Fact("figures", "95 % intervals, the method of each beside it; the patient is the unit")
    area = evaluation.metric("auc")
    if area is not None:
        yield "performance", Fact("figures", f"area under the ROC curve {figure_words(area)}")
    if told := diagnostic_words(evaluation):
        yield "diagnostic", Fact("figures", told)
    yield "failures", Fact("maps", failure_words(evaluation))
    if files.heatmaps is not None:
        yield "maps", Fact("maps", "heat maps of what raised and lowered the score, of right and of wrong answers")
    if record.localisation is not None:
        yield "localisation", Fact("maps", "held against defects that are known, and against uptake, with intervals")


def _people(record: EvaluationRecord) -> Iterator[Named]:
    """Groups of patients, and readers beside the model."""
    columns = [one.column for one in record.groups if one.groups]
    if columns:
        told = Fact("groups", f"patients and figures by {', '.join(columns)}, with n and intervals")
        yield from ((name, told) for name in ("subgroups", "characteristics", "robustness"))
    centres = [column for column in columns if column.casefold() in CENTRES]
    if centres:
        told = Fact("groups", f"figures by {', '.join(centres)}, and their differences, with intervals")
        yield from ((name, told) for name in ("centres", "heterogeneity"))
    if record.readers is not None and len(record.readers.readers) > 1:
        yield "readers", Fact("readers", f"agreement of {len(record.readers.readers)} readers, with intervals")


def _rest(files: EvaluationFiles) -> Iterator[Named]:
    record, contract = files.record, files.contract
    if record.recalibration is None:
        yield "updating", Fact("judged", "none: the model was judged as it is")
    else:
        done, *_ = sentences_about_recalibration(record.recalibration)
        yield "updating", Fact("recalibration", f"{done}; judged on patients that it did not use")
    yield "purpose", Fact("limits", f"intended use, from the contract: {contract.intended_use}".rstrip("."))
    yield "limits", Fact("limits", "what must not be concluded, in the report's own list")
    if record.versions:
        versions = ", ".join(f"{name} {version}" for name, version in sorted(record.versions.items()))
        yield "software", Fact("provenance", versions)
    digest = f"{record.data_sha256[:16]}\N{HORIZONTAL ELLIPSIS}"
    yield "data_hash", Fact("provenance", f"the data by their hash, sha256 {digest}")
    if record.again:
        yield "command", Fact("again", "the command that makes the evaluation again")
