"""Columns that would be known only with the diagnosis: the label in another form, or there for one class alone.

What else is to be known of columns before they are fitted is said here too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from edgecad.clinical.values import Value
from edgecad.errors import UsageError
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.data.labelled import Case, DataFinding
from edgecad_train.data.table.columns import ClinicalCells, PatientColumns
from edgecad_train.evaluation.clinical.columns import (
    LEAST_PATIENTS,
    ClinicalTraining,
    check_count,
    check_groups,
    training_column,
)
from edgecad_train.evaluation.clinical.together import alike, area_of_columns
from edgecad_train.evaluation.statistics.auc import placements
from edgecad_train.evaluation.statistics.intervals import Bools

DISGUISED, SUSPECT = 0.98, 0.9
"""Area under the ROC curve of a column alone from which it is refused as the label in disguise, or said to be near."""
FEW_VALUES = 10
"""Numbers of so few different values are looked at as codes as well, which need not rise with the class."""
BY_CHANCE, APART = 1e-3, 0.1
"""p of Fisher's exact test and difference of shares from which columns are filled unlike in the classes."""
OFTEN = 0.2
"""Share of a class that has one value which the other class never has, from which that is said."""
MISSING = 0.2
"""Share of patients without a value from which that is said."""
FAR = 3.0
"""Distances between the quartiles beyond them, from which a number is far (Tukey 1977, "far out")."""
PATIENTS_A_TERM = 10
"""Patients of the smaller class for each coefficient, below which it is said that there are few."""


def clinical_columns(
    columns: PatientColumns, cases: Sequence[Case]
) -> tuple[tuple[ClinicalTraining, ...], tuple[DataFinding, ...]]:
    """The columns that enter the score, checked against the classes, and what is to be known of them.

    Raises:
        UsageError: a column cannot be used; the message says why.
    """
    if not columns.clinical:
        return (), ()
    check_count(columns.clinical)
    truth = {case.patient: case.label == POSITIVE for case in cases}
    findings: list[DataFinding] = []
    found = []
    for cells in columns.clinical:
        findings += _about_filling(cells, truth)
        column = training_column(cells)
        findings += (*_about_labels(column, truth), *_about_far(column))
        found.append(column)
    complete = frozenset(patient for patient in truth if all(patient in column.values for column in found))
    findings += _about_numbers(found, truth, complete)
    whole = [replace(column, values={p: v for p, v in column.values.items() if p in complete}) for column in found]
    for column in whole:
        _check_complete(column)
    findings += _about_all(whole, truth, [patient for patient in truth if patient in complete])
    return tuple(found), tuple(findings)


def _check_complete(column: ClinicalTraining) -> None:
    """What is true of all patients need not be of those who have a value in every column, to whom the model is fitted.

    Raises:
        UsageError: they all have the same, or a word is rare among them.
    """
    if len(set(column.values.values())) < 2:
        raise UsageError(
            f"--clinical {column.name}: all patients who have a value in every clinical column have the same there; "
            "leave it out, or fill the other columns"
        )
    check_groups(column)


def _about_filling(cells: ClinicalCells, truth: Mapping[str, bool]) -> Iterator[DataFinding]:
    name = cells.asked.name
    filled = {own: sum(patient in cells.cells for patient, is_cad in truth.items() if is_cad == own) for own in _BOTH}
    of = {own: sum(is_cad == own for is_cad in truth.values()) for own in _BOTH}
    if sum(filled.values()) and not all(filled.values()):
        there = CLASSES[0] if filled[True] else CLASSES[1]
        raise UsageError(
            f"--clinical {name}: only {there} patients have a value there, so that it is filled tells the label; fill "
            "it for both classes, or leave it out"
        )
    shares = {own: filled[own] / of[own] for own in _BOTH}
    if filled_unlike((filled[True], of[True]), (filled[False], of[False])):
        text = (
            f"clinical column {name} is filled for {shares[True]:.0%} of {CLASSES[0]} and {shares[False]:.0%} of "
            f"{CLASSES[1]}: whoever is asked may depend on the diagnosis, and then the column's figures are too good"
        )
        yield DataFinding(code="clinical-filled-unlike", text=text)
    lacking = 1 - sum(filled.values()) / len(truth)
    if lacking > MISSING:
        text = f"clinical column {name} lacks {lacking:.0%} of the patients; these are left out of the fused score"
        yield DataFinding(code="clinical-missing", text=text)


_BOTH = (True, False)


