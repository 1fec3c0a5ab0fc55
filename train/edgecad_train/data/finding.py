"""Labelled scans as people have them: class folders, or a CSV with any further columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from edgecad.errors import UsageError
from edgecad.images import is_dicom_file
from edgecad.system.extras import check_installed
from edgecad_train.data.folders import cases_of_folders
from edgecad_train.data.found import Found
from edgecad_train.data.identity import findings_about_patients
from edgecad_train.data.labelled import CSV_RULE, MIN_PATIENTS, Case, check_patients
from edgecad_train.data.table.cases import cases_of
from edgecad_train.data.table.columns import AskedColumns, columns_of, names_of
from edgecad_train.data.table.reading import read_table
from edgecad_train.data.table.text import FOLDER_LAYOUT
from edgecad_train.data.truth.masks import with_masks

NOTHING_ASKED = AskedColumns()


def find_cases(
    data: Path,
    patient_from: str | None = None,
    least: int = MIN_PATIENTS,
    masks: Path | None = None,
    asked: AskedColumns = NOTHING_ASKED,
) -> Found:
    """List the labelled scans of a folder or a CSV file.

    In class folders the patient is the file's stem, or what `patient_from` (a regular expression; its first group, or
    the whole match) finds in the file's path in its class folder, without the ending: `p12_a`, or `p12/a`. Whether a
    CSV's files exist is seen when they are read. Where defects are is told by `masks`, by a CSV's columns, or by what
    `edgecad phantom` wrote.

    Args:
        least: patients that each class must have.
        masks: folder with a mask of the name of each scan whose defect is known, see `truth.masks`.
        asked: columns of a CSV that are wanted beside; no other is looked at.

    Raises:
        UsageError: no such folder, a class missing, too few patients, a patient under two labels, scans in folders
            inside a class folder without a word on whose they are, a table that cannot be meant, a column that is not
            there, or a defect that cannot be meant.
        NotAvailable: a scan is DICOM and pydicom is not installed.
    """
    if not data.exists():
        raise UsageError(f"no data at {data}; {FOLDER_LAYOUT} (to try EdgeCAD without patients: edgecad phantom data)")
    found = _found_in_folders(data, patient_from, asked) if data.is_dir() else _found_in_csv(data, patient_from, asked)
    check_patients(found.cases, least)
    _check_readers(found.cases)
    found = replace(found, findings=(*found.findings, *findings_about_patients(found.cases)))
    return found if masks is None else _with_masks(found, data, masks)


def _found_in_folders(data: Path, patient_from: str | None, asked: AskedColumns) -> Found:
    if asked.named:
        option = asked.named[0][0]
        names = ",".join(name for each, name in asked.named if each == option)
        raise UsageError(
            f"{option} {names} is for the columns of a CSV, and class folders have none; name a CSV "
            "with path,label,patient and these columns"
        )
    return cases_of_folders(data, patient_from)


def _found_in_csv(table: Path, patient_from: str | None, asked: AskedColumns) -> Found:
    if patient_from:
        raise UsageError("--patient-from is for class folders; a CSV names the patient in its own column")
    read = read_table(table, names_of(asked))
    cases, findings = cases_of(read)
    columns, about_columns = columns_of(read, asked)
    return Found(cases, CSV_RULE, findings=(*read.findings, *findings, *about_columns), columns=columns)


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
