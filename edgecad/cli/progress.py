"""Progress on stderr: bars on a terminal of any width, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from edgecad.system.clock import RoughTime

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

Bars = Callable[[str, int, int, str], None]
"""Told a task, how much of it is done, of how much, and figures."""
WIDE, NARROW = 76, 52
"""Columns from which a bar has all its parts, and from which it has a bar at all."""
BESIDE, FIGURES, COUNTS = 46, 26, 28
"""Columns that name, counts, time and gaps take beside the bar; that figures take; that counts, time and gaps take."""


def silent(task: str, done: int, total: int, figures: str) -> None:
    """Draw nothing."""


def with_estimates(bars: Bars, *tasks: str) -> Bars:
    """The same, and a line on standard error once it can be told how long a task whose name begins so will take."""
    if bars is silent:
        return bars
    rough = RoughTime(lambda line: typer.echo(line, err=True))

    def show(task: str, done: int, total: int, figures: str) -> None:
        bars(task, done, total, figures)
        if task.startswith(tasks):
            rough(task, done, total)

    return show


@contextmanager
def progress_bars(quiet: bool = False) -> Iterator[Bars]:
    """Give a function `(task, done, total, figures)` that draws one bar a task; none if `quiet`.

    No line is longer than the terminal is wide: a line that wraps is drawn again and again, each below the last.
    """
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console

    with bars_on(Console(stderr=True)) as (_, bars):
        yield bars


@contextmanager
def bars_on(console: Console) -> Iterator[tuple[Progress, Bars]]:
    """The same on a console."""
    from rich.progress import Progress
    from rich.table import Column

    with Progress(*_columns(console.width, Column), console=console, expand=False) as progress:
        tasks: dict[str, Any] = {}

        def show(task: str, done: int, total: int, figures: str) -> None:
            if task not in tasks:
                tasks[task] = progress.add_task(task, total=total, figures="")
            progress.update(tasks[task], completed=done, total=total, figures=figures)

        yield progress, show


def _columns(width: int, column: Any) -> Iterator[Any]:
    """What a line shows: the task, how far it is and the time that is left; a bar and figures where they fit."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    task, bar = max(10, min(24, width // 3)), max(6, min(40, width - BESIDE - (FIGURES if width >= WIDE else 0)))
    yield TextColumn("{task.description}", table_column=_cut(column, task))
    if width >= NARROW:
        yield BarColumn(bar_width=bar)
    yield MofNCompleteColumn(table_column=column(no_wrap=True))
    yield TimeRemainingColumn(compact=True, table_column=column(no_wrap=True, min_width=5))
    if width >= WIDE:
        yield TextColumn("{task.fields[figures]}", table_column=_cut(column, max(10, width - task - bar - COUNTS)))


def _cut(column: Any, most: int) -> Any:
    """A column that is cut off where it would be wider."""
    return column(no_wrap=True, overflow="ellipsis", max_width=most)
