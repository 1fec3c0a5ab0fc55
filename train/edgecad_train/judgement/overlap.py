"""Whether a model is judged on patients that it was made from: its figures are optimistic then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from edgecad_train.judgement.models import JudgedModel
from edgecad_train.judgement.scoring import ScoredPatients


def overlap_of(model: JudgedModel, scores: ScoredPatients) -> tuple[str, ...]:
    """Sentences about patients that these data share with the model's training; none if there are none.

    The data are known by their hash, patients by the hashes of their scans' files where the run kept them, and by
    their names. Phantoms of two seeds have the same names and are others.
    """
    if model.contract.data_sha256 == scores.data_sha256:
        return (
            f"these are the data that {model.name} was trained, tuned and tested on (same hash): FIGURES ARE "
            "OPTIMISTIC; judge it on other patients, or see the test figures that training gave",
        )
    if model.part_of is None:
        return (
            f"{model.name} does not say who its patients were, as exported models do; whether any of these are among "
            "them is not known: to find out, evaluate its run",
        )
    scans = _by_scan(model, scores)
    names = _by_name(model, scores, scans)
    if model.patient_of is None:
        return tuple(_sentences(model, len(scores.patients), names, "same names; this model kept no hashes of scans"))
    told = _sentences(model, len(scores.patients), scans, "same scans")
    if not names or scores.origin == "phantom":
        return tuple(told)
    return (
        *told,
        f"{len(names)} of {len(scores.patients)} patients bear the names of patients of {model.name} (same names, "
        "other scans): they are new only if they are other people",
    )


def parts_in_training(model: JudgedModel, scores: ScoredPatients) -> Mapping[str, str] | None:
    """The part of each of these patients in the model's training, as far as one is known; None where none can be."""
    if model.part_of is None:
        return None
    scans = _by_scan(model, scores)
    others = model.patient_of is not None and scores.origin == "phantom"
    return scans if others else {**_by_name(model, scores, scans), **scans}


def made_from(model: JudgedModel, scores: ScoredPatients) -> str:
    """Why a model must not be fitted any further to these patients: it was made from some; empty if it was not.

    By the data's hash, and by patients of the training and validation parts. Patients are known by their scans' hashes
    where the run kept them; the same name of other scans counts only where it did not.
    """
    if model.contract.data_sha256 == scores.data_sha256:
        return f"these are the data that {model.name} was trained, tuned and tested on (same hash)"
    if model.part_of is None:
        return ""
    scans = _by_scan(model, scores)
    known = scans if model.patient_of is not None else _by_name(model, scores, scans)
    count = sum(part in ("train", "validation") for part in known.values())
    if not count:
        return ""
    how = "same scans" if model.patient_of is not None else "same names"
    return f"{count} of {len(scores.patients)} patients are among those that {model.name} was made from ({how})"


def _by_scan(model: JudgedModel, scores: ScoredPatients) -> dict[str, str]:
    """Part in the model's training by patient, for those whose scans it had."""
    known, parts = model.patient_of or {}, model.part_of or {}
    found = ((patient, known[file]) for patient, own in zip(scores.patients, scores.files, strict=False)
             for file in own if file in known)  # fmt: skip
    return {patient: parts[trained] for patient, trained in found if trained in parts}


def _by_name(model: JudgedModel, scores: ScoredPatients, scans: Mapping[str, str]) -> dict[str, str]:
    """The others whose name the model's training had -> the part of that name."""
    parts = model.part_of or {}
    return {patient: parts[patient] for patient in scores.patients if patient in parts and patient not in scans}


def _sentences(model: JudgedModel, patients: int, parts: Mapping[str, str], how: str) -> Iterator[str]:
    counts = Counter(parts.values())
    chosen = {part: counts[part] for part in ("train", "validation") if counts[part]}
    if chosen:
        listed = ", ".join(f"{part} {count}" for part, count in chosen.items())
        yield (
            f"{sum(chosen.values())} of {patients} patients are among those that {model.name} was made from "
            f"({listed}; {how}): FIGURES ARE OPTIMISTIC"
        )
    if counts["test"]:
        yield (
            f"{counts['test']} of {patients} patients are of the test part of {model.name} ({how}): they chose "
            "nothing, and they are not new either"
        )
