"""One builder at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edgecad.errors import EngineBuildFailed
from edgecad.system.lock import taken

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
        while not taken(file):
            tried += 1
            if tried == 1 and waiting is not None:
                waiting()
            if time.monotonic() >= deadline:
                raise EngineBuildFailed(
                    f"another process has been building this engine for {patience:g} s; wait for it, or end it"
                )
            time.sleep(_PAUSE)
        yield  # closing the file gives the lock back
