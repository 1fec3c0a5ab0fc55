"""Labelled scans as people have them: class folders, or a CSV with any further columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from edgecad.errors import UsageError
from edgecad.images import PassedOver, content_of, is_dicom_file, passed, passed_over, why_passed_over
from edgecad.system.extras import check_installed
from edgecad_train.classes import CLASSES
from edgecad_train.data.labelled import (
    CSV_RULE,
    MIN_PATIENTS,
    PATIENT_FROM_RULE,
    STEM_RULE,
    Case,
    Found,
    check_patients,
)
from edgecad_train.data.truth import DefectTruth
from edgecad_train.data.truth.columns import truth_of_row
from edgecad_train.data.truth.masks import with_masks
from edgecad_train.phantoms.mark import LABELS_NAME, MARK_NAME, MASKS_NAME

COLUMNS = ("path", "label", "patient")

OTHER_KINDS = {"text in UTF-16": (b"\xff\xfe", b"\xfe\xff"), "an Excel workbook": (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")}
"""What people name in place of a CSV, and the bytes that it begins with."""
SAVE_AGAIN = "save it as CSV in UTF-8, with commas between the columns"

_FOLDERS = f"the class folders {CLASSES[0]}/ and {CLASSES[1]}/"
FOLDER_LAYOUT = f"wanted: class folders {CLASSES[0]}/ and {CLASSES[1]}/, or a CSV with {','.join(COLUMNS)}"


def find_cases(
    data: Path, patient_from: str | None = None, least: int = MIN_PATIENTS, masks: Path | None = None
) -> Found:
    """List the labelled scans of a folder or a CSV file.

    In class folders the patient is the file's stem, or what `patient_from` (a regular expression; its first group, or
    the whole match) finds in the file's path in its class folder, without the ending: `p12_a`, or `p12/a`. Whether a
    CSV's files exist is seen when they are read. Where defects are is told by `masks`, by a CSV's columns, or by what
    `edgecad phantom` wrote.

    Args:
        least: patients that each class must have.
        masks: folder with a mask of the name of each scan whose defect is known, see `truth.masks`.

    Raises:
        UsageError: no such folder, a class missing, too few patients, a patient under two labels, scans in folders
            inside a class folder without a word on whose they are, or a defect that cannot be meant.
        NotAvailable: a scan is DICOM and pydicom is not installed.
    """
    if not data.exists():
        raise UsageError(f"no data at {data}; {FOLDER_LAYOUT} (to try EdgeCAD without patients: edgecad phantom data)")
    if data.is_dir():
        found = _cases_of_folders(data, patient_from)
    elif patient_from:
        raise UsageError("--patient-from is for class folders; a CSV names the patient in its own column")
    else:
        found = Found(_cases_of_csv(data), CSV_RULE)
    check_patients(found.cases, least)
    _check_readers(found.cases)
    return found if masks is None else _with_masks(found, data, masks)


def _with_masks(found: Found, data: Path, masks: Path) -> Found:
    """Scans with the masks of a folder."""
    roots = [data / case.label if data.is_dir() else data.parent for case in found.cases]
    keys = [_key(case.path, root) for case, root in zip(found.cases, roots, strict=True)]
    cases, unused = with_masks(found.cases, masks, keys)
    return replace(found, cases=cases, passed=(*found.passed, *unused))


def _key(path: Path, root: Path) -> str:
    """A scan's path below a folder, without its ending; its stem where it lies elsewhere."""
    return path.relative_to(root).with_suffix("").as_posix() if path.is_relative_to(root) else path.stem


def _check_readers(cases: Sequence[Case]) -> None:
    """DICOM needs an extra: to find that out at the first such scan may take minutes."""
    if find_spec("pydicom") is None and any(is_dicom_file(case.path) for case in cases):
        check_installed("pydicom", extras=("dicom",))


def _cases_of_folders(data: Path, patient_from: str | None) -> Found:
    missing = [name for name in CLASSES if not (data / name).is_dir()]
    if missing:
        raise UsageError(f"{data} has no folder {' and no folder '.join(missing)}; {FOLDER_LAYOUT}")
    # The table is what `edgecad phantom` writes last.
    if (data / MARK_NAME).is_file() and not (data / LABELS_NAME).is_file():
        raise UsageError(f"{data} is a phantom folder that was not finished; run: edgecad phantom {data} --force")
    pattern = _compiled(patient_from)
    cases, passed = [], list(_beside_classes(data))
    for label in CLASSES:
        content = content_of(data / label)
        cases += [Case(path, label, _patient_of(path.relative_to(data / label), pattern)) for path in content.scans]
        passed += content.passed
    rule = PATIENT_FROM_RULE.format(patient_from) if patient_from else STEM_RULE
    known = _truths_of_phantoms(data)
    return Found(tuple(replace(case, defect=known.get(case.path)) for case in cases), rule, tuple(passed))


