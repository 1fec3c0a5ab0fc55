"""The picture of a bench."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import typer

from edgecad.bench.plot import save_plot
from edgecad.bench.results import Measured
from edgecad.cli.bench.text import processor_words
from edgecad.doctor.machine import machine_here
from edgecad.errors import UsageError
from edgecad.system.extras import require


def check_plot(plot: Path) -> None:
    """Find out that there can be no picture before minutes are spent on what it would show.

    Raises:
        NotAvailable: no matplotlib is here.
        UsageError: the name is none of a picture.
        PermissionError: it cannot be written.
    """
    require("matplotlib", extra="plot")
    if plot.suffix.lower() != ".png":
        raise UsageError(f"--plot {plot} is no name of a PNG picture; give FILE.png")
    if plot.is_dir() or not plot.parent.is_dir():
        raise UsageError(f"--plot {plot} is a folder, or in none; name a file in a folder that is there")
    if not os.access(plot if plot.exists() else plot.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(plot))


def write_plot(here: Sequence[Measured], best: Measured | None, plot: Path) -> OSError | None:
    """Write the picture; an error waits, because a limit that does not hold has the last word."""
    try:
        save_plot(here, best, f"{processor_words(machine_here())}, {date.today().isoformat()}", plot)
    except OSError as error:
        typer.echo(f"edgecad: no picture was written to {plot}", err=True)
        return error
    return None
