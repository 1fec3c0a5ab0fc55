"""How a worker works through its source; apart, because a command line reads it before it loads anything heavy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer


@dataclass(frozen=True)
class WorkerOptions:
    """How to work, in seconds.

    Attributes:
        interval: between two looks, if nothing wakes the worker before.
        patience: for which a file must be still that somebody writes on after it was taken.
        heartbeat: between two heartbeats.
        keep_days: after which scans, records and days' pages are removed; None keeps them.
    """

    interval: Annotated[float, typer.Option(min=0.05, help="Seconds between two looks.")] = 1.0
    patience: Annotated[
        float, typer.Option(min=0.1, help="Seconds for which a file without end marker, as DICOM, must be still.")
    ] = 10.0
    heartbeat: float = 5.0
    keep_days: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=36500,
            help="Remove scans, records and days' pages after so many days, but none from before a month without any. "
            "Default: keep them.",
            show_default=False,
        ),
    ] = None
