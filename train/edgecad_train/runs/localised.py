"""localisation.csv: a line a scan, of a run or of an evaluation."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from edgecad.errors import ModelInvalid
from edgecad_train.evaluation.localisation.located import LocatedScan

NAMES = tuple(field.name for field in fields(LocatedScan))
COLUMNS = ("part", *NAMES)
"""Of every localisation.csv; `scan` counts the scans of the data from 0, in their order. Empty: not known."""
SHARES = ("score", "deficit", "chance", "map_auc", "region_uptake", "map_and_uptake")
BOOLS = ("above", "peak_on_defect", "coldest_on_defect", "region_empty")
SURE = ("score", "above", "region_empty")
"""Cells that no line leaves empty, beside `scan` and `patient`."""


@dataclass(frozen=True)
class LocatedLine:
    """A line of localisation.csv: a scan, and the part in which its patient was judged; empty in an evaluation."""

    part: str
    located: LocatedScan


def write_located(lines: Iterable[LocatedLine], path: Path) -> None:
    """Write a localisation.csv."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for line in lines:
            table.writerow([line.part, *(_cell(getattr(line.located, name)) for name in NAMES)])


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    return f"{value:.6f}" if isinstance(value, float) else value


def located_from_csv(path: Path, next_step: str) -> tuple[LocatedLine, ...]:
    """Read the lines of a localisation.csv; none where there is no such file, as in runs of earlier versions.

    Raises:
        ModelInvalid: it is no text, a column is missing, or a line cannot be meant.
    """
    if not path.is_file():
        return ()
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            return tuple(LocatedLine(row["part"], _located(row)) for row in rows)
    except (ValueError, KeyError, TypeError, csv.Error) as error:  # a UnicodeDecodeError is a ValueError
        raise ModelInvalid(f"{path} cannot be used: {error}; {next_step}") from error


def _located(row: Mapping[str, str]) -> LocatedScan:
    numbers = {name: _read(row[name], float, name) for name in SHARES}
    answers = {name: _read(row[name], _bool, name) for name in BOOLS}
    own = {"scan": int(row["scan"]), "patient": row["patient"], "truth": row["truth"]}
    return LocatedScan(**own, **numbers, **answers)  # type: ignore[arg-type]


def _read(cell: str, of: Callable[[str], float | bool], name: str) -> float | bool | None:
    if cell == "" and name in SURE:
        raise ValueError(f"a line has no {name}")
    return of(cell) if cell else None


def _bool(cell: str) -> bool:
    return {"0": False, "1": True}[cell]
