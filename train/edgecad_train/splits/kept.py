"""A partition that was kept in a file and is used again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from edgecad.errors import UsageError
from edgecad_train.classes import CLASSES
from edgecad_train.data import Case
from edgecad_train.splits.split import Folds, Split

WANTED = "give the split.json of a run"


def partition_from_json(text: bytes, what: str) -> Split | Folds:
    """Decode a partition, or raise `UsageError`."""
    try:
        return msgspec.json.decode(text, type=Split | Folds)
    except msgspec.DecodeError as error:
        raise UsageError(f"{what} cannot be used: {error}; {WANTED}") from error


def partition_from_file(path: Path, cases: Sequence[Case]) -> Split | Folds:
    """Read a partition and check that it is about these patients.

    Raises:
        UsageError: it is no partition, or its patients are not those of the data.
    """
    try:
        partition = partition_from_json(path.read_bytes(), f"the split {path}")
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"no split at {path}; {WANTED}") from None
    here, there = {case.patient for case in cases}, set(partition.part_of())
    if here != there:
        raise UsageError(
            f"the split {path} is about other patients: {len(here - there)} of the data are not in it, "
            f"{len(there - here)} of it are not in the data; give the split of a run on these scans, or none"
        )
    _check_classes(partition, {case.patient: case.label for case in cases}, path)
    return partition


def _check_classes(partition: Split | Folds, labels: dict[str, str], path: Path) -> None:
    for part, members in partition.parts().items():
        missing = set(CLASSES) - {labels[patient] for patient in members}
        if missing:
            raise UsageError(
                f"the split {path} has no {' and no '.join(sorted(missing))} in its {part} part; "
                "every part needs both classes"
            )
