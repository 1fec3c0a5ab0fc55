"""Tables as spreadsheets write them: what can be meant in one way alone is read and said, all else is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgecad.errors import UsageError
from edgecad_train.data import Case, Found, find_cases

ROWS = [(f"p{number}.png", "CAD" if number < 6 else "nonCAD", f"q{number}") for number in range(12)]
HEADER = ("path", "label", "patient")
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a table: `write(rows, header, separator, end)`, or the text itself; give its path."""

    def written(rows=ROWS, header=HEADER, separator=",", end="\n", before="", name="labels.csv") -> Path:
        path = tmp_path / name
        lines = rows if isinstance(rows, str) else end.join(separator.join(row) for row in (header, *rows)) + end
        path.write_bytes((before + lines).encode("utf-8"))
        return path

    return written


def codes(found: Found) -> dict[str, str]:
    return {finding.code: finding.text for finding in found.findings}


def as_read(table: Path) -> tuple[tuple[str, str, str], ...]:
    return tuple((case.path.name, case.label, case.patient) for case in find_cases(table).cases)


def changed(row: int, column: int, words: str) -> list[tuple[str, ...]]:
    rows = [list(one) for one in ROWS]
    rows[row][column] = words
    return [tuple(one) for one in rows]


# --- the first line ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HEADER)
@pytest.mark.parametrize("again", ["{}", " {}", "{} ", "{upper}", "\ufeff{}"])
def test_a_needed_column_twice_is_refused_and_named(name: str, again: str, write: Write) -> None:
    header = (*HEADER, again.format(name, upper=name.upper()))
    with pytest.raises(UsageError, match=f"the column {name} 2 times") as caught:
        find_cases(write([(*row, "x") for row in ROWS], header))
    assert "remove or rename" in str(caught.value)


def test_an_optional_column_twice_is_refused_and_a_column_that_nobody_reads_may_be_there_twice(write: Write) -> None:
    rows = [(*row, "", "") for row in ROWS]
    with pytest.raises(UsageError, match="the column segments 2 times"):
        find_cases(write(rows, (*HEADER, "segments", "Segments")))
    assert len(find_cases(write(rows, (*HEADER, "remark", "remark"))).cases) == len(ROWS)
    assert len(find_cases(write(rows, (*HEADER, "", ""))).cases) == len(ROWS)


@pytest.mark.parametrize(
    "header",
    [
        (" path", "label ", "patient"), ("Path", "LABEL", "Patient"), ("\u00a0path", "label", "patient\u200b"),
        ("path\t", "label", " Patient "),
    ],
)  # fmt: skip
def test_names_of_columns_with_blanks_or_capital_letters_are_read_and_said(
    header: tuple[str, ...], write: Write
) -> None:
    table = write(header=header)
    assert as_read(table) == tuple(ROWS)
    said = codes(find_cases(table))["column-names"]
    for word, name in zip(header, HEADER, strict=True):
        assert (f"{word!r} as {name}" in said) == (word != name)


def test_a_byte_order_mark_is_no_part_of_a_name(write: Write) -> None:
    table = write(before="\ufeff")
    assert as_read(table) == tuple(ROWS)
    assert not find_cases(table).findings


@pytest.mark.parametrize("word", ["patient_id", "Patient ID", "patient-number"])
def test_a_column_that_is_nearly_named_so_is_told(word: str, write: Write) -> None:
    with pytest.raises(UsageError, match=f"no column patient .*rename '{word}' to patient"):
        find_cases(write(header=("path", "label", word)))


# --- between the cells -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("separator", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "upright strokes")])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_other_separators_and_line_ends_are_read_and_said(separator: str, word: str, end: str, write: Write) -> None:
    table = write(separator=separator, end=end)
    assert as_read(table) == tuple(ROWS)
    assert codes(find_cases(table))["separator"] == f"the CSV has {word} between its columns, and is read so"
    assert [case.where for case in find_cases(table).cases][-1] == "labels.csv, line 13"


def test_what_a_spreadsheet_writes_above_the_names_is_passed_over_and_lines_keep_their_numbers(write: Write) -> None:
    for before in ("sep=;\n", "SEP=;\r\n", "\n", "\n\nsep=;\n"):
        table = write(separator=";", before=before)
        assert as_read(table) == tuple(ROWS)
        first = 2 + before.count("\n")
        assert find_cases(table).cases[0].where == f"labels.csv, line {first}"


def test_commas_stay_commas_where_a_remark_has_other_signs(write: Write) -> None:
    rows = [(*row, '"seen; twice\tor | so"') for row in ROWS]
    table = write(rows, (*HEADER, "remark;of\tsomebody"))
    assert as_read(table) == tuple(ROWS)
    assert not find_cases(table).findings


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_line_with_too_many_cells_is_refused_and_one_with_too_few_if_a_needed_one_lacks(
    separator: str, write: Write
) -> None:
    header = (*HEADER, "remark")
    rows = [(*row, "so") for row in ROWS]
    with pytest.raises(UsageError, match="line 5: 5 cells, and the first line names 4 columns; put a cell that holds"):
        find_cases(write([*rows[:3], (*rows[3], "more"), *rows[4:]], header, separator))
    with pytest.raises(UsageError, match=r"line 5: 2 cells, .* no patient"):
        find_cases(write([*rows[:3], rows[3][:2], *rows[4:]], header, separator))
    table = write([*rows[:3], rows[3][:3], *rows[4:]], header, separator)
    assert as_read(table) == tuple(ROWS)
    assert codes(find_cases(table))["short-lines"].startswith("line 5 has fewer cells")


def test_separators_alone_are_no_line_and_no_column(write: Write) -> None:
    table = write([*(f"{a},{b},{c},,".split(",") for a, b, c in ROWS), ("", "", "", "", ""), (" ", "", "")])
    assert as_read(table) == tuple(ROWS)
    assert codes(find_cases(table))["empty-lines"].startswith("2 lines (14, 15) have nothing but separators")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("path\tlabel\tpatient\n".encode("utf-16"), "text in UTF-16"),
        ("path,label,patient\n".encode("utf-32"), "text in UTF-32"),
        ("path;label;patient\nä.png;CAD;p\n".encode("cp1252"), "line 2 holds other bytes"),
        (b"PK\x03\x04", "an Excel workbook"),
        (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
        (b"<html><table>", "a page in HTML or XML"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x1f\x8b\x08", "a gzip archive"),
    ],
)
def test_other_kinds_of_files_are_called_by_their_names_whatever_they_are_named(
    content: bytes, told: str, tmp_path: Path
) -> None:
    table = tmp_path / "labels.csv"
    table.write_bytes(content)
    with pytest.raises(UsageError, match=told) as caught:
        find_cases(table)
    assert "save it as CSV in UTF-8" in str(caught.value)


# --- cells -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "label"),
    [("cad", "CAD"), ("Cad", "CAD"), ("NONCAD", "nonCAD"), ("noncad", "nonCAD"), ("NonCAD", "nonCAD")],
)
def test_labels_in_other_letters_are_read_and_said(words: str, label: str, write: Write) -> None:
    row = 0 if label == "CAD" else 11
    table = write(changed(row, 1, words))
    assert as_read(table) == tuple(ROWS)
    assert f"{words!r} as {label} in 1 lines" in codes(find_cases(table))["labels-spelt"]


@pytest.mark.parametrize(
    ("words", "meant"),
    [("non-CAD", "nonCAD"), ("no CAD", "nonCAD"), ("CAD-", "nonCAD"), ("CAD+", "CAD"), ("CAD positive", "CAD"),
     ("1", ""), ("normal", ""), ("nan", ""), ("", ""), ("CAD?", ""), ("yes", "")],
)  # fmt: skip
def test_labels_that_are_none_are_refused_and_what_may_be_meant_is_told(words: str, meant: str, write: Write) -> None:
    with pytest.raises(UsageError, match="line 4: label") as caught:
        find_cases(write(changed(2, 1, words)))
    assert ("if that is meant" in str(caught.value)) == bool(meant)
    if meant:
        assert f"write {meant} if" in str(caught.value)


@pytest.mark.parametrize("around", [" {}", "{}  ", "\u00a0{}", "{}\u200b", '="{}"'])
def test_blanks_around_cells_do_not_make_another_patient_and_are_said(around: str, write: Write) -> None:
    rows = [*ROWS, ("p0b.png", "CAD", around.format("q0"))]
    found = find_cases(write(rows))
    assert found.cases[-1].patient == "q0"
    assert codes(found)["blanks"].startswith("line 14 has blanks around")


@pytest.mark.parametrize("patient", ["", " ", "\u00a0", "\ufeff", '""'])
def test_an_empty_patient_is_refused_with_its_line(patient: str, write: Write) -> None:
    with pytest.raises(UsageError, match="line 3: no patient"):
        find_cases(write(changed(1, 2, patient)))


@pytest.mark.parametrize("patient", ["1.23457E+12", "1,2E+08", "9E+15"])
def test_a_number_that_a_spreadsheet_has_shortened_is_no_patient(patient: str, write: Write) -> None:
    with pytest.raises(UsageError, match=r"line 3: patient .* a spreadsheet has shortened"):
        find_cases(write(changed(1, 2, f'"{patient}"')))


