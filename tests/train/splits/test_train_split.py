"""Splits: by patient, stratified, the same again, and only for the patients they were drawn for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgecad.contract import json_from_struct
from edgecad.errors import UsageError
from edgecad_train.data.cases import Case
from edgecad_train.splits.split import PARTS, Split, split_by_patient, split_from_file

CASES = [
    Case(Path(f"{label}{number}-{view}.jpg"), label, f"{label}{number}")
    for label, count in (("CAD", 40), ("nonCAD", 20))
    for number in range(count)
    for view in range(1 + number % 3)
]
PATIENTS = {case.patient for case in CASES}


def test_every_patient_is_in_exactly_one_part() -> None:
    split = split_by_patient(CASES, seed=0)
    assert sorted([*split.train, *split.validation, *split.test]) == sorted(PATIENTS)


def test_all_scans_of_a_patient_follow_the_patient() -> None:
    split = split_by_patient(CASES, seed=0)
    rows = {part: split.rows(CASES, part) for part in PARTS}
    assert np.array_equal(np.sort(np.concatenate(list(rows.values()))), np.arange(len(CASES)))
    for part in PARTS:
        assert {CASES[row].patient for row in rows[part]} == set(getattr(split, part))


def test_each_part_has_each_classes_share_of_patients() -> None:
    split = split_by_patient(CASES, seed=3)
    cad = {part: sum(name.startswith("CAD") for name in getattr(split, part)) for part in PARTS}
    other = {part: len(getattr(split, part)) - cad[part] for part in PARTS}
    assert cad == {"train": pytest.approx(26, abs=1), "validation": pytest.approx(6, abs=1), "test": 8}
    assert other == {"train": pytest.approx(13, abs=1), "validation": pytest.approx(3, abs=1), "test": 4}


def test_the_same_seed_gives_the_same_split_whatever_the_order_of_scans() -> None:
    assert split_by_patient(CASES, seed=5) == split_by_patient(CASES[::-1], seed=5)


def test_another_seed_gives_another_split() -> None:
    one, other = split_by_patient(CASES, seed=0), split_by_patient(CASES, seed=1)
    assert one.test != other.test
    assert one.sha256 != other.sha256


def test_the_least_data_that_is_accepted_can_be_split() -> None:
    cases = [Case(Path(f"{label}{n}"), label, f"{label}{n}") for label in ("CAD", "nonCAD") for n in range(5)]
    split = split_by_patient(cases, seed=0)
    for part in PARTS:
        assert {name.rstrip("01234") for name in getattr(split, part)} == {"CAD", "nonCAD"}, part


def test_a_kept_split_is_read_back_the_same(tmp_path: Path) -> None:
    split = split_by_patient(CASES, seed=2)
    path = tmp_path / "split.json"
    path.write_text(json_from_struct(split))
    assert split_from_file(path, CASES) == split
    assert split_from_file(path, CASES).sha256 == split.sha256


def test_a_split_about_other_patients_is_refused_with_counts(tmp_path: Path) -> None:
    path = tmp_path / "split.json"
    path.write_text(json_from_struct(split_by_patient(CASES, seed=0)))
    others = [case for case in CASES if case.patient not in ("CAD0", "CAD1")]
    others.append(Case(Path("new.jpg"), "CAD", "new"))
    with pytest.raises(UsageError, match="1 of the data are not in it, 2 of it are not in the data"):
        split_from_file(path, others)


def test_overlapping_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="two parts"):
        Split(seed=0, train=("a", "b"), validation=("b",), test=("c",))


@pytest.mark.parametrize(
    "text",
    [
        '{"seed": 0, "train": ["a"], "validation": ["a"], "test": ["b"]}',
        '{"seed": 0, "train": ["a"], "validation": ["b"]}',
        '{"seed": 0, "train": ["a"], "validation": ["b"], "test": ["c"], "more": 1}',
        "not json",
        "",
    ],
)
def test_a_file_that_is_no_split_is_a_usage_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "split.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"split\.json"):
        split_from_file(path, CASES)


def test_a_split_that_is_not_there_says_which_file_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"give the split\.json of a run"):
        split_from_file(tmp_path / "none.json", CASES)