def _truths_of_phantoms(data: Path) -> dict[Path, DefectTruth | None]:
    """Where the defects of phantoms are, by path; nothing in a folder that `edgecad phantom` did not write."""
    if not (data / MARK_NAME).is_file():
        return {}
    table = data / LABELS_NAME
    rows = csv.DictReader(io.StringIO(_text_of(table), newline=""))
    return {data / (row.get("path") or ""): truth_of_row(row, data, f"{table}, line {rows.line_num}") for row in rows}


def _beside_classes(data: Path) -> Iterator[PassedOver]:
    """What lies beside the class folders and has no class: folders such as `unclear/`, and scans."""
    phantoms = (data / MARK_NAME).is_file()
    for path in sorted(data.iterdir()):
        if path.name in (*CLASSES, LABELS_NAME, MARK_NAME) or (path.name == MASKS_NAME and phantoms):
            continue
        if path.is_dir() and not passed_over(path.name):
            yield _folder_beside(path)
        else:
            yield why_passed_over(path) or passed(path, "beside", f"it lies beside {_FOLDERS}; move it into one")


def _folder_beside(folder: Path) -> PassedOver:
    scans = len(content_of(folder).scans)
    if not scans:
        return passed(folder, "note", "a folder without scans")
    why = f"a folder beside {_FOLDERS}, with {scans} scan{'s' * (scans != 1)}; they have no class and are not used"
    return passed(folder, "beside", why)


def _compiled(patient_from: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(patient_from) if patient_from else None
    except re.error as error:
        raise UsageError(
            f"--patient-from '{patient_from}' is not a regular expression: {error}; mend it, or leave it out"
        ) from error


def _patient_of(path: Path, pattern: re.Pattern[str] | None) -> str:
    """Of a scan, from its path in its class folder."""
    name = path.with_suffix("").as_posix()
    if pattern is None:
        if len(path.parts) > 1:
            raise UsageError(
                f"{path} lies in a folder inside its class folder, and whether that is a patient's is not said; say "
                f"where the patient is in {name!r}: --patient-from '^[^/]+' takes the folder, '[^/]+$' the file"
            )
        return name
    match = pattern.search(name)
    if match is None or not match.group(1 if pattern.groups else 0):
        raise UsageError(
            f"--patient-from '{pattern.pattern}' finds no patient in {path}; give one that does, or leave it out"
        )
    return match.group(1) if pattern.groups else match.group(0)


def _cases_of_csv(table: Path) -> tuple[Case, ...]:
    text = _text_of(table)
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)  # an unclosed quote would swallow lines
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            seen = ", ".join(rows.fieldnames or ["nothing"])
            step = "save it with commas between the columns" if ";" in seen else FOLDER_LAYOUT
            raise UsageError(f"{table} has no column {', '.join(missing)} (seen: {seen}); {step}")
        return tuple(_case_of_row(table, rows.line_num, row) for row in rows)
    except csv.Error as error:
        raise UsageError(
            f"{table} cannot be read from line {rows.line_num} on ({error}); look for a quotation mark that is not "
            "closed, and save it as CSV"
        ) from error


def _text_of(table: Path) -> str:
    """A CSV's text, or `UsageError` with what a spreadsheet must be told."""
    content = table.read_bytes()
    if not content.strip():
        raise UsageError(f"{table} is empty; {FOLDER_LAYOUT}")
    for kind, marks in OTHER_KINDS.items():
        if content.startswith(marks):
            raise UsageError(f"{table} is {kind}; {SAVE_AGAIN}")
    if b"\0" in content:
        raise UsageError(f"{table} holds zero bytes, as UTF-16 and binary files do; {SAVE_AGAIN}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{table} is not a CSV file in UTF-8: line {line} holds other bytes; {SAVE_AGAIN}") from error


def _case_of_row(table: Path, number: int, row: dict[str, str | None]) -> Case:
    path, label, patient = ((row[column] or "").strip() for column in COLUMNS)
    where = f"{table.name}, line {number}"
    if label not in CLASSES:
        raise UsageError(f"{table}, line {number}: label {label!r}; wanted: {' or '.join(CLASSES)}")
    if not patient or not path:
        raise UsageError(f"{table}, line {number}: no {'path' if patient else 'patient'}; every line needs one")
    defect = truth_of_row(row, table.parent, f"{table}, line {number}")
    return Case(table.parent / path, label, patient, where, defect)
