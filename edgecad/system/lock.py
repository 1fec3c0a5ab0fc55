"""A lock that is the operating system's: it ends with its process, however that ends.

A file with a process number in it would outlive a killed process, and its number may be given to another one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PAUSE = 0.02
"""Seconds between two tries."""


@contextmanager
def attempted(path: Path) -> Iterator[bool]:
    """Hold the lock file `path` inside the block if nobody else does; gives whether it is held."""
    with path.open("ab") as file:
        yield taken(file)  # closing the file gives the lock back


def taken_within(file: IO[bytes], seconds: float) -> bool:
    """Try to take the lock of an open file, again and again; whether it worked."""
    deadline = time.monotonic() + seconds
    while not taken(file):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE)
    return True


def taken(file: IO[bytes]) -> bool:
    """Try to take the lock of an open file, without waiting; whether it worked."""
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
