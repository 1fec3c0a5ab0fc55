"""The first line of a table: what separates its columns, and which column is which."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecad.clinical.cells import plain_cell
from edgecad.clinical.headers import SEPARATORS, first_line, separator_of
from edgecad.errors import UsageError
from edgecad_train.data.labelled import DataFinding
from edgecad_train.data.table.text import COLUMNS, FOLDER_LAYOUT

READER = "reader:"
"""Begins the name of a column with one reader's answers."""
MAP = "map:"
"""Begins the name of a column with one more map of each scan's patient."""
_NAMED = re.compile(r"(reader|map)\s*:\s*(.*)", re.IGNORECASE)
OPTIONAL = ("mask", "segments", "deficit_percent")
"""Columns that a table may have, and that are used wherever they stand."""


@dataclass(frozen=True)
class Headers:
    """The first line of a table.

    Attributes:
        names: of the columns, those that are used by the names that EdgeCAD has for them.
        separator: between the cells.
        findings: what was read otherwise than it stands there.
    """

    names: tuple[str, ...]
    separator: str
    findings: tuple[DataFinding, ...]


def read_headers(text: str, table: Path, used: Collection[str]) -> Headers:
    """Find the separator and the names of the columns.

    Args:
        text: of the whole table.
        used: further columns that are asked for, by name.

    Raises:
        UsageError: a needed column is missing, or one that is used stands there twice.
    """
    separator = separator_of(text, COLUMNS)
    seen = first_line(text, separator)
    wanted = (*COLUMNS, *OPTIONAL, *used)
    names = tuple(_name(plain_cell(word), wanted) for word in seen)
    _check_missing(names, seen, table)
    _check_twice(names, seen, table, wanted)
    return Headers(names, separator, tuple(_findings(seen, names, separator, wanted)))


def _name(word: str, wanted: Sequence[str]) -> str:
    """The name of a column as EdgeCAD has it, if it is wanted; otherwise as it stands there."""
    if word in wanted:
        return word
    named = _NAMED.fullmatch(word)
    if named:
        return f"{named[1].casefold()}:{named[2].strip()}"
    return next((name for name in wanted if name.casefold() == word.casefold()), word)


def _check_missing(names: Sequence[str], seen: Sequence[str], table: Path) -> None:
    missing = [name for name in COLUMNS if name not in names]
    if not missing:
        return
    told = ", ".join(seen) or "nothing"
    alike = [(word, name) for name in missing for word in seen if _alike(word, name)]
    step = f"rename {alike[0][0]!r} to {alike[0][1]}, if that is it" if alike else FOLDER_LAYOUT
    raise UsageError(f"{table} has no column {', '.join(missing)} (seen: {told}); {step}")


def _alike(word: str, name: str) -> bool:
    return name in re.split(r"[\s_\-.]+", plain_cell(word).casefold())


def _check_twice(names: Sequence[str], seen: Sequence[str], table: Path, wanted: Collection[str]) -> None:
    for name in dict.fromkeys(names):
        if names.count(name) > 1 and _used(name, wanted):
            told = " and ".join(repr(word) for word, own in zip(seen, names, strict=True) if own == name)
            raise UsageError(
                f"{table} has the column {name} {names.count(name)} times ({told}), and which one counts is not said; "
                "remove or rename the others"
            )


def _findings(
    seen: Sequence[str], names: Sequence[str], separator: str, wanted: Collection[str]
) -> Iterator[DataFinding]:
    if separator != ",":
        text = f"the CSV has {SEPARATORS[separator]} between its columns, and is read so"
        yield DataFinding(code="separator", text=text)
    changed = [(word, name) for word, name in zip(seen, names, strict=True) if word != name and _used(name, wanted)]
    if changed:
        told = ", ".join(f"{word!r} as {name}" for word, name in changed)
        text = f"names of columns are read without blanks around them, in capital or small letters: {told}"
        yield DataFinding(code="column-names", text=text)


def _used(name: str, wanted: Collection[str]) -> bool:
    return name in wanted or name.startswith((READER, MAP))
