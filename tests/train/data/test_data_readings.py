"""What is said of the colour tables through which uptake was read: findings, lines, checkup.json and the page."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from edgecad.contract import Drawing, Preparation
from edgecad.polarmap import TableReading
from edgecad_train.data import Found, PreparedData, findings_about
from edgecad_train.data.checkup import Checkup, lines_of, run_check
from edgecad_train.data.findings import tables_of
from edgecad_train.data.sheet import chosen_rows

UPTAKE = Preparation(size=224, input="uptake", drawing=Drawing(table="iron"))


def reading(table: str = "iron", chosen_by: str = "contract", steps: int | None = None) -> TableReading:
    return TableReading(table, chosen_by, steps, residual=0.4, sha256="0" * 64)  # type: ignore[arg-type]


def read(data: PreparedData, *others: TableReading, ambiguous: int = 0) -> PreparedData:
    """Phantoms read as uptake through iron, the first ones otherwise."""
    readings = (*others, *(reading() for _ in data.cases[len(others) :]))
    paths = tuple(case.path for case in data.cases[:ambiguous])
    return dataclasses.replace(data, preparation=UPTAKE, readings=readings, ambiguous=paths)


def found(data: PreparedData) -> dict[str, str]:
    return {finding.code: finding.text for finding in findings_about(data, {})}


def by_label(data: PreparedData, cad: TableReading, other: TableReading) -> PreparedData:
    return read(data, *(cad if case.label == "CAD" else other for case in data.cases))


def test_scans_of_one_table_in_no_steps_give_no_finding(phantoms: PreparedData) -> None:
    assert not {"rare-colour-table", "steps", "ambiguous-colour-table"} & found(read(phantoms)).keys()
    assert not [code for code in found(read(phantoms)) if code.startswith("leak")]


def test_tables_are_those_that_were_read_through_and_not_the_drawings_colours(phantoms: PreparedData) -> None:
    tables = tables_of(read(phantoms, reading("jet"), reading("grey"), reading("jet")))
    assert (tables.count, tables.names) == (3, ("iron", "jet", "grey"))
    assert tables.group.tolist() == [1, 2, 1] + [0] * 27
    assert [tables.words(number) for number in range(3)] == ["iron", "jet", "grey"]


def test_a_rare_table_is_to_be_looked_at_and_not_unlearnable(phantoms: PreparedData) -> None:
    told = found(read(phantoms, reading("jet")))["rare-colour-table"]
    assert "colour table jet has 1 scan of 30, for example" in told
    assert "see that it is the right table" in told
    assert "hardly know" not in told


def test_a_table_that_is_the_label_cannot_be_learnt_itself_and_is_said(phantoms: PreparedData) -> None:
    told = found(by_label(phantoms, reading("jet"), reading("grey")))
    assert "the colour table goes together with the label (Cramer's V 1.00" in told["leak-colour-table"]
    assert "cannot learn the table" in told["leak-colour-table"]
    assert "leak-number-of-colour-steps" not in told


def test_steps_that_are_the_label_can_be_learnt(phantoms: PreparedData) -> None:
    told = found(by_label(phantoms, reading(steps=16), reading()))
    assert "a model may learn it" in told["leak-number-of-colour-steps"]
    assert "one continuous colour table" in told["leak-number-of-colour-steps"]
    assert "leak-colour-table" not in told


def test_steps_are_said_with_what_of_uptake_they_leave(phantoms: PreparedData) -> None:
    told = found(read(phantoms, reading(steps=25), reading(steps=50)))["steps"]
    assert told.startswith("2 scans of 30 in colour steps, the fewest 25: uptake is known there within 2 %")


def test_scans_that_do_not_tell_their_table_alone_are_said_with_what_the_scanner_needs(phantoms: PreparedData) -> None:
    told = found(read(phantoms, ambiguous=4))["ambiguous-colour-table"]
    assert told.startswith(f"4 scans of 30 would be explained by another known table as well, for example "
                           f"{phantoms.cases[0].path.name}")  # fmt: skip
    assert "name the table with --table or in the site's file" in told


@pytest.fixture
def checked(phantoms: PreparedData, tmp_path: Path) -> tuple[PreparedData, Checkup, Path]:
    data = read(phantoms, reading("jet", "bar"), reading("jet", "user", 16), reading("jet"), ambiguous=1)
    return data, run_check(Found(data.cases, "the file's stem"), data, {}, tmp_path / "out"), tmp_path / "out"


def test_the_file_says_every_scans_table_who_chose_it_and_its_steps(
    checked: tuple[PreparedData, Checkup, Path],
) -> None:
    data, told, out = checked
    assert msgspec.json.decode((out / "checkup.json").read_bytes(), type=Checkup) == told
    assert [scan.file for scan in told.scans] == [case.path.name for case in data.cases]
    assert [(scan.table, scan.chosen_by, scan.steps, scan.ambiguous) for scan in told.scans[:4]] == [
        ("jet", "bar", None, True), ("jet", "user", 16, False), ("jet", "contract", None, False),
        ("iron", "contract", None, False),
    ]  # fmt: skip
    assert [(table.name, table.stepped) for table in told.colour_tables] == [("iron", 0), ("jet", 1)]
    assert told.colour_tables[1].chosen_by == {"bar": 1, "user": 1, "contract": 1}
    assert sum(told.colour_tables[1].counted.scans.values()) == 3


def test_the_lines_name_the_tables_and_who_chose_them(checked: tuple[PreparedData, Checkup, Path]) -> None:
    lines = lines_of(checked[1])
    (jet,) = [line for line in lines if line.strip().startswith("jet ")]
    assert "told by the bar 1, named 1, told by the scans 1, in steps 1, for example" in jet
    (iron,) = [line for line in lines if line.strip().startswith("iron ")]
    assert "told by the scans 27, for example" in iron


def test_the_page_shows_what_the_network_sees_and_names_each_scans_table(
    phantoms: PreparedData, tmp_path: Path, words: list[str]
) -> None:
    data = read(phantoms, reading("jet", steps=16))
    run_check(Found(data.cases, "the file's stem"), data, {}, tmp_path)
    assert "kept: the screen, and what the network would see: uptake, drawn in iron (12 of 30)" in words
    assert any(said.endswith("colour table jet in 16 steps") for said in words)
    assert any(said.endswith("colour table iron") for said in words)
    assert 0 in chosen_rows(data, tables_of(data))
    assert np.asarray(cv2.imread(str(tmp_path / "contact-sheet.png"))).shape[1] == 1500


def test_colours_as_input_are_grouped_and_have_no_names(phantoms: PreparedData, tmp_path: Path) -> None:
    coloured = dataclasses.replace(phantoms, preparation=Preparation(size=224), readings=())
    told = run_check(Found(coloured.cases, "the file's stem"), coloured, {}, tmp_path)
    assert told.scans == ()
    assert {table.name for table in told.colour_tables} == {None}
