"""The file of openings: read whole, written whole, one process at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from edgecad.errors import ModelInvalid
from edgecad.frozen import Frozen, json_from_struct, struct_from_json
from edgecad.system.folders import write_whole
from edgecad.system.lock import taken_within
from edgecad_train.data.openings.place import ENDING, LOCK

By = Literal["train", "study", "evaluate"]
SCHEMA: Literal[1] = 1
ABOUT = (
    "How often labelled patients were opened, by SHA-256 of their scans' files. EdgeCAD writes it; keep it beside the "
    "data, and move it with them."
)
PATIENCE_S = 30.0
"""For which another process may be at it."""


class Opening(Frozen, frozen=True, kw_only=True):
    """Who looked at labelled patients, and when. A run, a study or an evaluation is one, resumed or not."""

    id: str
    by: By
    at: str
    """UTC, ISO 8601."""


class OpeningsFile(Frozen, frozen=True, kw_only=True):
    """What the file holds."""

    schema: Literal[1] = SCHEMA
    about: str = ABOUT
    openings: tuple[Opening, ...] = ()
    scans: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)
    """SHA-256 of a scan's file -> which of the openings had it."""

    def __post_init__(self) -> None:
        if any(not 0 <= index < len(self.openings) for own in self.scans.values() for index in own):
            raise ValueError("a scan names an opening that is not there")

    def of_scan(self, digest: str) -> Iterator[Opening]:
        """Openings that had the scan."""
        return (self.openings[index] for index in self.scans.get(digest, ()))

    def with_opening(self, opening: Opening, digests: Iterable[str]) -> OpeningsFile:
        """The same with these scans opened; what an opening had before stays."""
        known = next((number for number, one in enumerate(self.openings) if one.id == opening.id), None)
        openings = self.openings if known is not None else (*self.openings, opening)
        index = len(self.openings) if known is None else known
        scans = {**self.scans, **{one: tuple(sorted({*self.scans.get(one, ()), index})) for one in digests}}
        return OpeningsFile(openings=openings, scans=scans)


class CannotCount(Exception):
    """Why a file of openings cannot be read or written, for people."""


def read_openings(path: Path) -> OpeningsFile:
    """Read a file of openings; an empty one where there is none.

    Raises:
        CannotCount: it cannot be read, is damaged, or is something else.
    """
    try:
        return struct_from_json(path.read_bytes(), OpeningsFile, path.name, "move it away to begin a new count")
    except FileNotFoundError:
        return OpeningsFile()
    except OSError as error:
        raise CannotCount(f"{path.name} cannot be read ({error.strerror or error})") from error
    except (ModelInvalid, UnicodeDecodeError) as error:
        raise CannotCount(str(error)) from error


def write_openings(content: OpeningsFile, path: Path) -> None:
    """Write it, whole or not at all.

    Raises:
        CannotCount: the disk or a permission does not allow it.
    """
    try:
        write_whole(path, json_from_struct(content).encode())
    except OSError as error:
        raise CannotCount(f"{path.name} cannot be written ({error.strerror or error})") from error


def others_near(path: Path, places: Iterable[Path]) -> Iterator[Path]:
    """Files of openings of other data in these folders: the same scans may be copied, renamed or listed there."""
    for place in places:
        try:
            yield from sorted(one for one in place.glob(f"*{ENDING}") if one != path)
        except OSError:  # a folder that may be entered and not listed
            continue


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Be the only one who counts in this folder.

    Raises:
        CannotCount: another process does for half a minute, or nobody can write there.
    """
    try:
        file = (path.parent / LOCK).open("ab")
    except OSError as error:
        raise CannotCount(f"{path.name} cannot be written ({error.strerror or error})") from error
    with file:  # closing it gives the lock back
        try:
            held = taken_within(file, PATIENCE_S)
        except OSError as error:
            raise CannotCount(f"{path.name} cannot be locked ({error.strerror or error})") from error
        if not held:
            raise CannotCount(f"another process has been writing {path.name} for {PATIENCE_S:g} s")
        yield
