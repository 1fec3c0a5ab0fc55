"""The way of the data: scans found, refused, prepared, and the patients of each part by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from edgecad_train.classes import POSITIVE
from edgecad_train.data.findings import ACROSS_PARTS
from edgecad_train.data.labelled import DataFinding
from edgecad_train.report.names import Names
from edgecad_train.runs.predictions import PatientLine
from edgecad_train.runs.reading import RunFiles
from edgecad_train.splits.split import Folds

MEANINGS = {
    "clash": "one picture under two patients or two labels",
    "near-duplicate": "scans of two patients that look the same",
    ACROSS_PARTS: "scans of two patients in different parts that look the same: one may have been "
    "learnt from and judged by",
    "one-image-two-labels": "scans that look the same under two labels",
    "patients-alike": "patients whose names differ in capital letters, blanks or leading zeros alone: if they are one "
    "patient, one part may have learnt from whom another judges",
    "patient-not-told": "scans of a patient whose name stands for nothing, as nan does; they count as one patient",
    "rare-colour-table": "a colour table that few scans have: the model will hardly know it",
}
"""What findings mean, said where their own words name files."""
GRAVE = ("clash", ACROSS_PARTS, "one-image-two-labels")


@dataclass(frozen=True)
class PartRow:
    """One part: patients by class, scans, and its share of all patients, 0 to 1."""

    name: str
    patients: int
    share: float
    positives: int
    negatives: int
    scans: int


@dataclass(frozen=True)
class Count:
    """How many there are of something."""

    what: str
    n: int
    text: str = ""
    grave: bool = False
    """Whether figures may be wrong because of it."""


@dataclass(frozen=True)
class Flow:
    """From files to parts; `total` adds up `parts`, or the parts that a fold stands for."""

    found: int
    refused: tuple[Count, ...]
    prepared: int
    parts: tuple[PartRow, ...]
    folds: tuple[PartRow, ...]
    total: PartRow
    findings: tuple[Count, ...]

    @property
    def refused_counts(self) -> tuple[tuple[str, int], ...]:
        """Reasons, and how many scans were refused for each."""
        return tuple((count.what, count.n) for count in self.refused)


def flow_of(run: RunFiles, names: Names) -> Flow:
    """Count what run.json, split.json and predictions.csv say."""
    lines = {line.patient: line for line in run.predictions}
    everybody = [patient for part in run.partition.parts().values() for patient in part]
    rows = tuple(_row(name, part, lines, len(everybody)) for name, part in run.partition.parts().items())
    parts, folds = rows, rows[:0]
    if isinstance(run.partition, Folds):
        development = run.partition.development
        parts, folds = (_row("development", development, lines, len(everybody)), rows[-1]), rows[:-1]
    reasons = Counter(entry.reason for entry in run.record.refused)
    return Flow(
        found=run.record.scans + len(run.record.refused),
        refused=tuple(Count(reason, n) for reason, n in reasons.most_common()),
        prepared=run.record.scans,
        parts=parts,
        folds=folds,
        total=_row("all", everybody, lines, len(everybody)),
        findings=counted_findings(run.record.findings, names, "run.json"),
    )


def _row(name: str, patients: Sequence[str], lines: dict[str, PatientLine], of: int) -> PartRow:
    known = [lines[patient] for patient in patients if patient in lines]
    positives = sum(line.label == POSITIVE for line in known)
    scans = sum(line.scans for line in known)
    return PartRow(name, len(patients), len(patients) / of if of else 0.0, positives, len(known) - positives, scans)


def counted_findings(findings: Sequence[DataFinding], names: Names, record: str) -> tuple[Count, ...]:
    """Findings of one code together; their own texts only where they name nobody.

    Args:
        record: the file that names them, which stays with the data.
    """
    found = []
    for code, n in Counter(finding.code for finding in findings).items():
        texts = [finding.text for finding in findings if finding.code == code]
        shown = [text for text in texts if not names.names_somebody(text)]
        if len(shown) < len(texts):
            shown.append(
                f"{MEANINGS.get(code, 'not told here')} (files are named in {record}, which stays with the data)"
            )
        found.append(Count(code, n, "; ".join(shown), grave=code in GRAVE or code.startswith("leak-")))
    return tuple(found)
