"""What can be recounted from a run's files is recounted, and said: the parts, the hash, the confusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from edgecad_train.classes import POSITIVE
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.evaluation.statistics.confusion import Confusion
from edgecad_train.runs.predictions import PatientLine
from edgecad_train.runs.reading import RunFiles
from edgecad_train.splits.split import Split


@dataclass(frozen=True)
class Check:
    """Something that must hold, whether it does, and what was counted."""

    holds: bool
    what: str
    counted: str


@dataclass(frozen=True)
class Overlap:
    """How many patients two parts share."""

    one: str
    other: str
    patients: int


def overlaps(parts: Mapping[str, tuple[str, ...]]) -> tuple[Overlap, ...]:
    """Patients that each two parts share; every count must be 0."""
    members = {name: set(patients) for name, patients in parts.items()}
    return tuple(Overlap(one, other, len(members[one] & members[other])) for one, other in combinations(members, 2))


def checks_of(run: RunFiles) -> tuple[Check, ...]:
    """Recount, from the files as they lie there."""
    return (_disjoint(run), _same_parts(run), _same_hash(run), *(_same_confusion(run, e) for e in run.evaluations))


def _disjoint(run: RunFiles) -> Check:
    """Reading split.json refuses a patient who stands in it twice; the page says what was counted."""
    shared = overlaps(run.partition.parts())
    patients = sum(pair.patients for pair in shared)
    counted = f"{len(shared)} pairs of parts compared; patients shared: {patients}"
    return Check(not patients, "No patient is in two parts.", counted)


def _same_parts(run: RunFiles) -> Check:
    plain = isinstance(run.partition, Split)
    expected = {
        patient: name if plain or name == "test" else "out-of-fold"
        for name, patients in run.partition.parts().items()
        for patient in patients
    }
    seen = {line.patient: line.part for line in run.predictions}
    other = sum(expected.get(patient) != part for patient, part in seen.items())
    absent = len(expected.keys() - seen.keys())
    again = len(run.predictions) - len(seen)
    counted = (
        f"{len(seen)} patients scored, {again} of them more than once; {other} in another part than split.json says, "
        f"{absent} without a score"
    )
    return Check(
        not (other or absent or again), "Every patient is scored once, in the part that split.json names.", counted
    )


def _same_hash(run: RunFiles) -> Check:
    here, there = run.partition.sha256, run.contract.split_sha256
    counted = f"sha256 {here[:16]}\N{HORIZONTAL ELLIPSIS} here, {there[:16]}\N{HORIZONTAL ELLIPSIS} in the contract"
    return Check(here == there, "The split is the one that the model's contract names.", counted)


def _same_confusion(run: RunFiles, evaluation: Evaluation) -> Check:
    counts = _recounted([line for line in run.predictions if line.part == evaluation.part])
    counted = (
        f"recounted {counts.true_positive} + {counts.false_negative} {POSITIVE}, "
        f"{counts.false_positive} + {counts.true_negative} other (above + below threshold)"
    )
    what = f"The answers counted in predictions.csv are those of metrics.json, {evaluation.part}."
    return Check(counts == evaluation.confusion, what, counted)


def _recounted(lines: list[PatientLine]) -> Confusion:
    pairs = [(line.label == POSITIVE, line.above) for line in lines]
    return Confusion(
        pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, False)), pairs.count((False, True))
    )
