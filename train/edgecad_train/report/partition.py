"""Who is in which part, read from split.json itself, and the proof that nobody is in two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import msgspec


class SplitFile(msgspec.Struct, frozen=True, tag="split", tag_field="kind"):
    """Names of the patients of each part."""

    seed: int
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """Patients by part."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


class FoldsFile(msgspec.Struct, frozen=True, tag="folds", tag_field="kind"):
    """Names of the patients of each fold of the development part, and of the test part."""

    seed: int
    folds: tuple[tuple[str, ...], ...]
    test: tuple[str, ...]

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """Patients by part: each fold is one."""
        return {**{f"fold {number}": fold for number, fold in enumerate(self.folds, start=1)}, "test": self.test}


PARTITIONS = SplitFile | FoldsFile


@dataclass(frozen=True)
class Overlap:
    """How many patients two parts share."""

    one: str
    other: str
    patients: int


def overlaps(parts: Mapping[str, tuple[str, ...]]) -> tuple[Overlap, ...]:
    """Patients that each two parts share; every count must be 0."""
    members = {name: set(patients) for name, patients in parts.items()}
    return tuple(Overlap(one, other, len(members[one] & members[other])) for one, other in combinations(members, 2))


def named_twice(parts: Mapping[str, tuple[str, ...]]) -> int:
    """How many names stand more than once within one part; must be 0."""
    return sum(len(patients) - len(set(patients)) for patients in parts.values())
