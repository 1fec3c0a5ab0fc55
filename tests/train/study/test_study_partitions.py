"""Partitions of a study: seeds draw as `edgecad train` does, outer folds test everybody once."""

from __future__ import annotations

import pytest
from fake_study import fake_data

from edgecad.errors import UsageError
from edgecad_train.splits.protocol import HOLDOUT, Protocol
from edgecad_train.splits.split import Folds, Split, split_by_patient
from edgecad_train.study.definition.partitions import draws, partitions_of

DATA = fake_data(60)
LABELS = {case.patient: case.label for case in DATA.cases}


def test_a_seed_draws_the_split_that_training_would() -> None:
    assert draws(3, None) == ((0, None), (1, None), (2, None))
    assert partitions_of(DATA.cases, 3, None) == tuple(split_by_patient(DATA.cases, seed) for seed in range(3))


@pytest.mark.parametrize("inner", [0, 4])
def test_outer_folds_test_every_patient_once_and_keep_the_classes_shares(inner: int) -> None:
    partitions = partitions_of(DATA.cases, 1, 5, Protocol("folds", inner) if inner else HOLDOUT)
    assert draws(1, 5) == tuple((fold, fold) for fold in range(5)), "each fold has a seed of its own"
    tested = [patient for partition in partitions for patient in partition.test]
    assert sorted(tested) == sorted(LABELS)
    for partition in partitions:
        assert isinstance(partition, Folds if inner else Split)
        assert {*partition.development, *partition.test} == set(LABELS)
        assert not set(partition.development) & set(partition.test)
        assert [LABELS[patient] for patient in partition.test].count("nonCAD") == 4
    assert len({partition.sha256 for partition in partitions}) == 5


def test_outer_folds_without_inner_ones_keep_a_fifth_for_validation() -> None:
    for partition in partitions_of(DATA.cases, 1, 5):
        assert isinstance(partition, Split)
        assert (len(partition.train), len(partition.validation), len(partition.test)) == (38, 10, 12)
        assert {LABELS[patient] for patient in partition.validation} == {"CAD", "nonCAD"}


def test_inner_folds_are_those_of_training() -> None:
    (partition,) = partitions_of(DATA.cases, 1, None, Protocol("folds", 4))
    assert isinstance(partition, Folds)
    assert len(partition.folds) == 4


@pytest.mark.parametrize("outer", [None, 5])
def test_folds_without_a_number_are_five(outer: int | None) -> None:
    for partition in partitions_of(DATA.cases, 1, outer, Protocol("folds")):
        assert isinstance(partition, Folds)
        assert len(partition.folds) == 5


def test_more_folds_than_a_class_has_patients_are_refused() -> None:
    with pytest.raises(UsageError, match="at most 20 folds"):
        partitions_of(DATA.cases, 1, 21)
