"""Progress on stderr: bars on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Bars = Callable[[str, int, int, str], None]


@contextmanager
def progress_bars(quiet: bool = False) -> Iterator[Bars]:
    """Give a function `(task, done, total, figures)` that draws one bar a task; none if `quiet`."""
    if quiet or not sys.stderr.isatty():
        yield lambda task, done, total, figures: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:>12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, object] = {}

        def show(task: str, done: int, total: int, figures: str) -> None:
            if task not in tasks:
                tasks[task] = progress.add_task(task, total=total, figures="")
            progress.update(tasks[task], completed=done, figures=figures)  # type: ignore[arg-type]

        yield show
