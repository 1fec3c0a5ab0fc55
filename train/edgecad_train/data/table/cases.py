"""Lines of a table become labelled scans; what cannot be meant is refused with its line."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgecad.clinical.cells import stands_for_nothing
from edgecad.errors import UsageError
from edgecad_train.classes import CLASSES
from edgecad_train.data.labelled import Case, DataFinding, FurtherMap
from edgecad_train.data.table.cells import class_meant, class_of, is_shortened
from edgecad_train.data.table.headers import MAP
from edgecad_train.data.table.reading import Table, TableLine, lines_named
from edgecad_train.data.table.text import COLUMNS
from edgecad_train.data.truth.columns import MASK, truth_of_row

_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")


@dataclass
class _Read:
    """Numbers of the lines of which something was read otherwise than it stands there."""

    padded: list[int] = field(default_factory=list)
    backslashes: list[int] = field(default_factory=list)
    drives: list[int] = field(default_factory=list)
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    further: dict[str, None] = field(default_factory=dict)
    """Names of further maps."""


def cases_of(table: Table) -> tuple[tuple[Case, ...], tuple[DataFinding, ...]]:
    """The scans of a table, and what of its cells was read otherwise than it stands there.

    Raises:
        UsageError: a label that is none, no path or patient, a patient whose digits a spreadsheet lost, a defect that
            cannot be meant, or a column of further maps that names none.
    """
    read = _Read()
    _check_names_of_maps(table)
    cases = tuple(_case(table.path, line, read) for line in table.lines)
    return cases, tuple(_findings(read))


def _case(table: Path, line: TableLine, read: _Read) -> Case:
    path, label, patient = map(line.cell, COLUMNS)
    where = f"{table}, line {line.number}"
    if any(line.cell(column) != line.cells.get(column, "") for column in COLUMNS):
        read.padded.append(line.number)
    known = _label(label, where, read)
    if not patient or not path:
        raise UsageError(f"{where}: no {'path' if patient else 'patient'}; every line needs one")
    if is_shortened(patient):
        raise UsageError(
            f"{where}: patient {patient!r} is a long number that a spreadsheet has shortened, and its other digits are "
            "lost; make its column text, and write the CSV again from the source"
        )
    cells = {**line.cells, MASK: _with_slashes(table.parent, line.cell(MASK), line.number, read)}
    scan = table.parent / _with_slashes(table.parent, path, line.number, read)
    defect = truth_of_row(cells, table.parent, where)
    further = tuple(_further(table.parent, line, read))
    return Case(scan, known, patient, f"{table.name}, line {line.number}", defect, further)


def _further(folder: Path, line: TableLine, read: _Read) -> Iterator[FurtherMap]:
    """Maps of the line beside the one in `path`; what stands for nothing is none."""
    for column in line.cells:
        words = line.cell(column)
        if column.startswith(MAP) and not stands_for_nothing(words):
            name = column.removeprefix(MAP)
            read.further[name] = None
            yield FurtherMap(name, folder / _with_slashes(folder, words, line.number, read))


def _check_names_of_maps(table: Table) -> None:
    if MAP in table.names:
        raise UsageError(f"{table.path} has a column '{MAP}' that names no map; wanted: {MAP}NAME, as {MAP}rest")


def _label(words: str, where: str, read: _Read) -> str:
    label = class_of(words)
    if label is None:
        meant = class_meant(words)
        hint = f"; write {meant} if that is meant" if meant else ""
        raise UsageError(f"{where}: label {words!r}; wanted: {' or '.join(CLASSES)}{hint}")
    if label != words:
        read.labels[words, label] += 1
    return label


def _with_slashes(folder: Path, words: str, number: int, read: _Read) -> str:
    """A path as this system means it; one of Windows has backslashes, and a name here may have one as well."""
    if os.path.sep == "\\" or not words:
        return words
    if _DRIVE.match(words):
        read.drives.append(number)
    if "\\" not in words or os.path.lexists(folder / words):
        return words
    read.backslashes.append(number)
    return words.replace("\\", "/")


def _findings(read: _Read) -> Iterator[DataFinding]:
    if read.padded:
        text = f"{lines_named(read.padded)} blanks around a path, a label or a patient; they are read without"
        yield DataFinding(code="blanks", text=text)
    if read.labels:
        text = f"labels are read in capital or small letters: {_counted(read.labels)}"
        yield DataFinding(code="labels-spelt", text=text)
    if read.further:
        columns = ", ".join(f"{MAP}{name}" for name in read.further)
        text = f"further maps ({columns}) are read by the method vgg16-maps of a study; all else reads the column path"
        yield DataFinding(code="further-maps", text=text)
    if read.backslashes:
        text = f"{lines_named(read.backslashes)} backslashes in a path, as on Windows; they are read as slashes"
        yield DataFinding(code="backslashes", text=text)
    if read.drives:
        text = (
            f"{lines_named(read.drives)} a path of another computer, with a drive or a server of Windows; write paths "
            "from the CSV's folder on"
        )
        yield DataFinding(code="paths-of-windows", text=text)


def _counted(labels: Mapping[tuple[str, str], int]) -> str:
    return ", ".join(f"{words!r} as {label} in {count} lines" for (words, label), count in labels.items())
