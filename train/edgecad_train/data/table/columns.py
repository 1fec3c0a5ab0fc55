"""Columns of a CSV that were asked for, by patient: values to group patients by, and readers' answers.

All other columns are read by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from edgecad.clinical.cells import number_of, stands_for_nothing
from edgecad.errors import UsageError
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.data.labelled import DataFinding
from edgecad_train.data.table.cells import class_of
from edgecad_train.data.table.clinical import AskedClinical
from edgecad_train.data.table.clinical_cells import about_cells
from edgecad_train.data.table.headers import READER
from edgecad_train.data.table.keep import KeptColumn
from edgecad_train.data.table.reading import Table, TableLine

Value = TypeVar("Value")
_READS = {1.0: True, 0.0: False}
"""A column that has numbers and gaps is written with decimals by many programs: `1.0`."""
MODEL = "the model"
"""Beside readers; so it is no reader's name."""


@dataclass(frozen=True)
class AskedColumns:
    """What a command wants of a CSV beside scans, labels and patients."""

    kept: tuple[KeptColumn, ...] = ()
    readers: bool = False
    """Whether the columns `reader:NAME` are wanted."""
    clinical: tuple[AskedClinical, ...] = ()
    """Those that enter the score."""

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """Option and name of each column that was asked for by its name."""
        kept = (("--keep", column.name) for column in self.kept)
        return (*kept, *(("--clinical", column.name) for column in self.clinical))


@dataclass(frozen=True)
class KeptValues:
    """One kept column: what each patient has there; nothing of patients of whom nothing is given."""

    column: KeptColumn
    of: Mapping[str, str]


@dataclass(frozen=True)
class ClinicalCells:
    """One column that enters the score: what each patient has there, numbers with a point."""

    asked: AskedClinical
    cells: Mapping[str, str]


@dataclass(frozen=True)
class PatientColumns:
    """Columns that were asked for.

    Attributes:
        clinical: those that enter the score, in the order in which they were asked for.
        kept: in the order in which they were asked for.
        reads: by reader, whether each patient was called CAD; patients that the reader did not read are not there.
    """

    kept: tuple[KeptValues, ...] = ()
    reads: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    clinical: tuple[ClinicalCells, ...] = ()


def columns_of(table: Table, asked: AskedColumns) -> tuple[PatientColumns, tuple[DataFinding, ...]]:
    """Read the columns that were asked for, one value a patient.

    Raises:
        UsageError: no such column, lines of one patient that do not agree, a word where cuts want a number, or a
            reader's answer that is none.
    """
    for option, column in asked.named:
        _check_there(option, column, table)
    findings: list[DataFinding] = []
    kept = tuple(_kept(table, column, findings) for column in asked.kept)
    readers = [name for name in table.names if name.startswith(READER)] if asked.readers else []
    clinical = tuple(_clinical(table, column, findings) for column in asked.clinical)
    reads = {_reader(name, table): _reads(table, name) for name in readers}
    return PatientColumns(kept, reads, clinical), tuple(findings)


def _check_there(option: str, name: str, table: Table) -> None:
    if name not in table.names:
        others = ", ".join(word for word in table.names if word) or "none"
        raise UsageError(f"{option} {name}: {table.path} has no such column; it has {others}")


def _clinical(table: Table, asked: AskedClinical, findings: list[DataFinding]) -> ClinicalCells:
    findings += about_cells(asked, [line.cell(asked.name) for line in table.lines])
    return ClinicalCells(asked, _kept(table, KeptColumn(asked.name), findings).of)


def _kept(table: Table, column: KeptColumn, findings: list[DataFinding]) -> KeptValues:
    spelt: dict[str, dict[str, None]] = {}

    def value(words: str, where: str) -> str | None:
        if stands_for_nothing(words):
            return None
        number = number_of(words)
        if column.cuts and number is None:
            raise UsageError(f"{where}: {column.name} {words!r} is no number, and --keep {column} cuts numbers")
        if number is not None:
            return f"{number:.10g}"
        written = spelt.setdefault(words.casefold(), {})
        written[words] = None
        return next(iter(written))

    values = KeptValues(column, dict(_by_patient(table, column.name, value)))
    several = [" and ".join(map(repr, written)) for written in spelt.values() if len(written) > 1]
    if several:
        text = f"column {column.name}: {'; '.join(several)} differ in capital letters alone, and are one group"
        findings.append(DataFinding(code="groups-spelt", text=text))
    return values


def _reader(column: str, table: Table) -> str:
    name = column.removeprefix(READER)
    if not name:
        raise UsageError(f"{table.path} has a column '{READER}' that names no reader; wanted: {READER}NAME")
    if name.casefold() == MODEL:
        raise UsageError(f"{table.path} has a column '{column}', and that is what EdgeCAD calls the model; rename it")
    return name


def _reads(table: Table, column: str) -> dict[str, bool]:
    def read(words: str, where: str) -> bool | None:
        if stands_for_nothing(words):
            return None
        known = class_of(words)
        number = number_of(words)
        if known is None and number not in _READS:
            raise UsageError(
                f"{where}: {column} {words!r}; wanted: {' or '.join(CLASSES)}, 1 or 0, or nothing where the reader did "
                "not read"
            )
        return known == POSITIVE if known else _READS[number or 0.0]

    return dict(_by_patient(table, column, read))


def _by_patient(table: Table, column: str, value: Callable[[str, str], Value | None]) -> Iterator[tuple[str, Value]]:
    """Each patient's value in a column; a patient of several lines has the one that is given.

    Raises:
        UsageError: two are given that differ.
    """
    first: dict[str, tuple[Value, TableLine]] = {}
    for line in table.lines:
        patient = line.cell("patient")
        own = value(line.cell(column), f"{table.path}, line {line.number}")
        if own is None:
            continue
        earlier, where = first.setdefault(patient, (own, line))
        if earlier != own:
            raise UsageError(
                f"{table.path}: lines {where.number} and {line.number} are of one patient, {patient!r}, and differ in "
                f"{column}: a patient is in one group; write one value into all lines of a patient"
            )
    yield from ((patient, own) for patient, (own, _) in first.items())


def names_of(asked: AskedColumns) -> Sequence[str]:
    """The columns that were asked for by name."""
    return list(dict.fromkeys(name for _, name in asked.named))
