"""Labelled scans as people have them: class folders, or a CSV; found, read and prepared."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Colours, Origin, Preparation
from edgecad.errors import InputRefused, UsageError
from edgecad.images import is_scan_file, read_screen
from edgecad.polarmap import colour_cell, disc_mask, prepare
from edgecad_train.classes import CLASSES

PHANTOM_MARK = "PHANTOMS.json"
"""What `edgecad phantom` leaves in its folder."""
PHANTOM_TABLE = "labels.csv"
"""What it writes last."""
MIN_PATIENTS = 5
"""Patients a class, so that training, validation and test each get one and training gets three."""
MAX_REFUSED_SHARE = 0.05
"""Above this share of refused scans the data folder is not what it is taken for."""

FOLDER_LAYOUT = f"wanted: class folders {CLASSES[0]}/ and {CLASSES[1]}/, or a CSV with path,label,patient"


@dataclass(frozen=True)
class Case:
    """One labelled scan: where it lies, its class, and whose it is."""

    path: Path
    label: str
    patient: str


@dataclass(frozen=True)
class Found:
    """What a data folder holds, and the rule by which the patient was told."""

    cases: tuple[Case, ...]
    patient_rule: str


@dataclass(frozen=True)
class Refusal:
    """A scan that was left out, and why."""

    path: Path
    reason: str
    message: str


@dataclass(frozen=True)
class PreparedData:
    """Scans ready for training.

    Attributes:
        cases: those that were read, in order.
        images: `(n, size, size, 3)` uint8 RGB.
        origin: phantoms, patients or both.
        sha256: over the file hashes and labels, in order.
        refused: those that were left out.
    """

    cases: tuple[Case, ...]
    images: NDArray[np.uint8]
    origin: Origin
    sha256: str
    refused: tuple[Refusal, ...]

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class index of each scan, `(n,)`."""
        return np.array([CLASSES.index(case.label) for case in self.cases], np.int64)


def find_cases(data: Path, patient_from: str | None = None) -> Found:
    """List the labelled scans of a folder or a CSV file.

    In class folders the patient is the file's stem, or what `patient_from` (a regular expression;
    its first group, or the whole match) finds in the stem.

    Raises:
        UsageError: no such folder, a class missing, too few patients, a patient under two labels.
    """
    if not data.exists():
        raise UsageError(f"no data at {data}; {FOLDER_LAYOUT} (to try EdgeCAD without patients: edgecad phantom data)")
    if data.is_dir():
        found = _cases_of_folders(data, patient_from)
    elif patient_from:
        raise UsageError("--patient-from is for class folders; a CSV names the patient in its own column")
    else:
        found = Found(_cases_of_csv(data), "the CSV's patient column")
    _check_patients(found.cases)
    return found


def _cases_of_folders(data: Path, patient_from: str | None) -> Found:
    missing = [name for name in CLASSES if not (data / name).is_dir()]
    if missing:
        raise UsageError(f"{data} has no folder {' and no folder '.join(missing)}; {FOLDER_LAYOUT}")
    if (data / PHANTOM_MARK).is_file() and not (data / PHANTOM_TABLE).is_file():
        raise UsageError(f"{data} is a phantom folder that was not finished; run: edgecad phantom {data} --force")
    pattern = _compiled(patient_from)
    cases = []
    for label in CLASSES:
        for path in sorted((data / label).rglob("*")):
            if is_scan_file(path):
                cases.append(Case(path, label, _patient_of(path, pattern)))
    rule = f"what '{patient_from}' finds in the file's stem" if patient_from else "the file's stem"
    return Found(tuple(cases), rule)


