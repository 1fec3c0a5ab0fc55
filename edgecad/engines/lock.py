"""One builder at a time. The lock is the operating system's: it ends with its process, however that ends.

A file with a process number in it would outlive a killed process, and its number may be given to another one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from edgecad.errors import EngineBuildFailed

_PAUSE = 0.2
"""Seconds between two tries."""


@contextmanager
def exclusive(path: Path, patience: float, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock file `path` inside the block.

    Args:
        patience: seconds to wait for another process.
        waiting: called once, if there is another one.

    Raises:
        EngineBuildFailed: the other one still holds it after that time.
    """
    deadline = time.monotonic() + patience
    with path.open("ab") as file:
        tried = 0
        while not _taken(file):
            tried += 1
            if tried == 1 and waiting is not None:
                waiting()
            if time.monotonic() >= deadline:
                raise EngineBuildFailed(
                    f"another process has been building this engine for {patience:g} s; wait for it, or end it"
                )
            time.sleep(_PAUSE)
        yield  # closing the file gives the lock back


@contextmanager
def attempted(path: Path) -> Iterator[bool]:
    """Hold the lock file `path` inside the block if nobody else does; gives whether it is held."""
    with path.open("ab") as file:
        yield _taken(file)


def _taken(file: IO[bytes]) -> bool:
    """Try to take the lock; whether it worked."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
