"""A CSV of clinical values beside scans: a row a scan, found by the scan's file name or by its id.

It is read again whenever it has changed, so that whoever fills it need not start anything anew. Names of files and ids
are kept as hashes alone.
"""

from __future__ import annotations

import csv
import hashlib
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath

from edgecad.clinical.cells import plain_cell
from edgecad.clinical.headers import named_width, reader_at_headers, separator_of
from edgecad.errors import UsageError
from edgecad.system.reading import file_bytes

SCAN, ID = "scan", "id"
"""Columns by which a row is found: the file's name, with its ending or without; the scan's id."""
MAX_BYTES = 2**25
SETTLED = 2.0
"""Seconds after which a table whose last line does not end is taken as it is."""


def keys_of_name(path: str) -> tuple[str, ...]:
    """By what a row of a scan's file is found: hashes of its name with its ending, and without."""
    name = PurePath(path).name
    return tuple(dict.fromkeys(_key(SCAN, word) for word in (name, PurePath(name).stem) if word))


def shared_keys(paths: Iterable[str]) -> frozenset[str]:
    """Keys of names that scans in several folders have: by these no row is found, as it may be of any of them."""
    folders: dict[str, set[str]] = {}
    for path in paths:
        for key in keys_of_name(path):
            folders.setdefault(key, set()).add(str(Path(path).parent.resolve()))
    return frozenset(key for key, own in folders.items() if len(own) > 1)


def key_of_id(identity: str | None) -> tuple[str, ...]:
    """By what the row of an id is found; nothing without one."""
    return (_key(ID, identity),) if identity else ()


def _key(kind: str, word: str) -> str:
    return hashlib.sha256(f"{kind}\0{word}".encode("utf-8", "backslashreplace")).hexdigest()


@dataclass(frozen=True)
class _Row:
    """Cells of a row by column of the model, and the key of the id that it names; none where it names none."""

    cells: Mapping[str, str]
    identity: tuple[str, ...]


@dataclass(frozen=True)
class _Rows:
    """What a table said when it was read; `found` is by key, and says in words why a row of that key has no use."""

    state: tuple[int, ...]
    found: Mapping[str, _Row | str]
    by_name: bool


DIFFER = "rows of this scan differ in the table of clinical values; keep the right one"
OTHER_ID = "this scan's row in the table of clinical values has another id than the scan; see whose values these are"
SURPLUS = (
    "the row of this scan has more cells than the table of clinical values has columns; put a cell that holds the "
    "separator into quotation marks"
)


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
        self._unread = False
        try:
            self._rows, _ = self._read()
        except OSError as error:
            raise UsageError(f"{path} cannot be read ({error.strerror}); name a CSV of clinical values") from error

    @property
    def by_name(self) -> bool:
        """Whether rows are found by names of files."""
        return self._rows.by_name

    @property
    def unread(self) -> bool:
        """Whether the table has changed since it was read last, and could not be read when a row was looked for."""
        return self._unread

    def row(self, keys: Iterable[str], identity: str | None = None) -> Mapping[str, str]:
        """The cells of a scan's row by column; empty where it has none.

        Args:
            keys: of the scan, by its name.
            identity: of the scan; None where it has none, or nobody looks.

        Raises:
            ValueError: several rows of this scan differ, its row has too many cells, or is of another id.
        """
        rows, own = self._fresh(), key_of_id(identity)
        found = [rows.found[key] for key in (*keys, *own) if key in rows.found]
        whole = [row for row in found if isinstance(row, _Row)]
        if len(whole) < len(found):
            raise ValueError(next(row for row in found if isinstance(row, str)))
        if any(own and row.identity and row.identity != own for row in whole):
            raise ValueError(OTHER_ID)
        if any(row.cells != whole[0].cells for row in whole):
            raise ValueError(DIFFER)
        return whole[0].cells if whole else {}

    def _fresh(self) -> _Rows:
        """The rows as they are now; the last ones where the table cannot be read now, or is half written."""
        with self._lock:
            try:
                state = _state(self.path)
                if state != self._rows.state:
                    rows, whole = self._read()
                    # Its next lines, or the rest of this one, may come; of a table that lies there they do not.
                    if not 0 <= time.time() - state[0] / 1e9 < SETTLED:
                        self._rows = rows
                    elif whole:
                        self._rows = self._with_earlier(rows)
                self._unread = False
            except (OSError, UsageError):
                self._unread = True
            return self._rows

    def _with_earlier(self, rows: _Rows) -> _Rows:
        """Rows of a table that may still be written, and those that it has not yet; it is read again then."""
        if rows.by_name != self._rows.by_name or rows.found.keys() >= self._rows.found.keys():
            return rows
        return _Rows(self._rows.state, {**self._rows.found, **rows.found}, rows.by_name)

    def _read(self) -> tuple[_Rows, bool]:
        """The rows, and whether the last line is whole."""
        state = _state(self.path)
        text = _text(self.path)
        wanted = {name.casefold() for name in (*self._columns, SCAN, ID)}
        try:
            read = list(reader_at_headers(text, separator_of(text, wanted)))
        except csv.Error as error:
            raise UsageError(f"{self.path} is no CSV ({error}); write it again") from error
        head, *rest = read or [[]]
        places = self._places([plain_cell(word).casefold() for word in head])
        found: dict[str, _Row | str] = {}
        columns = named_width(head)
        for line in rest:
            cells = {name: plain_cell(line[place]) if place < len(line) else "" for name, place in places.items()}
            own = _Row({name: cells[name] for name in self._columns}, key_of_id(cells.get(ID)))
            row = SURPLUS if any(map(plain_cell, line[columns:])) else own
            for key in _keys(cells):
                found[key] = row if found.get(key, row) == row else DIFFER
        return _Rows(state, found, SCAN in places), text.endswith(("\n", "\r"))

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
