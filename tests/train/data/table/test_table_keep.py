"""`--keep` and readers' columns: what is taken of a table, by patient, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edgecad.errors import UsageError
from edgecad_train.data import Found, find_cases
from edgecad_train.data.table.columns import AskedColumns
from edgecad_train.data.table.keep import KeptColumn, parse_keep

Given = Callable[..., Found]


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (["sex,age,centre"], [KeptColumn("sex"), KeptColumn("age"), KeptColumn("centre")]),
        (["sex", " age "], [KeptColumn("sex"), KeptColumn("age")]),
        (["age:50,65,75,sex"], [KeptColumn("age", (50, 65, 75)), KeptColumn("sex")]),
        (["bmi:18.5,25", "site name"], [KeptColumn("bmi", (18.5, 25)), KeptColumn("site name")]),
        (None, []),
    ],
)
def test_the_words_of_keep_are_columns_with_cuts(words: list[str] | None, columns: Sequence[KeptColumn]) -> None:
    assert list(parse_keep(words)) == columns
    assert all(parse_keep([str(column)]) == (column,) for column in columns)


@pytest.mark.parametrize(
    ("words", "told"),
    [("", "wanted: names"), ("sex,,age", "wanted: names"), ("age:", "no rising"), ("age:65,50", "no rising"),
     ("age:50,50", "no rising"), ("age:old", "no rising"), (":50", "wanted: names"), ("sex,Sex", "twice"),
     ("path", "used already"), ("LABEL", "used already"), ("patient", "used already"),
     ("reader:anna", "need no --keep"), ("Reader: A,sex", "need no --keep")],
)  # fmt: skip
def test_words_that_cannot_be_meant_are_refused(words: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_keep([words])


@pytest.mark.parametrize(
    "name",
    ["name", "Name", "surname", "patient_name", "PatientName", "birth date", "DOB", "birthDate", "MRN", "mrn_no", "ID",
     "patient id", "StudyUID uid", "phone", "e-mail", "address", "Accession number", "post zip", "Geburtsdatum",
     "GeburtsDatum", "NHSNumber", "MRNNo", "homephone", "Patient-IDs", "subject.id", "insuranceNo"],
)  # fmt: skip
def test_a_column_that_tells_who_a_patient_is_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(UsageError, match="tells who a patient is"):
        parse_keep([name])


@pytest.mark.parametrize(
    "name",
    ["sex", "age", "centre", "centre_id", "site name", "scanner id", "BMI", "diabetes", "stressType", "patientGroup"],
)
def test_columns_that_group_patients_are_kept(name: str) -> None:
    assert parse_keep([name]) == (KeptColumn(name),)


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """Find scans in a table with columns: `given(keep, readers, name=cells)`; cells stand in the first lines."""

    def find(keep: str = "", readers: bool = True, again: Sequence[str] = (), **columns: Sequence[str]) -> Found:
        rows = [[f"p{n}.png", "CAD" if n % 2 else "nonCAD", f"q{n}"] for n in range(12)]
        rows += [["again.png", "nonCAD", "q0"]] if again else []
        for number, row in enumerate(rows):
            row += [cells[number] if number < len(cells) else "" for cells in columns.values()]
        if again:
            rows[-1][3:] = again
        names = [name.replace("__", ":") for name in columns]
        lines = [",".join(row) for row in (["path", "label", "patient", *names], *rows)]
        (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
        asked = AskedColumns(parse_keep([keep] if keep else None), readers)
        return find_cases(tmp_path / "labels.csv", asked=asked)

    return find


def test_columns_that_were_asked_for_are_taken_and_no_others(given: Given) -> None:
    found = given("age,sex", sex=["f", "m"], age=["64", "70,5"][:1], diary=["secret"], reader__anna=["CAD", "0"])
    values = {one.column.name: one.of for one in found.columns.kept}
    assert values == {"age": {"q0": "64"}, "sex": {"q0": "f", "q1": "m"}}
    assert list(values) == ["age", "sex"]
    assert found.columns.reads == {"anna": {"q0": True, "q1": False}}
    assert "secret" not in repr(found)
    assert given(sex=["f"], reader__anna=["what"], readers=False).columns.reads == {}


@pytest.mark.parametrize("nothing", ["", "nan", "NA", "none", "-", "?", " "])
def test_what_stands_for_nothing_is_not_given_and_not_read(nothing: str, given: Given) -> None:
    found = given("sex", sex=["f", nothing], reader__a=[nothing, "1"])
    assert found.columns.kept[0].of == {"q0": "f"}
    assert found.columns.reads == {"a": {"q1": True}}


def test_a_column_that_is_not_there_is_refused_with_those_that_are(given: Given) -> None:
    with pytest.raises(UsageError, match=r"--keep weight: .* no such column; it has path, label, patient, sex, age"):
        given("weight", sex=["f"], age=["1"])


def test_class_folders_have_no_columns(class_folders: Callable[..., Path]) -> None:
    data = class_folders([f"a{n}.jpg" for n in range(5)], [f"b{n}.jpg" for n in range(5)])
    with pytest.raises(UsageError, match="--keep sex,age is for the columns of a CSV, and class folders have none"):
        find_cases(data, asked=AskedColumns(parse_keep(["sex,age"])))
    assert not find_cases(data, asked=AskedColumns(readers=True)).columns.reads


@pytest.mark.parametrize("column", ["sex", "reader__a"])
def test_scans_of_one_patient_that_do_not_agree_are_refused_with_their_lines(column: str, given: Given) -> None:
    one, other = ("CAD", "nonCAD") if "reader" in column else ("f", "m")
    with pytest.raises(UsageError, match="lines 2 and 14 are of one patient, 'q0', and differ in"):
        given("" if "reader" in column else "sex", again=[other], **{column: [one]})
    assert given("sex", again=[""], sex=["f"]).columns.kept[0].of == {"q0": "f"}
    assert given("sex", again=["F"], sex=["f"]).columns.kept[0].of == {"q0": "f"}
    assert given("age", again=["64.0"], age=["64"]).columns.kept[0].of == {"q0": "64"}


def test_words_that_differ_in_capital_letters_are_one_and_that_is_said(given: Given) -> None:
    found = given("sex", sex=["F", "f", "m"])
    assert found.columns.kept[0].of == {"q0": "F", "q1": "F", "q2": "m"}
    assert "'F' and 'f' differ in capital letters alone" in found.findings[-1].text


def test_cuts_want_numbers(given: Given) -> None:
    with pytest.raises(UsageError, match="line 3: age '65y' is no number, and --keep age:50,65 cuts numbers"):
        given("age:50,65", age=["60", "65y"])


@pytest.mark.parametrize(
    ("words", "said"),
    [("CAD", True), ("cad", True), ("NONCAD", False), ("1", True), ("0", False),
     ("1.0", True), ("0.0", False), ('"0,0"', False), ("01", True)],
)  # fmt: skip
def test_readers_say_cad_or_not(words: str, said: bool, given: Given) -> None:
    assert given(reader__a=[words]).columns.reads == {"a": {"q0": said}}


@pytest.mark.parametrize("words", ["yes", "2", "positive", "0.7", "non-CAD", "-1", "1e0"])
def test_readers_who_say_something_else_are_refused_with_the_line(words: str, given: Given) -> None:
    with pytest.raises(UsageError, match=r"line 2: reader:a '.*'; wanted: CAD or nonCAD, 1 or 0, or nothing"):
        given(reader__a=[words])


def test_a_reader_twice_one_without_a_name_and_one_named_as_the_model_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"p{n}.png,{'CAD' if n % 2 else 'nonCAD'},q{n},1,1\n" for n in range(12))
    headers = {
        "reader:a,Reader: a": "reader:a 2 times",
        "reader:,sex": "names no reader",
        "reader:The Model,sex": "is what EdgeCAD calls the model",
    }
    for header, told in headers.items():
        (tmp_path / "labels.csv").write_text(f"path,label,patient,{header}\n{rows}")
        with pytest.raises(UsageError, match=told):
            find_cases(tmp_path / "labels.csv", asked=AskedColumns(readers=True))
