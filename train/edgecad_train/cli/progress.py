"""Progress on stderr: bars on a terminal; in a log a line a stage, and one a minute while a stage lasts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import typer

from edgecad.cli.progress import Bars, progress_bars

EVERY_S = 60.0
"""Seconds between two lines of one stage."""


@contextmanager
def stage_progress(quiet: bool = False) -> Iterator[Bars]:
    """Give a function `(task, done, total, figures)` that shows how far each task is; nothing if `quiet`."""
    if quiet or sys.stderr.isatty():
        with progress_bars(quiet) as bars:
            yield bars
        return
    lines = StageLines(lambda text: typer.echo(text, err=True))
    try:
        yield lines
    finally:
        lines.close()


@dataclass
class StageLines:
    """Says a stage when it ends, or when another one begins, and once a minute before that."""

    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = datetime.now
    _task: str = ""
    _line: str = ""
    """Where the task stands, if that is worth a line and was not said yet."""
    _said_at: float = 0.0
    _full: bool = False

    def __call__(self, task: str, done: int, total: int, figures: str) -> None:
        """Take in how far a task is."""
        if task != self._task:
            self.close()
            self._task, self._said_at, self._full = task, self.clock(), False
        line = f"{task} {done}/{total}  {figures}".rstrip()
        if self.clock() - self._said_at >= EVERY_S:
            self._say(line)
        elif not (self._full and done >= total):  # the end is said once, whatever comes after it
            self._line = line if done else ""
        self._full = done >= total
        if self._full:
            self.close()

    def close(self) -> None:
        """Say what was not said yet."""
        if self._line:
            self._say(self._line)

    def _say(self, line: str) -> None:
        self.say(f"{self.now():%H:%M:%S} {line}")
        self._line, self._said_at = "", self.clock()
