"""split.json: who of the patients is in which part; one writer, and one reader for every file of its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from edgecad.errors import ModelInvalid, UsageError
from edgecad.frozen import json_from_struct
from edgecad.system.folders import write_whole
from edgecad_train.classes import CLASSES
from edgecad_train.data import Case
from edgecad_train.splits.split import Folds, Split

GIVE = "give the split.json of a run"


def write_partition(partition: Split | Folds, path: Path) -> None:
    """Write a partition, whole or not at all."""
    write_whole(path, json_from_struct(partition).encode())


def partition_from_json(text: bytes, what: str, next_step: str = GIVE) -> Split | Folds:
    """Decode a partition.

    Raises:
        ModelInvalid: it is damaged, or a patient stands in it twice.
    """
    try:
        return msgspec.json.decode(text, type=Split | Folds)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelInvalid(f"{what} cannot be used: {error}; {next_step}") from error


def kept_partition(path: Path) -> Split | Folds:
    """Read the partition that a user names.

    Raises:
        UsageError: there is no file, or it is no partition.
    """
    try:
        return partition_from_json(path.read_bytes(), f"the split {path}")
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"no split at {path}; {GIVE}") from None
    except ModelInvalid as error:
        raise UsageError(str(error)) from error


def partition_from_file(path: Path, cases: Sequence[Case]) -> Split | Folds:
    """Read a partition to train by, and check that it is about these patients.

    Raises:
        UsageError: it is no partition, or its patients are not those of the data.
    """
    partition = kept_partition(path)
    here, there = {case.patient for case in cases}, set(partition.part_of())
    if here != there:
        raise UsageError(
            f"the split {path} is about other patients: {len(here - there)} of the data are not in it, "
            f"{len(there - here)} of it are not in the data; give the split of a run on these scans, or none"
        )
    _check_classes(partition, {case.patient: case.label for case in cases}, path)
    return partition


def parts_in_model(partition: Split | Folds) -> Mapping[str, str]:
    """Part of each patient as the finished model knows it: with folds it was refitted on all of them, so that all count
    as `train`."""
    part_of = partition.part_of()
    return part_of if isinstance(partition, Split) else {
        patient: part if part == "test" else "train" for patient, part in part_of.items()
    }  # fmt: skip


def _check_classes(partition: Split | Folds, labels: dict[str, str], path: Path) -> None:
    for part, members in partition.parts().items():
        missing = set(CLASSES) - {labels[patient] for patient in members}
        if missing:
            raise UsageError(
                f"the split {path} has no {' and no '.join(sorted(missing))} in its {part} part; "
                "every part needs both classes"
            )
