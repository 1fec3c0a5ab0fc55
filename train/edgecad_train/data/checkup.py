"""What training would do with the data, told before anything is trained: `edgecad train --check`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from edgecad.contract import Origin, Preparation
from edgecad.frozen import Frozen, json_from_struct
from edgecad.images import PassedOver
from edgecad.polarmap import ChosenBy
from edgecad.system.folders import write_whole
from edgecad_train.classes import CLASSES
from edgecad_train.data.colours import ColourTables
from edgecad_train.data.duplicates import NearDuplicate
from edgecad_train.data.findings import describe, orientation_of_data, pairs_of, tables_of
from edgecad_train.data.found import Found
from edgecad_train.data.labelled import Case, DataFinding, Refusal, RefusedScan
from edgecad_train.data.prepared import PreparedData, reason_to_stop
from edgecad_train.origin import origin_words

CHOSEN: dict[ChosenBy, str] = {
    "contract": "told by the scans",
    "user": "named",
    "bar": "told by the bar",
    "site": "named by the site",
}
"""Who chose a table, in words of a terminal."""
CHECKUP, SHEET = "checkup.json", "contact-sheet.png"


class Counted(Frozen, frozen=True, kw_only=True):
    """Patients and scans of each class, `CAD` and `nonCAD`."""

    patients: dict[str, int]
    scans: dict[str, int]


class TableFound(Frozen, frozen=True, kw_only=True):
    """One colour table: how many scans were drawn in it, of which class, and one of them."""

    number: int
    """From 1, the commonest."""
    name: str | None = None
    """None where scans were grouped by their colours."""
    chosen_by: dict[ChosenBy, int] = msgspec.field(default_factory=dict)
    """Who said of how many scans that this is their table."""
    stepped: int = 0
    """Scans whose colours are in steps."""
    counted: Counted
    example: str


class ScanRead(Frozen, frozen=True, kw_only=True):
    """Through which colour table a scan was read."""

    file: str
    table: str
    sha256: str
    """Of the table's content."""
    chosen_by: ChosenBy
    """`contract`: the scans told it, and the contract will hold it; `user`: `--table`; `bar`: the scan's own bar."""
    steps: int | None
    residual: float
    """Mean distance of the colours to the table, grey levels."""
    ambiguous: bool
    """Whether another known table would explain the scan as well; the other scans told which."""


class Checkup(Frozen, frozen=True, kw_only=True):
    """What training would do with these data."""

    schema: int = 1
    origin: Origin
    would_stop: str | None
    """Why training would not start; null if it would."""
    patient_rule: str
    found: int
    """Scans in the data."""
    kept: Counted
    preparation: Preparation
    defects_known: int = 0
    """Scans that were kept and whose defect is known, by mask or segments."""
    refused: tuple[RefusedScan, ...]
    passed_over: tuple[PassedOver, ...] = ()
    """What in the data's folders is no scan, and folders beside the class folders."""
    parts: dict[str, Counted]
    """Each part of the split."""
    colour_tables: tuple[TableFound, ...]
    scans: tuple[ScanRead, ...] = ()
    """Those that were kept; none where colours are the input."""
    orientation: str | None = None
    """Whether the scans lie as they should, or why that is not known, in words; null in an earlier version's file."""
    findings: tuple[DataFinding, ...]


def run_check(found: Found, prepared: PreparedData, part_of: Mapping[str, str], out: Path) -> Checkup:
    """Check up, and write `checkup.json` and `contact-sheet.png` into the folder `out`.

    The sheet shows screens as they are, with the names on them: `out` belongs where the data lie.
    """
    from edgecad_train.data.sheet import draw_sheet

    tables, pairs = tables_of(prepared), pairs_of(prepared)
    checkup = _checkup(found, prepared, part_of, tables, pairs)
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / CHECKUP, json_from_struct(checkup).encode())
    draw_sheet(prepared, tables, pairs, out / SHEET)
    return checkup


def check_up(found: Found, prepared: PreparedData, part_of: Mapping[str, str]) -> Checkup:
    """What training would do with these data.

    Args:
        prepared: from `read_cases`, which lists what training would stop at.
        part_of: part of each patient; empty where there is no split because training would stop.
    """
    return _checkup(found, prepared, part_of, tables_of(prepared), pairs_of(prepared))


