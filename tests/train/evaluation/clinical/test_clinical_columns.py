"""Which clinical columns may enter a score: what cannot be meant or tells too much is refused or said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edgecad.errors import UsageError
from edgecad_train.data.labelled import Case
from edgecad_train.data.table.clinical import AskedClinical, Kind, parse_clinical
from edgecad_train.data.table.columns import AskedColumns, ClinicalCells, PatientColumns, columns_of
from edgecad_train.data.table.reading import read_table
from edgecad_train.evaluation.clinical.columns import training_column
from edgecad_train.evaluation.clinical.disguise import clinical_columns

CASES = tuple(
    Case(Path(f"{number}.png"), "CAD" if number < 60 else "nonCAD", f"p{number:03d}") for number in range(100)
)
NAMES = [case.patient for case in CASES]
CAD = np.array([case.label == "CAD" for case in CASES])
DRAW = np.random.default_rng(0)
AGES = [f"{age:.10g}" for age in np.round(DRAW.normal(62, 8, 100))]
SEXES = [str(word) for word in DRAW.choice(["F", "M"], 100)]


def cells(words: Sequence[str], name: str = "column", kind: Kind | None = None) -> ClinicalCells:
    found = {patient: word for patient, word in zip(NAMES, words, strict=True) if word}
    return ClinicalCells(AskedClinical(name, kind), found)


def checked(*columns: ClinicalCells) -> list[str]:
    """Codes of the findings."""
    _, findings = clinical_columns(PatientColumns(clinical=columns), CASES)
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (AGES, "number"),
        (SEXES, "category"),
        (["yes", "No"] * 50, "yes-no"),
        (["1", "0"] * 50, "yes-no"),
        (["1", "2", "3", "4"] * 25, "number"),
    ],
)
def test_cells_tell_their_kind(words: list[str], kind: Kind) -> None:
    assert training_column(cells(words)).kind == kind


def test_a_kind_that_is_said_counts_and_its_cells_must_be_of_it() -> None:
    column = training_column(cells(["1", "2", "3", "4"] * 25, kind="category"))
    assert (column.kind, column.values["p000"]) == ("category", "1")
    with pytest.raises(UsageError, match=r"'F' is none|'M' is none"):
        training_column(cells(SEXES, kind="number"))
    with pytest.raises(UsageError, match="is none"):
        training_column(cells(AGES, kind="yes-no"))


def test_columns_that_go_together_with_nothing_are_taken_without_a_word() -> None:
    assert checked(cells(AGES, "age"), cells(SEXES, "sex")) == []


REFUSED = {
    "empty": ([""] * 100, "is empty"),
    "constant": (["x"] * 100, "all patients have the same"),
    "numbers and words": ([*AGES[:50], *SEXES[50:]], "50 patients have a number there and 50 other words"),
    "a rare category": (["a"] * 45 + ["b"] * 50 + ["c"] * 5, r"fewer than 10 patients \(c\)"),
    "a rare yes": (["no"] * 92 + ["yes"] * 8, "one of the two answers"),
    "names": ([f"Quux {number}" for number in range(100)], "nearly every patient"),
    "dates": ([f"19{number:02d}-03-04" for number in range(100)], "nearly every patient"),
    "numbers of files": ([str(10**6 + 17 * number) for number in range(100)], "nearly every patient"),
    "many categories": ([f"w{number % 25}" for number in range(100)], "25 categories, and a model takes 20"),
    "a comma": (["a,b", "c"] * 50, "comma, an equals sign"),
    "an unseen sign": (["a\u200bb", "c"] * 50, "cannot be printed"),
    "a long word": (["a" * 65, "c"] * 50, "longer than 64 letters"),
    "the label": (["ill" if own else "well" for own in CAD], "area of 1.000"),
    "the label as a number": ([f"{3 + 2 * own}" for own in CAD], "area of 1.000"),
    "the label with one error": (["ill" if own else "well" for own in CAD ^ (np.arange(100) == 3)], "another form"),
    "the label turned around": ([f"{100 - 50 * own + n % 7}" for n, own in enumerate(CAD)], "area of 1.000"),
    "the label in codes": ([str([1, 3][n % 2] if own else 2) for n, own in enumerate(CAD)], "area of 1.000"),
    "filled for CAD alone": ([age if own else "" for age, own in zip(AGES, CAD, strict=True)], "only CAD patients"),
    "filled for others": (["" if own else age for age, own in zip(AGES, CAD, strict=True)], "only nonCAD patients"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "why"), REFUSED.values(), ids=REFUSED)
def test_a_column_that_cannot_be_used_is_refused(words: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=why) as refused:
        checked(cells(words))
    assert "--clinical column" in str(refused.value)


def noisy(share: float) -> list[str]:
    """The label, wrong for a share of the patients."""
    wrong = np.arange(100) % round(1 / share) == 0
    return ["ill" if own else "well" for own in CAD ^ wrong]


SAID = {
    "nearly the label": (noisy(0.08), "clinical-near-label"),
    "a value of one class": (["999" if own and n % 2 else AGES[n] for n, own in enumerate(CAD)],
                             "clinical-of-one-class"),
    "filled unlike": (["" if not own and n % 2 else AGES[n] for n, own in enumerate(CAD)], "clinical-filled-unlike"),
    "missing": (["" if n % 3 == 0 else AGES[n] for n in range(100)], "clinical-missing"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "code"), SAID.values(), ids=SAID)
def test_a_column_that_may_tell_too_much_is_said(words: list[str], code: str) -> None:
    assert code in checked(cells(words))


def test_few_patients_for_many_coefficients_are_said_and_too_few_refused() -> None:
    many = [cells([str(v) for v in DRAW.normal(0, 1, 100).round(3)], f"n{number}") for number in range(5)]
    assert "clinical-few-patients" in checked(*many)
    sparse = [AGES[n] if n < 9 or n > 60 else "" for n in range(100)]
    with pytest.raises(UsageError, match="9 patients of a class"):
        checked(cells(sparse))
    with pytest.raises(UsageError, match="21 columns"):
        checked(*(cells(AGES, f"n{number}") for number in range(21)))


def test_a_category_that_incomplete_patients_leave_rare_is_refused() -> None:
    words = ["c" if n % 8 == 0 else "ab"[n % 2] for n in range(100)]
    ages = ["" if n % 16 == 0 else AGES[n] for n in range(100)]
    assert checked(cells(words, "group")) == []
    with pytest.raises(UsageError, match="--clinical group: 1 categories have fewer"):
        checked(cells(words, "group"), cells(ages, "age"))


@pytest.mark.parametrize(
    "words",
    ["", "age,", "age,Age", "label", "Patient", "mask", "segments", "deficit_percent", "reader:A", "mrn", "PatientName",
     "birthdate", "age:years", "a=b", ":number"],
)  # fmt: skip
def test_words_that_cannot_be_meant_and_columns_that_are_used_or_identify_are_refused(words: str) -> None:
    with pytest.raises(UsageError, match="--clinical"):
        parse_clinical([words])


def test_words_name_columns_and_their_kinds() -> None:
    assert parse_clinical(["age, risk:category", "sex"]) == (
        AskedClinical("age"), AskedClinical("risk", "category"), AskedClinical("sex"),
    )  # fmt: skip
    assert [str(each) for each in parse_clinical(["risk:category"])] == ["risk:category"]


def table_of(folder: Path, text: str) -> Path:
    path = folder / "labels.csv"
    path.write_text(text)
    return path


def test_columns_are_read_by_patient_and_lines_of_one_must_agree(tmp_path: Path) -> None:
    head = "path,label,patient,Age\n"
    asked = AskedColumns(clinical=parse_clinical(["age"]))
    path = table_of(tmp_path, f'{head}a.png,CAD,p1,71\nb.png,CAD,p1,\nc.png,nonCAD,p2,n/a\nd.png,CAD,p3,"70,5"\n')
    columns, _ = columns_of(read_table(path, ["age"]), asked)
    assert columns.clinical[0].cells == {"p1": "71", "p3": "70.5"}
    path = table_of(tmp_path, f"{head}a.png,CAD,p1,71\nb.png,CAD,p1,72\n")
    with pytest.raises(UsageError, match="differ in age"):
        columns_of(read_table(path, ["age"]), asked)
    with pytest.raises(UsageError, match=r"--clinical sex: .* has no such column"):
        columns_of(read_table(path, ["sex"]), AskedColumns(clinical=parse_clinical(["sex"])))


@pytest.mark.parametrize("words", [["7"] * 50 + ["8"] * 50, ["a"] * 50 + ["b"] * 50], ids=["number", "category"])
def test_a_column_that_is_constant_where_all_are_filled_is_refused_before_training(words: list[str]) -> None:
    labels = tuple(
        Case(case.path, "CAD" if number % 2 else "nonCAD", case.patient) for number, case in enumerate(CASES)
    )
    columns = PatientColumns(clinical=(cells([*AGES[:50], *[""] * 50], "age"), cells(words, "other")))
    with pytest.raises(UsageError, match="other: all patients who have a value in every clinical column"):
        clinical_columns(columns, labels)
