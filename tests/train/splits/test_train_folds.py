"""Folds are dealt by chance: patients who stand beside one another in the data do not fall into one fold."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgecad_train.data import Case
from edgecad_train.splits.split import folds_by_patient, split_by_patient, stratified_folds

PATIENTS = [f"p{number:03d}" for number in range(60)]
LABELS = {patient: ("CAD", "nonCAD")[number % 2] for number, patient in enumerate(PATIENTS)}
CASES = [Case(Path(f"{patient}.jpg"), label, patient) for patient, label in LABELS.items()]


@pytest.mark.parametrize("folds", [2, 5])
def test_another_seed_deals_other_folds_and_the_same_seed_the_same(folds: int) -> None:
    first, again, other = (stratified_folds(PATIENTS, LABELS, folds, seed) for seed in (0, 0, 1))
    assert first == again
    assert set(first).isdisjoint(other)


@pytest.mark.parametrize("seed", range(5))
def test_no_fold_is_a_run_of_neighbours(seed: int) -> None:
    """Numbers follow the day of the scan: a fold of one month would be judged by another camera, say."""
    for fold in stratified_folds(PATIENTS, LABELS, 5, seed):
        numbers = [PATIENTS.index(patient) for patient in fold]
        assert max(numbers) - min(numbers) >= 2 * len(fold)


@pytest.mark.parametrize("seed", range(5))
def test_the_test_part_and_the_validation_part_are_drawn_by_chance_too(seed: int) -> None:
    split, others = split_by_patient(CASES, seed), split_by_patient(CASES, seed + 1)
    for part, other in ((split.test, others.test), (split.validation, others.validation)):
        numbers = [PATIENTS.index(patient) for patient in part]
        assert max(numbers) - min(numbers) >= 2 * len(part)
        assert set(part) != set(other)


def test_the_folds_of_a_run_are_those_of_its_seed() -> None:
    one, other = (folds_by_patient(CASES, seed, 5) for seed in (0, 1))
    assert one.test != other.test
    assert set(one.folds).isdisjoint(other.folds)