NOBODY = ["nan", "NaN", "NA", "N/A", "#N/A", "<NA>", "none", "None", "NULL", "null", "-", "--", "?", "unknown", "n.a."]


@pytest.mark.parametrize("patient", NOBODY)
def test_a_patient_whose_name_stands_for_nothing_is_found_with_how_many_scans_it_would_join(
    patient: str, write: Write
) -> None:
    found = find_cases(write([*ROWS, ("a.png", "CAD", patient), ("b.png", "CAD", patient)]))
    finding = next(one for one in found.findings if one.code == "patient-not-told")
    assert f"2 scans are, together, of a patient named {patient!r}" in finding.text
    assert finding.files == ("a.png", "b.png")
    with pytest.raises(UsageError, match=r"scans of both classes are of a patient named .*give each scan its patient"):
        find_cases(write([*ROWS, ("a.png", "CAD", patient), ("b.png", "nonCAD", patient)]))


@pytest.mark.parametrize(
    ("one", "other"),
    [("P1", "p1"), ("007", "7"), ("p 1", "p1"), ("P-001", "p1"), ("p01", "p1"), ("1.0", "1"), ("a  b", "a b"),
     ("\uff301", "p1"), ("p_1", "p-1"), ("0012-3", "12-03")],
)  # fmt: skip
def test_patients_whose_names_differ_in_next_to_nothing_are_found(one: str, other: str, write: Write) -> None:
    found = find_cases(write([*ROWS, ("a.png", "CAD", one), ("b.png", "nonCAD", other)]))
    finding = next(one for one in found.findings if one.code == "patients-alike")
    assert repr(one) in finding.text
    assert repr(other) in finding.text
    assert finding.files == ("a.png", "b.png")
    assert len({case.patient for case in found.cases}) == 14


@pytest.mark.parametrize(
    ("one", "other"),
    [("1-1", "11"), ("p1", "p10"), ("10", "100"), ("a", "b"), ("1.5", "15"), ("p1a", "p1b"), ("0", "00x")],
)
def test_patients_whose_names_differ_in_more_are_not(one: str, other: str, write: Write) -> None:
    found = find_cases(write([*ROWS, ("a.png", "CAD", one), ("b.png", "nonCAD", other)]))
    assert not [finding for finding in found.findings if finding.code == "patients-alike"]


def test_many_patients_alike_are_counted_and_some_are_named(write: Write) -> None:
    rows = [(f"{way}{n}.png", "CAD" if n % 2 else "nonCAD", f"{way}{n}") for n in range(30) for way in "xX"]
    found = [one for one in find_cases(write(rows)).findings if one.code == "patients-alike"]
    assert len(found) == 11
    assert "30 groups" in found[-1].text


@pytest.mark.skipif(os.name == "nt", reason="there backslashes are slashes")
def test_backslashes_in_paths_are_read_as_slashes_and_said(write: Write, tmp_path: Path) -> None:
    (tmp_path / "odd\\name.png").touch()
    table = write([*changed(2, 0, "in\\deep\\p2.png"), ("odd\\name.png", "CAD", "z")])
    found = find_cases(table)
    assert found.cases[2].path == tmp_path / "in" / "deep" / "p2.png"
    assert found.cases[-1].path == tmp_path / "odd\\name.png"
    assert codes(found)["backslashes"].startswith("line 4 has backslashes")
    assert "paths-of-windows" not in codes(found)


@pytest.mark.skipif(os.name == "nt", reason="there these are paths")
@pytest.mark.parametrize("path", ["C:\\scans\\p2.png", "d:/scans/p2.png", "\\\\server\\scans\\p2.png"])
def test_a_path_of_another_computer_is_said(path: str, write: Write) -> None:
    assert codes(find_cases(write(changed(2, 0, path))))["paths-of-windows"].startswith("line 4 has a path of another")


def test_decimal_commas_of_a_deficit_are_read(write: Write) -> None:
    rows = [(*row, "4 5", "12,5") for row in ROWS]
    found = find_cases(write(rows, (*HEADER, "segments", "deficit_percent"), ";"))
    assert {case.defect.deficit for case in found.cases if case.defect} == {12.5}
    with pytest.raises(UsageError, match="deficit_percent"):
        find_cases(write([(*row, "4 5", "1.234,5") for row in ROWS], (*HEADER, "segments", "deficit_percent"), ";"))


def test_a_line_twice_is_two_cases_that_the_reader_tells_as_duplicates(write: Write) -> None:
    cases = find_cases(write([*ROWS, ROWS[0]])).cases
    assert cases[0] == cases[-1]
    assert cases[0] == Case(cases[0].path, "CAD", "q0")
