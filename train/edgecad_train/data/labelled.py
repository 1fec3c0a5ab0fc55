"""What is known of a labelled scan: where it lies, whose it is, or why it was left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgecad.clinical.cells import stands_for_nothing
from edgecad.errors import UsageError
from edgecad.frozen import Frozen
from edgecad_train.classes import CLASSES
from edgecad_train.data.truth.defect import DefectTruth

MIN_PATIENTS = 5
"""Patients a class, so that training, validation and test each get one and training gets three."""


@dataclass(frozen=True)
class FurtherMap:
    """One more map of a scan's patient, such as that at rest: its name, and where it lies."""

    name: str
    path: Path


@dataclass(frozen=True)
class Case:
    """One labelled scan: where it lies, its class, and whose it is.

    `where` names the line of the CSV that lists it, `labels.csv, line 12`; empty in class folders. `defect` is where
    somebody knows its defect to be; `further` are the maps beside it, which the line names. Two cases that differ in
    nothing else are equal.
    """

    path: Path
    label: str
    patient: str
    where: str = field(default="", compare=False)
    defect: DefectTruth | None = field(default=None, compare=False)
    further: tuple[FurtherMap, ...] = field(default=(), compare=False)


class DataFinding(Frozen, frozen=True, kw_only=True):
    """One thing to know: a stable word for programs, a sentence for people, and the files that it is about."""

    code: str
    text: str
    files: tuple[str, ...] = ()


STEM_RULE = "the file's stem"
PATIENT_FROM_RULE = "what '{}' finds in the file's path in its class folder"
"""How a patient was told in class folders, for files and reports."""
CSV_RULE = "the CSV's patient column"


def patient_from_of(rule: str) -> str | None:
    """The `--patient-from` that gave a rule, as files and reports tell it; None where none was given."""
    found = re.fullmatch(re.escape(PATIENT_FROM_RULE).replace(re.escape("{}"), "(.*)"), rule)
    return found[1] if found else None


@dataclass(frozen=True)
class Refusal:
    """A scan that was left out, and why; `reason` is a short stable word, `message` for people."""

    path: Path
    reason: str
    message: str
    where: str = ""
    """The case's line in a CSV."""

    def __str__(self) -> str:
        """For a terminal: a scan of a CSV with its line, and with the folder where it was looked for."""
        return f"{self.where}: {self.path}: {self.message}" if self.where else f"{self.path.name}: {self.message}"


class RefusedScan(Frozen, frozen=True, kw_only=True):
    """A scan that was left out, as files tell it: by its file's name alone."""

    file: str
    reason: str
    message: str


def refused_scans(refused: Sequence[Refusal]) -> tuple[RefusedScan, ...]:
    """Refusals as files tell them."""
    return tuple(RefusedScan(file=one.path.name, reason=one.reason, message=one.message) for one in refused)


def check_patients(cases: Sequence[Case], least: int = MIN_PATIENTS) -> None:
    """See that each patient has one label and each class at least so many patients.

    Raises:
        UsageError: naming the patient, or the class.
    """
    first: dict[str, Case] = {}
    for case in cases:
        if first.setdefault(case.patient, case).label != case.label:
            raise UsageError(_two_labels(first[case.patient], case))
    for name in CLASSES:
        count = sum(case.label == name for case in first.values())
        if count < least:
            why = ", so that training, validation and test each have some" if least >= MIN_PATIENTS else ""
            raise UsageError(f"class {name} has {count} patients; at least {least} are wanted{why}")


def _two_labels(one: Case, other: Case) -> str:
    if stands_for_nothing(one.patient):
        return (
            f"scans of both classes are of a patient named {one.patient!r}, which is what stands where nothing is "
            f"known{f' ({one.where} and {other.where})' if one.where else ''}; give each scan its patient, or leave it "
            "out"
        )
    if one.where:
        return (
            f"patient {one.patient!r} is under two labels: {one.where} says {one.label} and {other.where} says "
            f"{other.label}; a patient has one: correct one of the lines"
        )
    return (
        f"patient {one.patient!r} is under two labels, {CLASSES[0]} and {CLASSES[1]}; "
        "a patient has one: correct the labels, or tell the patients apart with --patient-from"
    )
