"""A colour table as a file, and a word that names either a known table or a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from edgecad.colourtables.known import KNOWN_TABLES, known_table
from edgecad.colourtables.table import ColourTable
from edgecad.errors import UsageError

MAX_BYTES = 2**18
"""Of a table's file; one of 512 points takes a tenth of it."""


def table_from_word(word: str | os.PathLike[str]) -> ColourTable:
    """A known table by its name, or one from its file; a name is never looked for as a file.

    Raises:
        UsageError: as for `known_table` and `table_from_file`.
    """
    name = os.fspath(word)
    if name in KNOWN_TABLES or not (Path(name).suffix or os.sep in name or Path(name).exists()):
        return known_table(name)
    return table_from_file(Path(name))


def usable_table(word: str | os.PathLike[str], beside: Path | None = None) -> ColourTable:
    """A table to answer with, by its name or file.

    Args:
        beside: folder at which a relative path starts; default: the current one.

    Raises:
        UsageError: as for `table_from_word`; or it is a draft, whose scale nobody knows.
    """
    name = os.fspath(word)
    if beside is not None and name not in KNOWN_TABLES and Path(name).suffix:
        word = beside / name
    return _no_draft(table_from_word(word), name)


def _no_draft(table: ColourTable, name: str) -> ColourTable:
    if table.draft:
        raise UsageError(
            f"the colour table {name} is a draft: it was learnt without a bar, and its scale is not known; learn it "
            "from a screen with its bar: edgecad table learn SCREEN --bar x,y,w,h"
        )
    return table


def usable_tables(
    named: Iterable[ColourTable | str | os.PathLike[str]], beside: Path | None = None
) -> tuple[ColourTable, ...]:
    """Tables to answer with or to learn from, each once, in their order.

    Args:
        named: tables, or their names or files.
        beside: as for `usable_table`.

    Raises:
        UsageError: as for `usable_table`; or two different ones have one name, by which records tell them.
    """
    tables: dict[str, ColourTable] = {}
    for each in named:
        table = _no_draft(each, each.name) if isinstance(each, ColourTable) else usable_table(each, beside)
        if tables.setdefault(table.name, table).sha256 != table.sha256:
            told = "" if isinstance(each, ColourTable) else f"{os.fspath(each)}: "
            raise UsageError(f"{told}two different colour tables are called {table.name}; give one another name")
    return tuple(tables.values())


def table_from_file(path: Path) -> ColourTable:
    """Read a table that `edgecad table learn` wrote.

    Raises:
        UsageError: there is no such file, or it is no table; the message says what was seen and the next step.
    """
    try:
        if not path.is_file():
            raise UsageError(f"there is no colour table {path}; make one with edgecad table learn")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its path is malformed"
        raise UsageError(f"the colour table {path} cannot be read ({why}); name another") from error
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path} has more than {MAX_BYTES} bytes, which no colour table has; name another")
    try:
        return msgspec.json.decode(content, type=ColourTable)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(
            f"{path} is no colour table ({error}); a screen or a strip becomes one by edgecad table learn"
        ) from error
