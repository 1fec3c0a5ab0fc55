"""Whether a model is judged on patients that it was made from: its figures are optimistic then."""

from __future__ import annotations

from collections import Counter

from edgecad_train.evaluation.models import JudgedModel
from edgecad_train.evaluation.scoring import ScoredPatients


def overlap_of(model: JudgedModel, scores: ScoredPatients) -> tuple[str, ...]:
    """Sentences about patients that these data share with the model's training; none if there are none.

    Data are told by their hash, and patients by their names; a model without its split knows the hash only.
    """
    if model.contract.data_sha256 == scores.data_sha256:
        return (
            f"these are the data that {model.name} was trained, tuned and tested on (same hash): FIGURES ARE "
            "OPTIMISTIC; judge it on other patients, or see the test figures that training gave",
        )
    counts = Counter((model.part_of or {}).get(patient) for patient in scores.patients)
    chosen = {part: counts[part] for part in ("train", "validation") if counts[part]}
    if chosen:
        listed = ", ".join(f"{part} {count}" for part, count in chosen.items())
        return (
            f"{sum(chosen.values())} of {len(scores.patients)} patients bear the names of patients that {model.name} "
            f"was made from ({listed}): unless they are others, FIGURES ARE OPTIMISTIC",
        )
    if counts["test"]:
        return (
            f"{counts['test']} of {len(scores.patients)} patients bear the names of the test part of {model.name}: "
            "they chose nothing, and they are not new either",
        )
    return ()
