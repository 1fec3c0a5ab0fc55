"""Runs that have not ended, seen from outside: which there are, whether one is at work now, how to resume one.

Told without Keras, which takes seconds to import; see `edgecad_train.runs.unfinished` for what lies in them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from edgecad.errors import UsageError
from edgecad_train.runs.names import RUNS

SUFFIX = ".unfinished"
JOB = "job.json"
LOCK = "LOCK"
"""Held by the process that trains the run; it dies with its process."""


def unfinished_in(runs: Path) -> list[Path]:
    """Unfinished runs, the one begun last at the end."""
    return sorted(path.parent for path in runs.glob(f"*{SUFFIX}/{JOB}"))


def is_running(folder: Path) -> bool:
    """Whether a process is training an unfinished run now."""
    try:
        with FileLock(folder / LOCK, timeout=0):
            return False
    except Timeout:
        return True


def newest_unfinished(runs: Path) -> Path:
    """The unfinished run that was begun last and that no process is at.

    Raises:
        UsageError: there is none.
    """
    found = unfinished_in(runs)
    waiting = [folder for folder in found if not is_running(folder)]
    if waiting:
        return waiting[-1]
    if found:
        raise UsageError(f"{running_words(found[-1])}; wait for it, or train a new one: edgecad train DATA")
    raise UsageError(f"no unfinished run in {runs}; train a new one: edgecad train DATA")


def running_words(folder: Path) -> str:
    """Say that a run is at work."""
    begun = datetime.fromtimestamp((folder / JOB).stat().st_mtime)
    return f"{folder.name.removesuffix(SUFFIX)} is running now (started {begun:%Y-%m-%d %H:%M})"


def notes_about(runs: Path) -> Iterator[str]:
    """What to know of other runs before a new one begins: those at work, and the one that could be resumed."""
    running = {folder: is_running(folder) for folder in unfinished_in(runs)}
    for folder, works in running.items():
        if works:
            yield f"{running_words(folder)}; the new run has a folder of its own"
    waiting = [folder for folder, works in running.items() if not works]
    if waiting:
        yield f"{waiting[-1].name.removesuffix(SUFFIX)} has not ended; to resume it: {resume_command(runs)}"


def resume_command(runs: Path) -> str:
    """What resumes the run of `runs` that was begun last."""
    return "edgecad train --resume" + ("" if runs == RUNS else f" --out {shlex.quote(str(runs))}")
