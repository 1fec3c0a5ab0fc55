"""groups.csv: the group of each patient by each kept column; no value of a column that was not a group."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from edgecad_train.evaluation.subgroups.grouping import Grouping

GROUPS = "groups.csv"


def write_groups(groupings: Sequence[Grouping], patients: Sequence[str], path: Path) -> None:
    """Write a line a patient: its name, and its group by each column that makes groups."""
    made = [grouping for grouping in groupings if grouping.groups]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["patient", *(grouping.column for grouping in made)])
        table.writerows([patient, *(grouping.of[patient] for grouping in made)] for patient in patients)
