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
    with pytest.raises(UsageError, match="a cell there is none"):
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
    "numbers of files, two alike": ([str(10**6 + 17 * max(number, 1)) for number in range(100)], "nearly every"),
    "numbers of a list": ([str(7 * number % 100 + 30) for number in range(100)], "nearly every patient"),
    "dates as numbers": ([f"20{n % 9 + 10}{n % 12 + 1:02d}{n % 28 + 1:02d}" for n in range(100)], "are dates"),
    "nearly constant numbers": ([str(1.5 + (number < 9)) for number in range(100)], "fewer than 10 patients"),
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
    "a code for what is missing": (["-9" if n % 9 == 0 else AGES[n] for n in range(100)], "clinical-far"),
    "a slip of the pen": ([*AGES[:99], "640"], "clinical-far"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "code"), SAID.values(), ids=SAID)
def test_a_column_that_may_tell_too_much_is_said(words: list[str], code: str) -> None:
    assert code in checked(cells(words))


VESSELS = DRAW.random((100, 3)) < 0.45
VESSELS[CAD & ~VESSELS.any(axis=1), 0] = True
HIT = VESSELS & CAD[:, None]
"""Which of three arteries are ill: in somebody with CAD at least one, in somebody without it none."""
BASE = DRAW.normal(0, 10, 100)


@pytest.mark.parametrize(
    "parts",
    [
        [["yes" if hit else "no" for hit in artery] for artery in HIT.T],
        [[f"{value:.6f}" for value in part] for part in (BASE, BASE + 8 * CAD + DRAW.normal(0, 1, 100))],
    ],
    ids=["a finding in each artery", "a difference of two numbers"],
)
def test_columns_that_are_the_label_together_are_refused(parts: list[list[str]]) -> None:
    columns = [cells(words, f"part{number}") for number, words in enumerate(parts)]
    with pytest.raises(UsageError, match="together these columns tell the classes apart"):
        checked(*columns)
    for column in columns:  # each by itself is not the label
        assert set(checked(column)) <= {"clinical-of-one-class"}


def test_columns_that_are_nearly_the_label_together_are_said() -> None:
    hit = HIT.copy()
    hit[60:64, 0] = True  # four of forty without CAD
    words = [["yes" if one else "no" for one in artery] for artery in hit.T]
    assert "clinical-near-label" in checked(*(cells(own, f"artery{n}") for n, own in enumerate(words)))
    assert all("clinical-near-label" not in checked(cells(own)) for own in words)


def test_many_columns_that_tell_nothing_are_not_the_label_together() -> None:
    told = checked(*(cells([str(v) for v in DRAW.normal(0, 1, 100).round(3)], f"n{n}") for n in range(20)))
    assert told == ["clinical-few-patients"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AGES, [f"{12 * float(age) + n % 5}" for n, age in enumerate(AGES)]),
        (SEXES, ["yes" if word == "F" else "no" for word in SEXES]),
        (["abc"[n % 3] for n in range(100)], [str(1 + n % 3) for n in range(100)]),
    ],
    ids=["years and months", "a word and an answer", "words and their order"],
)
def test_columns_of_which_one_follows_from_the_other_are_said(one: list[str], other: list[str]) -> None:
    assert checked(cells(one, "one"), cells(other, "other")) == ["clinical-alike"]


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


def read(tmp_path: Path, words: Sequence[str], kind: str = "") -> tuple[ClinicalCells, list[str]]:
    """The column `column` of a table, and codes of what is said of it."""
    lines = (f'{n}.png,CAD,p{n},"{word}"' for n, word in enumerate(words))
    (tmp_path / "t.csv").write_text("\n".join(["path,label,patient,column", *lines]) + "\n", "utf-8")
    asked = parse_clinical([f"column{kind}"])
    found, findings = columns_of(read_table(tmp_path / "t.csv", ["column"]), AskedColumns(clinical=asked))
    return found.clinical[0], [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["63,5", "71.5", "60"], "a comma and others a point"),
        (["87", "450", "1,234", "999", "2,100"], "2 numbers there have a comma before three digits"),
    ],
)
def test_numbers_whose_decimals_cannot_be_told_are_refused(tmp_path: Path, words: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read(tmp_path, words)
    assert read(tmp_path, words, ":category")[0].cells


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["63,5", "71"], ["63.5", "71"]),
        (["1,125", "2", "2,250"], ["1.125", "2", "2.25"]),
        (["0,125", "0,250"], ["0.125", "0.25"]),
        (["5e-05", "0.00012", "1.5E-3"], ["5e-05", "0.00012", "0.0015"]),
    ],
)
def test_numbers_are_read_as_programs_write_them(tmp_path: Path, words: list[str], wanted: list[str]) -> None:
    column, said = read(tmp_path, words)
    assert list(column.cells.values()) == wanted
    assert said == []


def test_a_word_that_may_be_an_answer_and_is_read_as_nothing_is_said(tmp_path: Path) -> None:
    column, said = read(tmp_path, ["none", "former", "None", "NA", ""])
    assert list(column.cells.values()) == ["former"]
    assert said == ["clinical-nothing"]
