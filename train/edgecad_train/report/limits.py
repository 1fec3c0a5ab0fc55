"""What a reader of the report must not conclude from it."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad.contract import Preparation
from edgecad_train.classes import POSITIVE
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.runs.reading import RunFiles


def limits_of(run: RunFiles) -> tuple[str, ...]:
    """Sentences, the most important first."""
    return tuple(_sentences(run))


def _sentences(run: RunFiles) -> Iterator[str]:
    contract = run.contract
    if contract.origin != "patients":
        yield (
            f"PHANTOM: the origin of these scans is \N{LEFT DOUBLE QUOTATION MARK}{contract.origin}"
            "\N{RIGHT DOUBLE QUOTATION MARK}. Drawn maps are easier and more alike than "
            "patients' maps. No figure, threshold or ranking here may be carried over to patients."
        )
    yield "Research use only. Not a medical device."
    yield (
        f"The reference standard is the label given by {contract.labelling.reference}. The figures are agreement with "
        "readers; they say nothing of angiography or of the course of the illness."
    )
    test = next((evaluation for evaluation in run.evaluations if evaluation.part == "test"), None)
    if test:
        yield from _about_size(test)
    yield (
        f"Threshold and temperature were chosen on {_chooser(run)}. Sensitivity and specificity of the chosen "
        "threshold are those of the patients that chose it; on other patients both can be worse."
    )
    yield (
        f"{contract.labelling.prevalence:.0%} of the training patients were labelled {POSITIVE}. Predictive values, "
        "accuracy and net benefit hold for the prevalence of the part that they come from."
    )
    yield _other_inputs(contract.preparation)
    yield (
        "Heat maps show what raised or lowered the score of this model. They are not uptake, ischaemia or an artery, "
        "and they were not compared with anything."
    )


def _other_inputs(how: Preparation) -> str:
    if how.input == "uptake":
        return (
            "Scans of other software, tracers or protocols than those of training are other inputs, and nothing here "
            "is about them. Another colour table is no other input where uptake can be read through it."
        )
    return (
        "Scans of other software, colour tables, tracers or protocols than those of training are other inputs, and "
        "nothing here is about them."
    )


def _about_size(test: Evaluation) -> Iterator[str]:
    n = test.confusion.n
    if n:
        yield (
            f"The test part has {n} patients: one answer more or less moves accuracy by {1 / n:.1%}, and one "
            f"of the {test.confusion.positives} labelled {POSITIVE} moves sensitivity by "
            f"{1 / max(test.confusion.positives, 1):.1%}. The intervals say how far chance alone may reach."
        )


def _chooser(run: RunFiles) -> str:
    parts = [evaluation.part for evaluation in run.evaluations if evaluation.part != "test"]
    return {"out-of-fold": "the pooled out-of-fold scores", "validation": "the validation part"}.get(
        parts[0] if parts else "", "other patients than the test part"
    )