def _compiled(patient_from: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(patient_from) if patient_from else None
    except re.error as error:
        raise UsageError(f"--patient-from {patient_from!r} is not a regular expression: {error}") from error


def _patient_of(path: Path, pattern: re.Pattern[str] | None) -> str:
    if pattern is None:
        return path.stem
    match = pattern.search(path.stem)
    if match is None or not match.group(1 if pattern.groups else 0):
        raise UsageError(f"--patient-from {pattern.pattern!r} finds no patient in {path.name}")
    return match.group(1) if pattern.groups else match.group(0)


def _cases_of_csv(table: Path) -> tuple[Case, ...]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            missing = {"path", "label", "patient"} - set(rows.fieldnames or ())
            if missing:
                seen = ", ".join(rows.fieldnames or ["nothing"])
                raise UsageError(f"{table} has no column {', '.join(sorted(missing))} (seen: {seen}); {FOLDER_LAYOUT}")
            return tuple(_case_of_row(table, number, row) for number, row in enumerate(rows, start=2))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{table} is not a CSV file in UTF-8 ({error}); {FOLDER_LAYOUT}") from error


def _case_of_row(table: Path, number: int, row: dict[str, str | None]) -> Case:
    path, label, patient = ((row[column] or "").strip() for column in ("path", "label", "patient"))
    if label not in CLASSES:
        raise UsageError(f"{table}, line {number}: label {label!r}; wanted: {' or '.join(CLASSES)}")
    if not patient or not path:
        raise UsageError(f"{table}, line {number}: no {'path' if patient else 'patient'}; every line needs one")
    return Case(table.parent / path, label, patient)


def _check_patients(cases: Sequence[Case]) -> None:
    labels: dict[str, str] = {}
    for case in cases:
        if labels.setdefault(case.patient, case.label) != case.label:
            raise UsageError(
                f"patient {case.patient!r} is under two labels, {CLASSES[0]} and {CLASSES[1]}; "
                "a patient has one: correct the labels, or tell the patients apart with --patient-from"
            )
    for name in CLASSES:
        count = sum(label == name for label in labels.values())
        if count < MIN_PATIENTS:
            raise UsageError(
                f"class {name} has {count} patients; at least {MIN_PATIENTS} are wanted, so that training, "
                "validation and test each have some"
            )


def prepare_cases(
    cases: Sequence[Case], preparation: Preparation, progress: Callable[[int, int], None] | None = None
) -> PreparedData:
    """Read and prepare every scan with the runtime's own function.

    Raises:
        UsageError: more than 5 % are refused, too few patients of a class are left, or one file is under
            two patients or labels.
    """
    kept: list[Case] = []
    images: list[NDArray[np.uint8]] = []
    refused: list[Refusal] = []
    phantoms = 0
    digest = hashlib.sha256()
    duplicates = _Duplicates()
    for done, case in enumerate(cases, start=1):
        try:
            screen = read_screen(case.path)
            if duplicates.seen(screen.sha256, case):
                raise InputRefused("duplicate", "the same scan stands in the data twice; once is wanted")
            images.append(prepare(screen.pixels, preparation).image)
        except InputRefused as refusal:
            refused.append(Refusal(case.path, refusal.reason, str(refusal)))
        else:
            kept.append(case)
            phantoms += _says_phantom(case.path)
            digest.update(f"{screen.sha256} {case.label} {case.patient}\n".encode())
        if progress:
            progress(done, len(cases))
    _check_refusals(refused, len(cases))
    _check_patients(kept)
    origin: Origin = "patients" if phantoms == 0 else "phantom" if phantoms == len(kept) else "mixed"
    return PreparedData(tuple(kept), np.stack(images), origin, digest.hexdigest(), tuple(refused))


def _says_phantom(path: Path) -> bool:
    """Phantoms carry the word in their metadata; re-encoded ones still lie under their PHANTOMS.json."""
    if any((folder / PHANTOM_MARK).is_file() for folder in path.resolve().parents[:3]):
        return True
    with path.open("rb") as file:
        return b"PHANTOM" in file.read(65536)


class _Duplicates:
    """Finds the same file under two patients or two labels: it would be learnt from and judged by."""

    def __init__(self) -> None:
        self._first: dict[str, Case] = {}

    def seen(self, sha256: str, case: Case) -> bool:
        """Whether this scan was there before; raises `UsageError` if it was as somebody else's."""
        first = self._first.setdefault(sha256, case)
        if (first.patient, first.label) != (case.patient, case.label):
            raise UsageError(
                f"{first.path} ({first.label}) and {case.path} ({case.label}) are the same file under two "
                "patients or labels; remove one, or tell patients by --patient-from or a CSV"
            )
        return first is not case


def _check_refusals(refused: Sequence[Refusal], total: int) -> None:
    if len(refused) > MAX_REFUSED_SHARE * total:
        listed = "; ".join(f"{entry.path.name}: {entry.message}" for entry in refused[:3])
        raise UsageError(
            f"{len(refused)} of {total} scans were refused, more than {MAX_REFUSED_SHARE:.0%}; "
            f"correct or remove them: {listed}{'; ...' if len(refused) > 3 else ''}"
        )


def colours_of(images: NDArray[np.uint8], min_share: float = 1e-4) -> Colours:
    """Colours that cover at least `min_share` of the discs of `images` `(n, size, size, 3)`."""
    inside = disc_mask(images.shape[1], shrink=2.0)
    counts = np.zeros(4096, np.int64)
    for image in images:
        counts += np.bincount(colour_cell(image[inside]), minlength=4096)
    seen = counts >= min_share * counts.sum()
    return Colours(bins=np.packbits(seen).tobytes().hex())
