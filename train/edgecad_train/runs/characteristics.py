"""characteristics.json: who the patients of each part are, and figures by group where nobody was learnt from.

It holds numbers of patients and no patient; groups.csv has a line a patient.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgecad.errors import ModelInvalid
from edgecad.frozen import Frozen, json_from_struct, struct_from_json
from edgecad_train.classes import POSITIVE
from edgecad_train.data.table.columns import PatientColumns
from edgecad_train.evaluation.statistics.metrics import Part
from edgecad_train.evaluation.subgroups.figures import Answers, GroupedColumn, figures_by_group
from edgecad_train.evaluation.subgroups.grouping import Grouping, grouped
from edgecad_train.runs.names import CHARACTERISTICS, GROUPS

if TYPE_CHECKING:
    from edgecad_train.runs.outcome import RunOutcome

SCHEMA = 1
NEXT = "remove it, or train again"


class GroupInPart(Frozen, frozen=True, kw_only=True):
    """Patients of one group in one part."""

    part: str
    group: str
    patients: int
    positives: int
    """Labelled CAD."""


class Characteristic(Frozen, frozen=True, kw_only=True):
    """One kept column: its groups over all patients, and how many of each are in each part."""

    column: str
    groups: tuple[str, ...]
    """None where the column makes no groups: see `note`."""
    counts: tuple[GroupInPart, ...]
    note: str = ""


class FiguresOfPart(Frozen, frozen=True, kw_only=True):
    """Figures by group of one part whose patients taught nothing to the network that answered."""

    part: Part
    columns: tuple[GroupedColumn, ...]


class Characteristics(Frozen, frozen=True, kw_only=True):
    """What a run says of its patients."""

    schema: int = SCHEMA
    parts: dict[str, int]
    """Patients of each part."""
    columns: tuple[Characteristic, ...]
    figures: tuple[FiguresOfPart, ...]
    """Of what chose or judged, then of the test part."""


def write_characteristics(outcome: RunOutcome, columns: PatientColumns, folder: Path) -> None:
    """Write characteristics.json, and a line a patient with the groups; nothing where no column is kept."""
    if not columns.kept:
        return
    patients = sorted({case.patient for case in outcome.data.cases})
    groupings = [grouped(values, patients) for values in columns.kept]
    (folder / CHARACTERISTICS).write_text(json_from_struct(_characteristics(outcome, groupings)), "utf-8")
    write_groups(groupings, patients, folder / GROUPS)


def write_groups(groupings: Sequence[Grouping], patients: Sequence[str], path: Path) -> None:
    """Write a line a patient: its name, and its group by each column that makes groups; no value that was cut."""
    made = [grouping for grouping in groupings if grouping.groups]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["patient", *(grouping.column for grouping in made)])
        table.writerows([patient, *(grouping.of[patient] for grouping in made)] for patient in patients)


def _characteristics(outcome: RunOutcome, groupings: Sequence[Grouping]) -> Characteristics:
    partition = outcome.partition
    parts = {"development": partition.development, "test": partition.test}
    positive = {case.patient for case in outcome.data.cases if case.label == POSITIVE}
    judged: dict[Part, tuple[str, ...]] = {partition.chosen_on: partition.held, "test": partition.test}
    return Characteristics(
        parts={part: len(members) for part, members in parts.items()},
        columns=tuple(
            Characteristic(
                column=grouping.column,
                groups=grouping.groups,
                counts=tuple(
                    _counted(part, group, [one for one in members if grouping.of[one] == group], positive)
                    for group in grouping.groups
                    for part, members in parts.items()
                ),
                note=grouping.note,
            )
            for grouping in groupings
        ),
        figures=tuple(
            FiguresOfPart(part=part, columns=tuple(figures_by_group(one, _answers(outcome, own)) for one in groupings))
            for part, own in judged.items()
        ),
    )


def _counted(part: str, group: str, members: Sequence[str], positive: set[str]) -> GroupInPart:
    return GroupInPart(
        part=part, group=group, patients=len(members), positives=sum(patient in positive for patient in members)
    )


def _answers(outcome: RunOutcome, patients: tuple[str, ...]) -> Answers:
    # Here, because an outcome holds a network, and whoever reads a run needs none.
    from edgecad_train.runs.outcome import by_patient

    truth, log_odds = by_patient(outcome.data, patients, outcome.log_odds)
    return Answers.of(sorted(patients), truth, log_odds, outcome.contract.decision)


def read_characteristics(folder: Path) -> Characteristics | None:
    """Read what `write_characteristics` wrote; None where the run kept no column.

    Raises:
        ModelInvalid: it is damaged, or of a newer version.
    """
    path = folder / CHARACTERISTICS
    if not path.is_file():
        return None
    found = struct_from_json(path.read_bytes(), Characteristics, str(path), NEXT)
    if found.schema > SCHEMA:
        raise ModelInvalid(f"{path} is of schema {found.schema} and this version reads {SCHEMA}; update edgecad")
    return found
