"""The pointer `latest` of a folder of models: which one is in force, which ones were, and who is behind.

Beside the pointer lies its history, `latest-history.json`. It is written before the pointer is: where a process was
killed between the two, the pointer still names what the last entry comes from, and that entry counts as not made.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgecad.errors import ModelInvalid, UsageError
from edgecad.frozen import Frozen, json_from_struct, struct_from_json
from edgecad.modelfiles.file import DEFAULT, VARIABLE
from edgecad.system.clock import second_text
from edgecad.system.folders import LATEST, followed, point_latest, write_whole
from edgecad.system.lock import taken_within
from edgecad.system.reading import file_bytes

HISTORY = "latest-history.json"
DAMAGED = "latest-history.damaged.json"
"""What a history is called that cannot be read, once a new one is begun."""
LOCK = ".latest.lock"
ROLLBACK = "edgecad models rollback"
MOST_CHANGES = 1000
"""Entries that a history keeps, the newest."""
MAX_BYTES = 2**22
"""Of a history's file."""
_WAIT = 10.0
"""Seconds to wait for another process that changes the pointer."""


class PointerChange(Frozen, frozen=True, kw_only=True):
    """One change of the pointer.

    Attributes:
        before: the model that it named; None where there was no pointer. `from` in the file.
        after: the model that it names since. `to` in the file.
        command: what changed it, as a user types it.
    """

    time: str
    before: str | None = msgspec.field(name="from")
    after: str = msgspec.field(name="to")
    command: str


class PointerHistory(Frozen, frozen=True, kw_only=True):
    """What `latest-history.json` holds, the oldest change first."""

    schema: int = 1
    changes: tuple[PointerChange, ...] = ()


@dataclass(frozen=True)
class ModelPointer:
    """A pointer through which a model was opened.

    Attributes:
        path: of the pointer, from the root.
        opened: name of the folder that it named then.
    """

    path: Path
    opened: str

    def other(self) -> str | None:
        """Name of the model in force, where it is another one by now; None also where the pointer cannot be read."""
        try:
            target = followed(self.path)
        except (OSError, UsageError):
            return None
        return None if target == self.path or target.name == self.opened else target.name


def pointer_of(given: str | os.PathLike[str] | None, file: Path) -> ModelPointer | None:
    """The pointer through which `edgecad.modelfiles.file.locate_model` found `file`; None where it was none."""
    path = Path(given or os.environ.get(VARIABLE) or DEFAULT)
    if path.name != LATEST or not path.is_file():
        return None
    return ModelPointer(path.absolute(), file.parent.name)


def model_in_force(models: Path) -> str | None:
    """Name of the folder that the pointer of a folder of models names; None where there is no pointer.

    Raises:
        UsageError: `latest` is there and is no pointer.
    """
    path = models / LATEST
    if not os.path.lexists(path):
        return None
    target = followed(path)
    if target == path:
        raise UsageError(f"{path} is not a file that names a model; move it away, then: edgecad models use NAME")
    return target.name


def read_history(models: Path) -> tuple[PointerChange, ...]:
    """Changes of a pointer, the oldest first; none where there is no history.

    Raises:
        ModelInvalid: the history is damaged, or of a newer version.
    """
    path = models / HISTORY
    step = "name the model yourself: edgecad models use NAME"
    if not os.path.lexists(path):
        return ()
    try:
        content = file_bytes(path, MAX_BYTES)
    except OSError as error:
        words = f"{path} cannot be read as a history of the pointer ({error.strerror or error})"
        raise ModelInvalid(f"{words}; {step}") from error
    history = struct_from_json(content, PointerHistory, str(path), step)
    if history.schema != PointerHistory().schema:
        raise ModelInvalid(f"{path} has schema {history.schema}, which this version cannot read; {step}")
    return history.changes


def in_force_before(changes: Sequence[PointerChange], current: str) -> tuple[str, ...]:
    """Models that were in force before `current`, the last one last; each rollback takes its steps back.

    A change that no command made is seen by its names, and counts as one to `current`.
    """
    trail: list[str] = []
    for change in _made(changes, current):
        for name in (change.before, change.after):
            if name is not None and name != (trail[-1] if trail else None):
                if change.command == ROLLBACK and name == change.after and trail[-2:-1] == [name]:
                    trail.pop()
                else:
                    trail.append(name)
    if trail and trail[-1] == current:
        trail.pop()
    return tuple(trail)


def _made(changes: Sequence[PointerChange], current: str | None) -> Sequence[PointerChange]:
    """Without a last change that was written down and did not come about."""
    if changes and changes[-1].after != current and changes[-1].before == current:
        return changes[:-1]
    return changes


def put_in_force(folder: Path, command: str) -> str | None:
    """Let the pointer beside a model folder name it, and write that into the history.

    Args:
        command: what does it, as a user types it: `edgecad export`.

    Returns:
        The model that was in force before; None where there was none.

    Raises:
        UsageError: `latest` is there and is no pointer, or another process keeps it.
    """
    models = folder.parent
    with _alone(models):
        before = model_in_force(models)
        if before != folder.name:
            change = PointerChange(time=second_text(), before=before, after=folder.name, command=command)
            changes = (*_made(_readable(models), before), change)[-MOST_CHANGES:]
            write_whole(models / HISTORY, f"{json_from_struct(PointerHistory(changes=changes))}\n".encode())
        point_latest(folder)
    return before


def _readable(models: Path) -> tuple[PointerChange, ...]:
    """The history; one that cannot be read is put aside, and a new one begins."""
    try:
        return read_history(models)
    except ModelInvalid:
        (models / HISTORY).replace(models / DAMAGED)
        return ()


@contextmanager
def _alone(models: Path) -> Iterator[None]:
    """Let one process at a time change a pointer."""
    with (models / LOCK).open("ab") as file:
        if not taken_within(file, _WAIT):
            raise UsageError(f"another process changes {models / LATEST}; try again when it has ended")
        yield
