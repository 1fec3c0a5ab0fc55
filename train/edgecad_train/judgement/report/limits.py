"""What a reader of an evaluation's report must not conclude from it."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad_train.classes import POSITIVE
from edgecad_train.judgement.reading import EvaluationFiles
from edgecad_train.report.limits import MAPS_LIMIT, general_limits, input_limit, size_limits
from edgecad_train.report.wording import whole

FEW = 100
"""Patients of each class below which an external validation is small (Collins 2016, Statistics in Medicine 35:214)."""


def limits_of(files: EvaluationFiles) -> tuple[str, ...]:
    """Sentences, the most important first."""
    return tuple(_sentences(files))


def _sentences(files: EvaluationFiles) -> Iterator[str]:
    record, contract = files.record, files.contract
    yield from general_limits(record.origin, record.reference or "readers who are not named")
    yield from _about_patients(files)
    yield from size_limits(record.evaluation, "This evaluation has")
    yield from _about_class_sizes(files)
    yield (
        "Threshold, temperature and zone are the model's own: nothing was chosen on these patients. A threshold that "
        "is chosen by these figures has to be judged on other patients."
    )
    yield from _about_prevalence(files)
    yield from _about_refusals(files)
    yield (
        "Accuracy, predictive values, net benefit and Brier score hold for these patients' share of "
        f"{contract.positive} alone."
    )
    yield input_limit(contract.preparation)
    yield MAPS_LIMIT


def _about_patients(files: EvaluationFiles) -> Iterator[str]:
    known = files.record.in_training
    if known is None:
        yield (
            "Nobody knows here whether these patients are among those of the training: a figure of patients that were "
            "learnt from says nothing about others. Evaluate the run itself to find out."
        )
        return
    learnt = sum(count for part, count in known.items() if part not in ("test", "new"))
    if learnt:
        yield (
            f"{learnt} of these patients are of the parts that the model was made from. The figures are optimistic "
            "because of them."
        )
    if known.get("test"):
        yield (
            f"{known['test']} of these patients are of the model's test part. They chose nothing, and they come from "
            "where the training's patients come from: they are no new hospital."
        )


def _about_class_sizes(files: EvaluationFiles) -> Iterator[str]:
    counts = files.record.evaluation.confusion
    if min(counts.positives, counts.negatives) < FEW:
        yield (
            f"{counts.positives} labelled {files.contract.positive} and {counts.negatives} {files.contract.negative} "
            f"are few: at least {FEW} of each are advised for an external validation, and more to judge calibration."
        )


def _about_prevalence(files: EvaluationFiles) -> Iterator[str]:
    here, there = files.record.prevalence, files.contract.labelling.prevalence
    if here is None or there is None:
        return
    if not here.low <= there <= here.high:
        yield (
            f"{whole(here.value)} of these patients are labelled {POSITIVE}, and {whole(there)} of the training's "
            "were. Where the shares differ, scores are too high or too low as probabilities, and predictive values of "
            "the training do not hold here."
        )


def _about_refusals(files: EvaluationFiles) -> Iterator[str]:
    flow = files.record.flow
    if flow is None:
        return
    if flow.lost:
        yield (
            f"{flow.lost} more patients have no figure, because the model refuses all of their scans. The figures are "
            "about those whom it answers."
        )
    elif flow.refused:
        yield "The figures are about the scans that the model answers; those that it refuses are counted above."