def _checkup(
    found: Found,
    prepared: PreparedData,
    part_of: Mapping[str, str],
    tables: ColourTables,
    pairs: Sequence[NearDuplicate],
) -> Checkup:
    cases = prepared.cases
    parts = sorted({*part_of.values()}, key=list(part_of.values()).index)
    orientation = orientation_of_data(prepared, tables)
    return Checkup(
        origin=prepared.origin,
        would_stop=reason_to_stop(prepared),
        patient_rule=found.patient_rule,
        found=len(found.cases),
        kept=_counted(cases),
        preparation=prepared.preparation,
        defects_known=sum(case.defect is not None for case in cases),
        refused=tuple(map(_refused, prepared.refused)),
        passed_over=found.passed,
        parts={part: _counted([case for case in cases if part_of.get(case.patient) == part]) for part in parts},
        colour_tables=tuple(_table(number, prepared, tables) for number in range(tables.count)),
        scans=_scans(prepared),
        orientation=orientation.line,
        findings=(*found.findings, *describe(prepared, part_of, pairs, tables, orientation)),
    )


def _refused(refusal: Refusal) -> RefusedScan:
    """With its line and its folder, where a CSV lists it: a checkup lies beside the data, which name both."""
    place = f" in {refusal.path.parent} ({refusal.where})" if refusal.where else ""
    return RefusedScan(file=refusal.path.name, reason=refusal.reason, message=f"{refusal.message}{place}")


def _table(number: int, prepared: PreparedData, tables: ColourTables) -> TableFound:
    rows = tables.rows(number)
    own = [prepared.cases[row] for row in rows]
    read = [prepared.readings[row] for row in rows] if prepared.readings else []
    return TableFound(
        number=number + 1,
        name=tables.names[number] if tables.names else None,
        chosen_by=dict(Counter(reading.chosen_by for reading in read).most_common()),
        stepped=sum(reading.steps is not None for reading in read),
        counted=_counted(own),
        example=own[0].path.name,
    )


def _scans(prepared: PreparedData) -> tuple[ScanRead, ...]:
    ambiguous = frozenset(prepared.ambiguous)
    return tuple(
        ScanRead(file=case.path.name, ambiguous=case.path in ambiguous, **vars(reading))
        for case, reading in zip(prepared.cases, prepared.readings, strict=False)
    )


def _counted(cases: Sequence[Case]) -> Counted:
    scans = Counter(case.label for case in cases)
    patients = Counter({case.patient: case.label for case in cases}.values())
    return Counted(patients={name: patients[name] for name in CLASSES}, scans={name: scans[name] for name in CLASSES})


def lines_of(checkup: Checkup) -> tuple[str, ...]:
    """The checkup as lines for a terminal."""
    return (*_heading(checkup), *_refusals(checkup), *_tables(checkup), *_warnings(checkup))


def _heading(checkup: Checkup) -> list[str]:
    stamp = origin_words(checkup.origin)
    origin = f"{checkup.origin}  ({stamp})" if stamp else checkup.origin
    lines = [
        f"{checkup.found} scans found, {_sum(checkup.kept.scans)} kept; origin: {origin}",
        f"patient: {checkup.patient_rule}",
        *([f"the defect is known of {checkup.defects_known} scans"] if checkup.defects_known else []),
        _row("patients", "", *CLASSES, "all"),
        _row("", "all", *_cells(checkup.kept)),
    ]
    return lines + [_row("", part, *_cells(counted)) for part, counted in checkup.parts.items()]


def _refusals(checkup: Checkup) -> list[str]:
    if not checkup.refused:
        return ["left out: none"]
    reasons = Counter(entry.reason for entry in checkup.refused)
    told = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    lines = [f"left out: {len(checkup.refused)} ({told})"]
    return lines + [f"  {entry.file}: {entry.message}" for entry in checkup.refused]


def _tables(checkup: Checkup) -> list[str]:
    lines = [_row("colour tables", "(patients)", *CLASSES, "all")]
    return lines + [
        f"{_row('', table.name or f'table {table.number}', *_cells(table.counted))}   {_notes(table)}"
        for table in checkup.colour_tables
    ]


def _notes(table: TableFound) -> str:
    """Who chose a table, how many scans have it in steps, and one of them."""
    who = ", ".join(f"{CHOSEN[one]} {count}" for one, count in table.chosen_by.items())
    steps = f"in steps {table.stepped}" if table.stepped else ""
    return ", ".join(filter(None, (who, steps, f"for example {table.example}")))


def _warnings(checkup: Checkup) -> list[str]:
    lines = [checkup.orientation] if checkup.orientation else []
    lines += [f"finding: {finding.text}" for finding in checkup.findings] or ["findings: none"]
    if checkup.would_stop:
        lines.append(f"training would stop: {checkup.would_stop}")
    return lines


def _cells(counted: Counted) -> list[str]:
    return [*(str(counted.patients[name]) for name in CLASSES), str(_sum(counted.patients))]


def _row(title: str, name: str, *cells: str) -> str:
    return f"{title:14s}{name:15s}" + "".join(f"{cell:>8s}" for cell in cells)


def _sum(counts: Mapping[str, int]) -> int:
    return sum(counts.values())