def filled_unlike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether values are there for one class more often than for the other; each is those who have some, and all."""
    if not one[1] or not other[1]:
        return False
    table = [[filled, of - filled] for filled, of in (one, other)]
    return abs(one[0] / one[1] - other[0] / other[1]) >= APART and stats.fisher_exact(table).pvalue < BY_CHANCE


def _about_labels(column: ClinicalTraining, truth: Mapping[str, bool]) -> Iterator[DataFinding]:
    labels = np.array([truth[patient] for patient in column.values])
    values = list(column.values.values())
    area = max(_areas(column, values, labels))
    if area >= DISGUISED:
        raise UsageError(
            f"--clinical {column.name}: that column alone tells the classes apart with an area of {area:.3f} under the "
            "ROC curve, so it is the label in another form; leave out what is known only with the diagnosis"
        )
    if area >= SUSPECT:
        text = (
            f"clinical column {column.name} alone tells the classes apart with an area of {area:.2f} under the ROC "
            "curve: see that it is known before the scan, and not made from the diagnosis"
        )
        yield DataFinding(code="clinical-near-label", text=text)
    for own, name in zip(_BOTH, CLASSES, strict=True):
        counts = Counter(value for value, label in zip(values, labels, strict=True) if label == own)
        others = {value for value, label in zip(values, labels, strict=True) if label != own}
        alone = [count for value, count in counts.items() if value not in others]
        if alone and max(alone) >= max(LEAST_PATIENTS, OFTEN * int((labels == own).sum())):
            text = (
                f"clinical column {column.name} has a value that {max(alone)} {name} patients and no others have: see "
                "that it does not stand for the diagnosis"
            )
            yield DataFinding(code="clinical-of-one-class", text=text)


def _areas(column: ClinicalTraining, values: Sequence[Value], labels: Bools) -> Iterator[float]:
    """Areas under the ROC curve by numbers, in the better direction, and by the share of CAD among equal values."""
    yield 0.5
    if column.kind == "number":
        area = placements(labels, np.array([float(value) for value in values])).mean
        yield max(area, 1 - area)
    different = set(values)
    if column.kind != "number" or len(different) <= FEW_VALUES:
        codes = np.array([str(value) for value in values])
        share = {one: float(labels[codes == str(one)].mean()) for one in different}
        yield placements(labels, np.array([share[value] for value in values])).mean


def _about_numbers(
    columns: Sequence[ClinicalTraining], truth: Mapping[str, bool], complete: Collection[str]
) -> Iterator[DataFinding]:
    smaller = min(sum(truth[patient] == own for patient in complete) for own in _BOTH)
    if smaller < LEAST_PATIENTS:
        raise UsageError(
            f"{smaller} patients of a class have a value in every clinical column, and {LEAST_PATIENTS} of each are "
            "wanted; fill the columns, or name fewer"
        )
    terms = 1 + sum(1 if column.kind != "category" else len(set(column.values.values())) - 1 for column in columns)
    if smaller < PATIENTS_A_TERM * terms:
        text = (
            f"the fused score has {terms} coefficients and {smaller} patients in the smaller class; below "
            f"{PATIENTS_A_TERM} for each its intervals are wide, and its gain is mostly chance"
        )
        yield DataFinding(code="clinical-few-patients", text=text)


def _about_far(column: ClinicalTraining) -> Iterator[DataFinding]:
    """Numbers that lie where no others do: codes for what is missing, another unit, or a slip of the pen."""
    if column.kind != "number":
        return
    numbers = np.array([float(value) for value in column.values.values()])
    lower, upper = np.quantile(numbers, (0.25, 0.75))
    far = int((np.abs(numbers - np.clip(numbers, lower, upper)) > FAR * (upper - lower)).sum()) if upper > lower else 0
    if far:
        text = (
            f"clinical column {column.name}: {far} patients have a number far from all others: see that it stands for "
            "no missing value and is in the same unit. Numbers count as they are, and the range in which scans are "
            "answered reaches so far"
        )
        yield DataFinding(code="clinical-far", text=text)


def _about_all(
    columns: Sequence[ClinicalTraining], truth: Mapping[str, bool], patients: Sequence[str]
) -> Iterator[DataFinding]:
    """What complete columns tell together: parts of the label, such as a finding in each artery, or one thing twice."""
    if len(columns) < 2:
        return
    area = area_of_columns(np.array([truth[patient] for patient in patients]), patients, columns)
    names = ", ".join(column.name for column in columns)
    if area >= DISGUISED:
        raise UsageError(
            f"--clinical {names}: together these columns tell the classes apart with an area of {area:.3f} under the "
            "ROC curve, without the image, so they are the label in parts; leave out what is known only with the "
            "diagnosis"
        )
    if area >= SUSPECT:
        text = (
            f"clinical columns {names} tell the classes apart with an area of {area:.2f} under the ROC curve, without "
            "the image: see that they are known before the scan, and not made from the diagnosis"
        )
        yield DataFinding(code="clinical-near-label", text=text)
    for one, other in alike(patients, columns):
        text = (
            f"clinical columns {one.name} and {other.name} tell nearly the same, so their terms share one effect by "
            "chance and mean little one by one; leave one out"
        )
        yield DataFinding(code="clinical-alike", text=text)
