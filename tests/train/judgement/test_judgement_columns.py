"""`edgecad evaluate` with columns: groups, readers and prevalences; and no other column in any file."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad.frozen import struct_from_json
from edgecad_train.data import find_cases
from edgecad_train.judgement.record import EvaluationRecord
from edgecad_train.judgement.words import lines_of

Run = Callable[..., Any]
SECRETS = ("Mueller-Luedenscheidt", "1943-02-29", "777666555", "Elm Street", "dr. private")


@pytest.fixture
def table(phantom_folder: Path) -> Path:
    """All thirty phantoms with columns: some to keep, readers, and some that nobody may see again."""
    cases = find_cases(phantom_folder).cases
    path = phantom_folder.parent / "columns.csv"
    header = ["path", "label", "patient", "sex", "age", "centre", "reader:anna", "reader:bo",
              "surname", "birth", "mrn", "remark", "read by"]  # fmt: skip
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(header)
        for number, case in enumerate(cases):
            anna = case.label if number % 5 else ("nonCAD" if case.label == "CAD" else "CAD")
            rows.writerow([
                case.path.relative_to(path.parent).as_posix(), case.label, case.patient, "f" if number % 3 else "m",
                40 + number, ("Bern-Mitte", "Graz-West", "")[number % 3], anna, "1" if number < 9 else "", *SECRETS,
            ])  # fmt: skip
    return path


def _record(folder: str | Path) -> EvaluationRecord:
    return struct_from_json((Path(folder) / "metrics.json").read_bytes(), EvaluationRecord, "it", "")


def _texts(folder: Path) -> dict[str, bytes]:
    """All bytes of all files, those in archives unpacked."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[path.name] = path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    found |= {f"{path.name}/{name}": archive.read(name) for name in archive.namelist()}
    return found


def test_groups_readers_and_prevalences_are_written_and_said(
    edgecad_here: Run, make_run: Run, table: Path, tmp_path: Path
) -> None:
    answer = edgecad_here(
        "evaluate", make_run(), table, "--keep", "sex,age:50,60", "--keep", "centre", "--prevalence", "0.3,0.1",
        "--out", tmp_path / "judged",
    )  # fmt: skip
    assert answer.code == 0, answer.stderr
    record = _record(tmp_path / "judged")
    assert [column.column for column in record.groups] == ["sex", "age", "centre"]
    sizes = {column.column: {group.name: group.n for group in column.groups} for column in record.groups}
    assert sizes == {
        "sex": {"f": 20, "m": 10},
        "age": {"below 50": 10, "50 to below 60": 10, "60 and above": 10},
        "centre": {"Bern-Mitte": 10, "Graz-West": 10, "not given": 10},
    }
    assert record.readers is not None
    assert [(one.reader, one.n) for one in record.readers.readers] == [("anna", 30), ("bo", 9)]
    assert [one.prevalence for one in record.local if not one.where] == [0.3, 0.1]
    for words in (
        "by sex", "by age (cut where --keep says)", "not given", "readers beside the model", "agreement, with 95 %",
        "30 %", "10 %", "positive likelihood ratio", "planned before the data were seen", "adjusted by Holm",
    ):  # fmt: skip
        assert words in answer.stdout, words
    rows = list(csv.DictReader((tmp_path / "judged" / "groups.csv").read_text().splitlines()))
    assert list(rows[0]) == ["patient", "sex", "age", "centre"]
    assert {row["age"] for row in rows} == {"below 50", "50 to below 60", "60 and above"}
    assert "--keep sex,age:50,60" in record.again or "'sex,age:50,60'" in record.again


def test_no_other_column_reaches_a_file_or_the_terminal(
    edgecad_here: Run, make_run: Run, table: Path, tmp_path: Path
) -> None:
    answer = edgecad_here("evaluate", make_run(), table, "--keep", "sex,remark", "--json", "--out", tmp_path / "judged")
    assert answer.code == 0, answer.stderr
    files = _texts(tmp_path / "judged")
    hidden = [*SECRETS[:3], SECRETS[4], "surname,", "read by"]
    for text in (*files.values(), answer.stdout.encode(), answer.stderr.encode()):
        assert not [secret for secret in (*hidden, "Bern-Mitte", "Graz-West") if secret.encode() in text]
    assert b"Elm Street" in files["metrics.json"]  # one word for all, which was asked for


def test_without_keep_and_readers_there_is_nothing_of_them(
    edgecad_here: Run, make_run: Run, few_phantoms: Path, tmp_path: Path
) -> None:
    answer = edgecad_here("evaluate", make_run(), few_phantoms, "--json", "--out", tmp_path / "judged")
    assert answer.code == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert (told["groups"], told["readers"]) == ([], None)
    assert not (tmp_path / "judged" / "groups.csv").exists()
    assert not any(line.startswith(("by ", "readers beside")) for line in lines_of(_record(tmp_path / "judged")))


def test_a_column_of_many_words_is_said_to_be_no_group_and_its_words_stay_out(
    edgecad_here: Run, make_run: Run, table: Path, tmp_path: Path
) -> None:
    text = table.read_text().replace("remark", "street")
    lines = text.splitlines()
    lines[1:] = [line.replace("Elm Street", f"Elm Street {number} B") for number, line in enumerate(lines[1:])]
    other = table.with_name("streets.csv")
    other.write_text("\n".join(lines))
    answer = edgecad_here("evaluate", make_run(), other, "--keep", "street", "--out", tmp_path / "judged")
    assert answer.code == 2  # its name tells who somebody is
    other.write_text("\n".join([lines[0].replace("street", "area"), *lines[1:]]))
    answer = edgecad_here("evaluate", make_run("b"), other, "--keep", "area", "--out", tmp_path / "judged")
    assert answer.code == 0, answer.stderr
    assert "by area: 30 different values of 30 patients are no groups" in answer.stdout
    assert not [name for name, text in _texts(tmp_path / "judged").items() if b"Elm Street" in text]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--keep", "weight"), "has no such column; it has path, label, patient, sex"),
        (("--keep", "surname"), "tells who a patient is"),
        (("--keep", "age:60,50"), "no rising numbers"),
        (("--keep", "sex:1"), "cuts numbers"),
        (("--prevalence", "1.5"), "wanted: shares above 0 and below 1"),
        (("--prevalence", "30"), "wanted: shares above 0 and below 1"),
        (("--prevalence", "0.3,"), "wanted: shares above 0 and below 1"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_code_2(
    words: tuple[str, ...], told: str, edgecad_here: Run, table: Path, tmp_path: Path
) -> None:
    answer = edgecad_here("evaluate", tmp_path / "none", table, *words)
    assert answer.code == 2, answer.stderr
    assert told in answer.stderr
    assert not Path("evaluations").exists()


def test_class_folders_with_keep_are_refused_and_without_have_no_groups(
    edgecad_here: Run, tmp_path: Path, few_phantoms: Path
) -> None:
    answer = edgecad_here("evaluate", tmp_path / "none", few_phantoms, "--keep", "sex")
    assert answer.code == 2
    assert "class folders have none" in answer.stderr
