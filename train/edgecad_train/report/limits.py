"""What a reader of the report must not conclude from it."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad.contract import Origin, Preparation, openings_sentence
from edgecad_train.classes import POSITIVE
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.runs.reading import RunFiles


def limits_of(run: RunFiles) -> tuple[str, ...]:
    """Sentences, the most important first."""
    return tuple(_sentences(run))


def _sentences(run: RunFiles) -> Iterator[str]:
    contract = run.contract
    yield from general_limits(contract.origin, contract.labelling.reference)
    test = next((evaluation for evaluation in run.evaluations if evaluation.part == "test"), None)
    if test:
        yield from size_limits(test, "The test part has")
    if contract.test_openings is None or not contract.test_openings.untouched:
        yield (
            f"{openings_sentence(contract.test_openings)} Whoever chooses among models by test figures "
            "chooses on test patients: the figures of the one that is chosen are too good, and only new patients can "
            "tell how good it is."
        )
    yield (
        f"Threshold and temperature were chosen on {_chooser(run)}. Sensitivity and specificity of the chosen "
        "threshold are those of the patients that chose it; on other patients both can be worse."
    )
    yield (
        f"{contract.labelling.prevalence:.0%} of the training patients were labelled {POSITIVE}. Predictive values, "
        "accuracy and net benefit hold for the prevalence of the part that they come from."
    )
    yield input_limit(contract.preparation)
    yield MAPS_LIMIT


MAPS_LIMIT = (
    "Heat maps show what raised or lowered the score of this model. They are not uptake, ischaemia or an artery, "
    "and nobody asked readers whether they help."
)


def general_limits(origin: Origin, reference: str) -> Iterator[str]:
    """What holds of every report: its origin, its use, and what its labels are."""
    if origin != "patients":
        yield (
            f"PHANTOM: the origin of these scans is \N{LEFT DOUBLE QUOTATION MARK}{origin}"
            "\N{RIGHT DOUBLE QUOTATION MARK}. Drawn maps are easier and more alike than "
            "patients' maps. No figure, threshold or ranking here may be carried over to patients."
        )
    yield "Research use only. Not a medical device."
    yield (
        f"The reference standard is the label given by {reference}. The figures are agreement with "
        "readers; they say nothing of angiography or of the course of the illness."
    )


def input_limit(how: Preparation) -> str:
    """Which scans are others than those that the model learnt from."""
    if how.input == "uptake":
        return (
            "Scans of other software, tracers or protocols than those of training are other inputs, and nothing here "
            "is about them. Another colour table is no other input where uptake can be read through it."
        )
    return (
        "Scans of other software, colour tables, tracers or protocols than those of training are other inputs, and "
        "nothing here is about them."
    )


def size_limits(evaluation: Evaluation, who: str) -> Iterator[str]:
    """What one patient weighs; `who` begins the sentence: `The test part has`."""
    counts = evaluation.confusion
    if not counts.n:
        return
    said = (
        f"{who} {counts.n} patient{'s' * (counts.n > 1)}: one answer more or less moves accuracy by {1 / counts.n:.1%}"
    )
    if counts.positives:
        which = f"one of the {counts.positives}" if counts.positives > 1 else "the one"
        said += f", and {which} labelled {POSITIVE} moves sensitivity by {1 / counts.positives:.1%}"
    yield f"{said}. The intervals say how far chance alone may reach."


def _chooser(run: RunFiles) -> str:
    parts = [evaluation.part for evaluation in run.evaluations if evaluation.part != "test"]
    if run.record.search and run.record.search.deciding:
        return "out-of-fold scores of the exported head, which was found on the same patients"
    return {"out-of-fold": "the pooled out-of-fold scores", "validation": "the validation part"}.get(
        parts[0] if parts else "", "other patients than the test part"
    )
