"""The program that `edgecad export --ensemble` starts: run folders in, the run folder of their ensemble out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from edgecad.errors import EdgecadError, UsageError
from edgecad.system.disk import words_of
from edgecad.system.extras import check_installed, require_tensorflow
from edgecad.system.folders import check_writable


def main(words: Sequence[str]) -> int:
    """Make an ensemble and print the path of its folder; steps and errors are lines on standard error.

    Args:
        words: folder of the runs, then the members' run folders.

    Returns:
        The exit code, as `edgecad.errors` has them.
    """
    try:
        out, *runs = map(Path, words)
        typer.echo(_made(out, runs))
    except EdgecadError as error:
        return _said(str(error), error.exit_code)
    except OSError as error:
        return _said(words_of(error), 1)
    return 0


def _made(out: Path, runs: Sequence[Path]) -> Path:
    if len(runs) < 2:
        raise UsageError(f"an ensemble of {len(runs)} run; name two run folders or more: --ensemble RUN RUN")
    check_installed("tensorflow", "keras", "h5py", "sklearn", "scipy", "statsmodels", extras=("train",))
    check_writable(out)
    # Here and below, because a wrong word must not wait for what takes seconds to import.
    from edgecad_train.ensembles.members import read_members

    members = read_members(runs)
    require_tensorflow(extra="train")
    from edgecad_train.ensembles.making import make_ensemble

    return make_ensemble(members, out, lambda step: typer.echo(f"... {step}", err=True))


def _said(message: str, code: int) -> int:
    typer.echo(f"edgecad: {' '.join(message.split())}", err=True)
    return code
