"""`edgecad export --ensemble`: training's own program joins the runs, so that rooms meet in files and not in code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from edgecad.errors import UsageError
from edgecad.system.folders import followed

JOINING = "edgecad_train.ensembles"
"""The module that makes the run folder of an ensemble and prints its path; it is a program of its own."""


def check_members(runs: Sequence[Path], option: Path | None) -> None:
    """Refuse what is wrong before anything is imported.

    Args:
        option: what `--model` names.

    Raises:
        UsageError: fewer than two runs, or one is given as an option.
    """
    if option is not None:
        raise UsageError("--ensemble takes its runs as words and not by --model; write: --ensemble RUN RUN")
    if len(runs) < 2:
        raise UsageError(
            f"--ensemble needs two run folders or more, and {len(runs)} {'was' if len(runs) == 1 else 'were'} named; "
            "write: edgecad export --ensemble RUN RUN"
        )


def ensemble_of(runs: Sequence[Path]) -> Path:
    """Make the run folder of an ensemble beside its first member; errors are said by the program itself.

    Raises:
        typer.Exit: with its exit code, where it made none.
    """
    beside = followed(runs[0]).resolve().parent
    # It finds the modules that are found here, and never those of the folder where the user happens to be.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONSAFEPATH": "1"}
    words = [sys.executable, "-m", JOINING, str(beside), *map(str, runs)]
    ended = subprocess.run(words, check=False, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    if ended.returncode:
        raise typer.Exit(ended.returncode)
    return Path(ended.stdout.strip().splitlines()[-1])
