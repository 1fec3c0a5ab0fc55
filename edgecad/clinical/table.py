"""A CSV of clinical values beside scans: a row a scan, found by the scan's file name or by its id.

It is read again whenever it has changed, so that whoever fills it need not start anything anew. Names of files and ids
are kept as hashes alone.
"""

from __future__ import annotations

import csv
import hashlib
import io
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath

from edgecad.clinical.cells import plain_cell
from edgecad.errors import UsageError
from edgecad.system.reading import file_bytes

SCAN, ID = "scan", "id"
"""Columns by which a row is found: the file's name, with its ending or without; the scan's id."""
MAX_BYTES = 2**25
SEPARATORS = ",;\t"


def keys_of_name(path: str) -> tuple[str, ...]:
    """By what a row of a scan's file is found: hashes of its name with its ending, and without."""
    name = PurePath(path).name
    return tuple(dict.fromkeys(_key(SCAN, word) for word in (name, PurePath(name).stem) if word))


def key_of_id(identity: str | None) -> tuple[str, ...]:
    """By what the row of an id is found; nothing without one."""
    return (_key(ID, identity),) if identity else ()


def _key(kind: str, word: str) -> str:
    return hashlib.sha256(f"{kind}\0{word}".encode("utf-8", "backslashreplace")).hexdigest()


@dataclass(frozen=True)
class _Rows:
    """What a table said when it was read; `found` is by key, None where rows of one key differ."""

    state: tuple[int, ...]
    found: Mapping[str, Mapping[str, str] | None]
    by_name: bool


class ClinicalTable:
    """An open table; safe to use from several threads."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Read it.

        Args:
            columns: of the model.

        Raises:
            UsageError: it cannot be read, or lacks a column.
        """
        self.path, self._columns, self._lock = path, tuple(columns), threading.Lock()
        try:
            self._rows = self._read()
        except OSError as error:
            raise UsageError(f"{path} cannot be read ({error.strerror}); name a CSV of clinical values") from error

    @property
    def by_name(self) -> bool:
        """Whether rows are found by names of files."""
        return self._rows.by_name

    def row(self, keys: Iterable[str]) -> Mapping[str, str]:
        """The cells of a scan's row by column; empty where it has none.

        Raises:
            ValueError: several rows of this scan differ.
        """
        rows = self._fresh()
        for key in keys:
            if key in rows.found:
                row = rows.found[key]
                if row is None:
                    raise ValueError("rows of this scan differ in the table of clinical values; keep the right one")
                return row
        return {}

    def _fresh(self) -> _Rows:
        """The rows as they are now; the last ones where the table cannot be read now, or is half written."""
        with self._lock:
            try:
                if _state(self.path) != self._rows.state:
                    self._rows = self._read()
            except (OSError, UsageError):
                pass
            return self._rows

    def _read(self) -> _Rows:
        state = _state(self.path)
        text = _text(self.path)
        first = text.partition("\n")[0]
        separator = max(SEPARATORS, key=first.count)
        try:
            lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
        except csv.Error as error:
            raise UsageError(f"{self.path} is no CSV ({error}); write it again") from error
        names = [plain_cell(word).casefold() for word in (lines[0] if lines else [])]
        places = self._places(names)
        found: dict[str, Mapping[str, str] | None] = {}
        for line in lines[1:]:
            cells = {name: plain_cell(line[place]) if place < len(line) else "" for name, place in places.items()}
            row = {name: cells[name] for name in self._columns}
            for key in _keys(cells):
                found[key] = row if found.get(key, row) == row else None
        return _Rows(state, found, SCAN in places)

    def _places(self, names: Sequence[str]) -> dict[str, int]:
        """Where each wanted column stands."""
        wanted = {name: name.casefold() for name in self._columns}
        keys = {name: name for name in (SCAN, ID) if name in names and name not in wanted.values()}
        lacking = [name for name, plain in wanted.items() if plain not in names]
        if lacking or not keys:
            lacks = [*lacking, *([] if keys else [f"{SCAN} or {ID}"])]
            raise UsageError(
                f"{self.path} has no column {', '.join(lacks)}; wanted: {SCAN} (the file's name) or {ID}, and "
                f"{', '.join(self._columns)}"
            )
        twice = [name for name, plain in {**wanted, **keys}.items() if names.count(plain) > 1]
        if twice:
            raise UsageError(f"{self.path} has the column {', '.join(twice)} twice; remove or rename one")
        return {name: names.index(plain) for name, plain in {**wanted, **keys}.items()}


def _keys(cells: Mapping[str, str]) -> Iterable[str]:
    name, identity = cells.get(SCAN, ""), cells.get(ID, "")
    if name:
        yield _key(SCAN, PureWindowsPath(name).name)
    yield from key_of_id(identity)


def _text(path: Path) -> str:
    try:
        return file_bytes(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8; save it as CSV in UTF-8") from error


def _state(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino
