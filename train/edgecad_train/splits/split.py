"""Who is trained on, who chooses, who judges: parts by patient, stratified by class, kept in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from edgecad.contract import Frozen, json_from_struct, struct_from_json
from edgecad.errors import ModelInvalid, UsageError
from edgecad_train.classes import CLASSES
from edgecad_train.data.cases import Case

PARTS = ("train", "validation", "test")


class Split(Frozen, frozen=True, kw_only=True):
    """Patients of each part; nobody is in two."""

    seed: int
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        everyone = self.train + self.validation + self.test
        if len(set(everyone)) != len(everyone):
            raise ValueError("a patient is in two parts of the split")

    def __str__(self) -> str:
        return ", ".join(f"{part} {len(getattr(self, part))}" for part in PARTS) + " patients"

    def rows(self, cases: Sequence[Case], part: str) -> NDArray[np.intp]:
        """Indices of the scans whose patient is in `part`."""
        members = set(getattr(self, part))
        return np.array([index for index, case in enumerate(cases) if case.patient in members], np.intp)

    @property
    def sha256(self) -> str:
        """Hash of the split itself, whatever file it lies in."""
        return hashlib.sha256(json_from_struct(self).encode()).hexdigest()


def split_by_patient(cases: Sequence[Case], seed: int, test_share: float = 0.2, validation_share: float = 0.2) -> Split:
    """Draw a stratified split.

    Args:
        test_share: of all patients of a class; the paper's 80/20.
        validation_share: of the patients that are not in the test part.
    """
    labels = {case.patient: case.label for case in cases}
    patients = sorted(labels)
    development, test = _halves(patients, [labels[name] for name in patients], test_share, seed)
    train, validation = _halves(development, [labels[name] for name in development], validation_share, seed)
    return Split(seed=seed, train=tuple(train), validation=tuple(validation), test=tuple(test))


def _halves(names: list[str], labels: list[str], share: float, seed: int) -> tuple[list[str], list[str]]:
    kept, drawn = train_test_split(names, test_size=share, stratify=labels, random_state=seed)
    return sorted(kept), sorted(drawn)


def split_from_file(path: Path, cases: Sequence[Case]) -> Split:
    """Read a split that was kept, and check that it is about these patients.

    Raises:
        UsageError: it is not a split, or its patients are not those of the data.
    """
    try:
        split = struct_from_json(path.read_bytes(), Split, f"the split {path}", "give the split.json of a run")
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"no split at {path}; give the split.json of a run") from None
    except ModelInvalid as error:
        raise UsageError(str(error)) from error
    here, there = {case.patient for case in cases}, {*split.train, *split.validation, *split.test}
    if here != there:
        raise UsageError(
            f"the split {path} is about other patients: {len(here - there)} of the data are not in it, "
            f"{len(there - here)} of it are not in the data"
        )
    _check_classes(split, {case.patient: case.label for case in cases}, path)
    return split


def _check_classes(split: Split, labels: dict[str, str], path: Path) -> None:
    for part in PARTS:
        missing = set(CLASSES) - {labels[patient] for patient in getattr(split, part)}
        if missing:
            raise UsageError(
                f"the split {path} has no {' and no '.join(sorted(missing))} in its {part} part; "
                "every part needs both classes"
            )
