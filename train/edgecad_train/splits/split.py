"""Who is trained on, who chooses, who judges: parts by patient, stratified by class."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from edgecad.errors import UsageError
from edgecad.frozen import Frozen, json_from_struct
from edgecad_train.data import Case
from edgecad_train.splits.protocol import BY_SIZE, TEST_SHARE, VALIDATION_SHARE, Protocol, ProtocolName

Labels = dict[str, str]
"""Class of each patient."""


class Partition(Frozen, frozen=True, kw_only=True):
    """Base of the two ways to divide patients; nobody is in two parts."""

    seed: int

    def parts(self) -> dict[str, tuple[str, ...]]:
        """Name of each part -> its patients."""
        raise TypeError("a partition is a Split or Folds")

    def __post_init__(self) -> None:
        parts = self.parts()
        if not all(parts.values()) or len(parts) < 3:
            raise ValueError(
                "a part has no patients, or there are too few parts: two folds and a test part at the least"
            )
        everyone = [patient for part in parts.values() for patient in part]
        if len(set(everyone)) != len(everyone):
            raise ValueError("a patient is in two parts of the split")

    def part_of(self) -> dict[str, str]:
        """Patient -> name of the part."""
        return {patient: part for part, members in self.parts().items() for patient in members}

    @property
    def sha256(self) -> str:
        """Hash of the partition itself, whatever file it lies in."""
        return hashlib.sha256(json_from_struct(self).encode()).hexdigest()

    def __str__(self) -> str:
        return ", ".join(f"{part} {len(members)}" for part, members in self.parts().items()) + " patients"


class Split(Partition, frozen=True, kw_only=True, tag_field="kind", tag="split"):
    """Training, validation and test part."""

    chosen_on: ClassVar[Literal["validation"]] = "validation"
    protocol: ClassVar[ProtocolName] = "holdout"
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def parts(self) -> dict[str, tuple[str, ...]]:
        """Training, validation, test."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def development(self) -> tuple[str, ...]:
        """Everybody who is not in the test part."""
        return tuple(sorted(self.train + self.validation))

    @property
    def held(self) -> tuple[str, ...]:
        """Patients that choose epoch, temperature and threshold."""
        return self.validation


class Folds(Partition, frozen=True, kw_only=True, tag_field="kind", tag="folds"):
    """Folds of the development part, each of which judges what the others taught, and the test part."""

    chosen_on: ClassVar[Literal["out-of-fold"]] = "out-of-fold"
    protocol: ClassVar[ProtocolName] = "folds"
    folds: tuple[tuple[str, ...], ...]
    test: tuple[str, ...]

    def parts(self) -> dict[str, tuple[str, ...]]:
        """Each fold, and test."""
        return {**{f"fold {number}": fold for number, fold in enumerate(self.folds, 1)}, "test": self.test}

    @property
    def development(self) -> tuple[str, ...]:
        """Everybody who is not in the test part."""
        return tuple(sorted(patient for fold in self.folds for patient in fold))

    @property
    def held(self) -> tuple[str, ...]:
        """Patients that choose epoch, temperature and threshold: each by the fold that held it out."""
        return self.development

    def split(self, index: int) -> Split:
        """The split in which fold `index` validates and the others train."""
        held = self.folds[index]
        train = tuple(patient for patient in self.development if patient not in set(held))
        return Split(seed=self.seed, train=train, validation=held, test=self.test)


def rows_of(cases: Sequence[Case], patients: Sequence[str]) -> NDArray[np.intp]:
    """Indices of the scans of these patients."""
    members = set(patients)
    return np.array([index for index, case in enumerate(cases) if case.patient in members], np.intp)


def divide(cases: Sequence[Case], seed: int, protocol: Protocol = BY_SIZE) -> Split | Folds:
    """Draw a stratified partition.

    Raises:
        UsageError: more folds than a class has patients in the development part.
    """
    return divide_rest(*_test_part(cases, seed), seed, protocol)


def divide_rest(
    development: tuple[str, ...], test: tuple[str, ...], labels: Labels, seed: int, protocol: Protocol
) -> Split | Folds:
    """Divide the patients outside a test part that is given.

    Args:
        labels: class of every patient.

    Raises:
        UsageError: more folds than a class has patients in the development part.
    """
    folds = protocol.folds_for(labels, development)
    if folds:
        return Folds(seed=seed, folds=stratified_folds(development, labels, folds, seed), test=test)
    return _split(development, test, labels, seed)


def split_by_patient(cases: Sequence[Case], seed: int) -> Split:
    """Draw training, validation and test part, stratified by class."""
    return _split(*_test_part(cases, seed), seed)


def folds_by_patient(cases: Sequence[Case], seed: int, folds: int) -> Folds:
    """Draw the test part, the same as `split_by_patient` would, and `folds` folds of the others."""
    development, test, labels = _test_part(cases, seed)
    return Folds(seed=seed, folds=stratified_folds(development, labels, folds, seed), test=test)


def stratified_folds(patients: Sequence[str], labels: Labels, folds: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """Deal patients into folds with the classes in equal shares."""
    own = [labels[patient] for patient in patients]
    fewest = min(own.count(label) for label in set(own))
    if not 2 <= folds <= fewest:
        raise UsageError(
            f"{folds} folds, but the smaller class has {fewest} patients outside the test part; give --folds 2 to "
            f"{fewest} (in a study --inner-folds), or 0 for one validation part"
        )
    # Here and below, because a wrong word must not wait for scikit-learn.
    from sklearn.model_selection import StratifiedKFold

    dealer = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return tuple(tuple(sorted(patients[row] for row in held)) for _, held in dealer.split(patients, own))


def _test_part(cases: Sequence[Case], seed: int) -> tuple[tuple[str, ...], tuple[str, ...], Labels]:
    """Development part, test part, and the class of every patient."""
    labels = {case.patient: case.label for case in cases}
    return *_halves(sorted(labels), labels, TEST_SHARE, seed), labels


def _split(development: tuple[str, ...], test: tuple[str, ...], labels: Labels, seed: int) -> Split:
    train, validation = _halves(development, labels, VALIDATION_SHARE, seed)
    return Split(seed=seed, train=train, validation=validation, test=test)


def _halves(names: Sequence[str], labels: Labels, share: float, seed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from sklearn.model_selection import train_test_split

    own = [labels[name] for name in names]
    kept, drawn = train_test_split(list(names), test_size=share, stratify=own, random_state=seed)
    return tuple(sorted(kept)), tuple(sorted(drawn))
