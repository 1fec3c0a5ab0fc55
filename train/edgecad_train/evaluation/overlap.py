"""Whether a model is judged on patients that it was made from: its figures are optimistic then."""

from __future__ import annotations

from collections import Counter

from edgecad_train.evaluation.models import JudgedModel
from edgecad_train.evaluation.scoring import ScoredPatients


def overlap_of(model: JudgedModel, scores: ScoredPatients) -> tuple[str, ...]:
    """Sentences about patients that these data share with the model's training; none if there are none.

    Patients are told by their names, and data by their hash; a model without its split knows the hash only.
    """
    same_data = model.contract.data_sha256 == scores.data_sha256
    if model.part_of is None:
        return (_same_data(model),) if same_data else ()
    counts = Counter(model.part_of[patient] for patient in scores.patients if patient in model.part_of)
    chosen = counts["train"] + counts["validation"]
    if chosen:
        return (
            f"{chosen} of {len(scores.patients)} patients were in the training of {model.name} (train "
            f"{counts['train']}, validation {counts['validation']}): FIGURES ARE OPTIMISTIC; the run's own test "
            "figures are in its metrics.json",
        )
    if counts["test"]:
        return (
            f"{counts['test']} of {len(scores.patients)} patients are the test part of {model.name}: they chose "
            "nothing, and they are not new either",
        )
    return (_same_data(model),) if same_data else ()


def _same_data(model: JudgedModel) -> str:
    return (
        f"these are the data that {model.name} was trained, tuned and tested on (same hash): FIGURES ARE OPTIMISTIC; "
        "judge it on other patients"
    )
