"""Splits: by patient, stratified, the same again, and only for the patients they were drawn for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgecad.errors import UsageError
from edgecad.frozen import json_from_struct
from edgecad_train.data import Case
from edgecad_train.runs.partition import partition_from_file
from edgecad_train.splits.protocol import Protocol
from edgecad_train.splits.split import Folds, Split, divide, folds_by_patient, rows_of, split_by_patient

PARTS = ("train", "validation", "test")

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
    rows = {part: rows_of(CASES, getattr(split, part)) for part in PARTS}
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
    assert partition_from_file(path, CASES) == split
    assert partition_from_file(path, CASES).sha256 == split.sha256


def test_a_split_about_other_patients_is_refused_with_counts(tmp_path: Path) -> None:
    path = tmp_path / "split.json"
    path.write_text(json_from_struct(split_by_patient(CASES, seed=0)))
    others = [case for case in CASES if case.patient not in ("CAD0", "CAD1")]
    others.append(Case(Path("new.jpg"), "CAD", "new"))
    with pytest.raises(UsageError, match="1 of the data are not in it, 2 of it are not in the data"):
        partition_from_file(path, others)


def test_overlapping_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="two parts"):
        Split(seed=0, train=("a", "b"), validation=("b",), test=("c",))


@pytest.mark.parametrize(
    "text",
    [
        '{"kind": "split", "seed": 0, "train": ["a"], "validation": ["a"], "test": ["b"]}',
        '{"kind": "split", "seed": 0, "train": ["a"], "validation": ["b"]}',
        '{"kind": "split", "seed": 0, "train": ["a"], "validation": ["b"], "test": ["c"], "more": 1}',
        '{"kind": "folds", "seed": 0, "folds": [["a"], ["a"]], "test": ["c"]}',
        '{"kind": "halves", "seed": 0, "test": ["c"]}',
        '{"seed": 0, "train": ["a"], "validation": ["b"], "test": ["c"]}',
        "not json",
        "",
    ],
)
def test_a_file_that_is_no_split_is_a_usage_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "split.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"split\.json"):
        partition_from_file(path, CASES)


def test_a_split_that_is_not_there_says_which_file_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"give the split\.json of a run"):
        partition_from_file(tmp_path / "none.json", CASES)


def test_every_development_patient_is_held_out_by_exactly_one_fold() -> None:
    folds = folds_by_patient(CASES, seed=0, folds=5)
    held = [patient for fold in folds.folds for patient in fold]
    assert sorted(held + list(folds.test)) == sorted(PATIENTS)
    for index, fold in enumerate(folds.folds):
        split = folds.split(index)
        assert (split.validation, split.test) == (fold, folds.test)
        assert set(split.train) == PATIENTS - set(fold) - set(folds.test)


def test_folds_and_a_validation_part_leave_the_same_patients_for_the_test() -> None:
    assert folds_by_patient(CASES, seed=4, folds=5).test == split_by_patient(CASES, seed=4).test


def test_each_fold_has_each_classes_share() -> None:
    folds = folds_by_patient(CASES, seed=1, folds=4)
    assert {sum(name.startswith("CAD") for name in fold) for fold in folds.folds} == {8}
    assert {sum(name.startswith("nonCAD") for name in fold) for fold in folds.folds} == {4}


def test_folds_are_kept_and_read_back(tmp_path: Path) -> None:
    folds = folds_by_patient(CASES, seed=2, folds=3)
    (tmp_path / "split.json").write_text(json_from_struct(folds))
    assert partition_from_file(tmp_path / "split.json", CASES) == folds


def test_a_fold_that_lacks_a_class_is_refused(tmp_path: Path) -> None:
    cad = sorted(patient for patient in PATIENTS if patient.startswith("CAD"))
    others = sorted(PATIENTS - set(cad))
    folds = Folds(seed=0, folds=(tuple(cad[:5]), tuple(cad[5:30] + others[:10])), test=tuple(cad[30:] + others[10:]))
    (tmp_path / "split.json").write_text(json_from_struct(folds))
    with pytest.raises(UsageError, match="no nonCAD in its fold 1"):
        partition_from_file(tmp_path / "split.json", CASES)


def _patients(count: int) -> list[Case]:
    return [Case(Path(f"{n}.jpg"), ("CAD", "nonCAD")[n % 2], f"p{n:04d}") for n in range(count)]


@pytest.mark.parametrize(("patients", "kind"), [(499, Folds), (500, Split)])
def test_below_five_hundred_patients_folds_are_the_default(patients: int, kind: type) -> None:
    assert isinstance(divide(_patients(patients), 0), kind)


def test_the_least_data_is_folded_into_as_many_folds_as_it_can() -> None:
    partition = divide(_patients(10), 0)
    assert isinstance(partition, Folds)
    assert len(partition.folds) == 4


def test_more_folds_than_patients_are_a_usage_error_that_says_how_many_can_be() -> None:
    with pytest.raises(UsageError, match=r"9 folds, but the smaller class has 4 .* --folds 2 to 4"):
        divide(_patients(10), 0, Protocol(folds=9))


@pytest.mark.parametrize(
    ("patients", "protocol", "kind", "folds"),
    [
        (60, Protocol("holdout"), Split, 0),
        (60, Protocol(folds=0), Split, 0),
        (60, Protocol("holdout", 0), Split, 0),
        (60, Protocol("folds"), Folds, 5),
        (60, Protocol("folds", 3), Folds, 3),
        (60, Protocol(), Folds, 5),
        (600, Protocol(), Split, 0),
        (600, Protocol("folds"), Folds, 5),
    ],
)
def test_a_protocol_decides_who_chooses_and_never_who_is_tested(
    patients: int, protocol: Protocol, kind: type, folds: int
) -> None:
    cases = _patients(patients)
    partition = divide(cases, 3, protocol)
    assert isinstance(partition, kind)
    assert partition.protocol == ("folds" if folds else "holdout")
    assert len(getattr(partition, "folds", ())) == folds
    assert partition.test == split_by_patient(cases, 3).test
