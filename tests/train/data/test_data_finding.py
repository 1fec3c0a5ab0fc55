"""Labelled scans as people have them: found and told apart by patient, or answered with what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgecad.errors import UsageError
from edgecad_train.data import Case, find_cases

Rows = list[tuple[str, str, str]]
FIVE = [f"a{number}.jpg" for number in range(5)]
OTHER_FIVE = [f"b{number}.png" for number in range(5)]
ROWS: Rows = [(name, label, name[:2]) for names, label in ((FIVE, "CAD"), (OTHER_FIVE, "nonCAD")) for name in names]


def test_class_folders_give_every_image_its_folders_label(class_folders: Callable[..., Path]) -> None:
    data = class_folders([*FIVE, "c.DCM", "notes.txt", "._a0.jpg", ".DS_Store"], OTHER_FIVE)
    cases = find_cases(data).cases
    assert {case.path.name: case.label for case in cases} == {
        **dict.fromkeys([*FIVE, "c.DCM"], "CAD"),
        **dict.fromkeys(OTHER_FIVE, "nonCAD"),
    }


def test_what_is_no_scan_and_what_has_no_class_is_said(class_folders: Callable[..., Path]) -> None:
    data = class_folders([*FIVE, "c.bmp", "c", "notes.txt", "._a0.jpg"], OTHER_FIVE)
    for name in ("unclear/d.jpg", "unclear/more/e.jpg", "reports/letter.pdf", "loose.jpg", "labels.csv"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).touch()
    found = find_cases(data)
    assert len(found.cases) == 10
    told = {Path(one.file).name: one.why for one in found.passed if one.told}
    assert told.keys() == {"c.bmp", "c", "unclear", "loose.jpg"}
    assert "a folder beside the class folders CAD/ and nonCAD/, with 2 scans" in told["unclear"]
    assert "beside the class folders" in told["loose.jpg"]
    assert {Path(one.file).name for one in found.passed if not one.told} == {"notes.txt", "._a0.jpg", "reports"}


def test_the_patient_of_a_class_folder_is_the_files_stem(class_folders: Callable[..., Path]) -> None:
    found = find_cases(class_folders(FIVE, OTHER_FIVE))
    assert {case.patient for case in found.cases} == {*(name[:2] for name in FIVE + OTHER_FIVE)}
    assert "stem" in found.patient_rule


@pytest.mark.parametrize("expression", [r"^(p\d+)_", r"^p\d+"])
def test_patient_from_joins_the_scans_of_one_patient(expression: str, class_folders: Callable[..., Path]) -> None:
    cad = [f"p{number}_{view}.jpg" for number in range(5) for view in ("stress", "rest")]
    other = [f"p{number}_stress.jpg" for number in range(5, 10)]
    found = find_cases(class_folders(cad, other), expression)
    assert {case.patient for case in found.cases} == {f"p{number}" for number in range(10)}
    assert f"'{expression}'" in found.patient_rule


def test_scans_in_further_folders_need_a_word_on_whose_they_are(class_folders: Callable[..., Path]) -> None:
    """Two scans of p1 must not be two patients, nor p1/001 and p2/001 one."""
    cad = [f"p{number}/{view}.jpg" for number in range(5) for view in ("001", "002")]
    data = class_folders(cad, [f"p{number}/001.jpg" for number in range(5, 10)])
    with pytest.raises(UsageError, match=r"p0/001.jpg lies in a folder inside .* --patient-from"):
        find_cases(data)
    found = find_cases(data, "^[^/]+")
    assert {case.patient for case in found.cases} == {f"p{number}" for number in range(10)}
    assert len(found.cases) == 15


def test_a_quotation_mark_that_is_not_closed_swallows_no_line(tmp_path: Path) -> None:
    lines = [f"{name},{label},{who},seen" for name, label, who in ROWS]
    lines[3] = lines[3].replace("seen", '"not closed')
    for text in ("\n".join(lines), "\n".join([*lines[:-1], lines[-1].replace("seen", '"closed"')])):
        (tmp_path / "labels.csv").write_text(f"path,label,patient,remark\n{text}\n")
        with pytest.raises(UsageError, match="a quotation mark that is not closed"):
            find_cases(tmp_path / "labels.csv")


@pytest.mark.parametrize(
    ("expression", "message"), [("(p", "not a regular expression"), (r"x(\d+)", "finds no patient in a0.jpg")]
)
def test_a_patient_from_that_cannot_work_is_a_usage_error(
    expression: str, message: str, class_folders: Callable[..., Path]
) -> None:
    with pytest.raises(UsageError, match=message):
        find_cases(class_folders(FIVE, OTHER_FIVE), expression)


def test_a_patient_under_two_class_folders_is_named(class_folders: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="'a3' is under two labels") as caught:
        find_cases(class_folders(FIVE, [*OTHER_FIVE, "a3.png"]))
    assert "--patient-from" in str(caught.value)


def test_one_class_only_says_which_folder_is_missing(class_folders: Callable[..., Path]) -> None:
    data = class_folders(FIVE, [])
    (data / "nonCAD").rmdir()
    with pytest.raises(UsageError, match="has no folder nonCAD; wanted: class folders CAD/ and nonCAD/"):
        find_cases(data)


def test_an_empty_class_folder_is_too_few_patients(class_folders: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="class nonCAD has 0 patients; at least 5"):
        find_cases(class_folders(FIVE, []))


def test_three_images_are_too_few(class_folders: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="class CAD has 2 patients; at least 5"):
        find_cases(class_folders(FIVE[:2], OTHER_FIVE[:1]))


def test_five_scans_of_one_patient_are_one_patient(class_folders: Callable[..., Path]) -> None:
    cad = [f"p1_{number}.jpg" for number in range(5)]
    with pytest.raises(UsageError, match="class CAD has 1 patients"):
        find_cases(class_folders(cad, [f"q{number}_0.jpg" for number in range(5)]), r"^(\w\d)_")


def test_no_folder_says_how_to_try_without_patients(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no data at .*edgecad phantom data"):
        find_cases(tmp_path / "data")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_csv_gives_paths_beside_it_labels_and_patients(encoding: str, csv_of: Callable[..., Path]) -> None:
    table = csv_of(ROWS, encoding=encoding)
    assert find_cases(table).cases == tuple(Case(table.parent / name, label, who) for name, label, who in ROWS)


def test_a_csv_may_have_more_columns_in_any_order(csv_of: Callable[..., Path]) -> None:
    table = csv_of([(who, "x", label, name) for name, label, who in ROWS], "patient,age,label,path")
    assert [case.patient for case in find_cases(table).cases] == [who for *_, who in ROWS]


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        (ROWS, "path,label,name", "no column patient"),
        ([*ROWS, ("c.jpg", "ischaemia", "c")], "path,label,patient", "line 12: label 'ischaemia'; wanted: CAD or"),
        ([*ROWS, ("c.jpg", "CAD", "")], "path,label,patient", "line 12: no patient"),
        ([*ROWS, ("", "CAD", "c")], "path,label,patient", "line 12: no path"),
        ([*ROWS, ("c.jpg", "nonCAD", "a0")], "path,label,patient", "'a0' is under two labels"),
        (ROWS[:5], "path,label,patient", "class nonCAD has 0 patients"),
        ([], "", "labels.csv is empty; wanted: class folders CAD/"),
        (ROWS, "path;label;patient", "line 2: 1 cell, and the first line names 3 columns"),
        ([*ROWS, ("c.jpg", "nonCAD", "a0")], "path,label,patient", "line 2 says CAD and labels.csv, line 12 says"),
    ],
)  # fmt: skip
def test_a_csv_that_cannot_be_meant_says_what_is_wrong(
    rows: Rows, header: str, message: str, csv_of: Callable[..., Path]
) -> None:
    with pytest.raises(UsageError, match=message):
        find_cases(csv_of(rows, header))


def test_a_file_that_is_no_csv_is_a_usage_error(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_bytes(b"path,label,patient\n\xff\xfe\xfa,CAD,1\n")
    with pytest.raises(UsageError, match="not a CSV file in UTF-8"):
        find_cases(table)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("path,label,patient\n".encode("utf-16"), "is text in UTF-16; save it as CSV in UTF-8"),
        ("path,label,patient\n".encode("utf-16-be"), "holds zero bytes, as UTF-16"),
        (b"PK\x03\x04 and what follows", "is an Excel workbook; save it as CSV in UTF-8"),
        (b"path,label,patient\na.jpg,CAD,M\xfcller\n", "line 2 holds other bytes; save it as CSV in UTF-8"),
        (b"", "is empty"),
        (b" \n\n", "is empty"),
    ],
)
def test_what_a_spreadsheet_saves_in_place_of_a_csv_is_called_by_its_name(
    content: bytes, told: str, tmp_path: Path
) -> None:
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(UsageError, match=told):
        find_cases(tmp_path / "labels.csv")


def test_a_case_of_a_csv_knows_its_line_past_empty_lines_and_line_breaks_in_quotes(tmp_path: Path) -> None:
    rows = [f"{name},{label},{who}" for name, label, who in ROWS]
    text = "\n".join(["path,label,patient,remark", *(f'{row},"two\nlines"\n' for row in rows)])
    (tmp_path / "labels.csv").write_text(text)
    cases = find_cases(tmp_path / "labels.csv").cases
    assert [case.where for case in cases] == [f"labels.csv, line {3 + 3 * number}" for number in range(10)]


def test_patient_from_and_a_csv_exclude_one_another(csv_of: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="names the patient in its own column"):
        find_cases(csv_of(ROWS), r"\d+")


def test_the_folder_and_the_csv_of_phantoms_agree(phantom_folder: Path) -> None:
    by_folder, by_csv = (find_cases(path).cases for path in (phantom_folder, phantom_folder / "labels.csv"))
    assert set(by_folder) == set(by_csv)
