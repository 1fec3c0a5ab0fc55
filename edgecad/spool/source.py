"""Where scans come from: whatever can say which files are whole. A folder is one source; others may be added."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Traits:
    """By what a change of a file is told."""

    inode: int
    size: int
    modified: int
    """Nanoseconds since 1970."""

    @classmethod
    def of(cls, status: os.stat_result) -> Traits:
        """Those of a file."""
        return cls(status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Arrival:
    """A file that may be taken.

    Attributes:
        name: relative to the source's folder, with `/`.
        regular: whether it is a file; a link, a pipe or a device is taken out of the way, and never opened.
        lain: seconds for which the source has seen it as it is.
    """

    path: Path
    name: str
    traits: Traits
    regular: bool
    lain: float = 0.0


class ScanSource(Protocol):
    """What a worker takes scans from. Its files lie on the file system of the worker's OUT."""

    @property
    def waiting(self) -> int:
        """Files that were there at the last look and were not whole."""

    @property
    def closed(self) -> int:
        """Folders that could not be read at the last look."""

    @property
    def problems(self) -> Sequence[str]:
        """What else kept scans waiting at the last look, in words without names of files."""

    def confirm(self) -> None:
        """See that the source is there and ours; called before each look, and before each scan is taken.

        Raises:
            OSError: it is not there now, and may be again.
            UsageError: it is another's.
        """

    def look(self) -> Sequence[Arrival]:
        """Files that are whole, in the order in which to take them; those that nobody takes are given again.

        Raises:
            OSError: the source itself cannot be read.
        """
