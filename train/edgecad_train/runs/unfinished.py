"""A run that has not ended yet: a folder beside the runs from which it resumes after a kill, a full disk or a Ctrl-C.

NAME.unfinished/job.json     its spec
NAME.unfinished/frozen/      outputs of what is frozen; see `edgecad_train.training.frozen`
NAME.unfinished/opening.json which opening of the test part it is, once it was opened
NAME.unfinished/device.json  the device that it was begun on; see `edgecad_train.running.device`
NAME.unfinished/...          the checkpoint; see `edgecad_train.training.checkpoint`
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from msgspec.structs import replace

from edgecad.errors import DeviceFailed, EdgecadError, NotAvailable, UsageError
from edgecad.frozen import json_from_struct
from edgecad.system.folders import write_whole
from edgecad_train.runs.listing import JOB, LOCK, SUFFIX, resume_command
from edgecad_train.runs.spec import RunSpec, read_spec
from edgecad_train.training.checkpoint import Checkpoint

DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
"""Errors of a disk that is full or failing."""


@dataclass(frozen=True)
class Unfinished:
    """An unfinished run's folder, locked by this process."""

    folder: Path
    spec: RunSpec

    @property
    def final(self) -> Path:
        """The run folder that it becomes."""
        return self.folder.with_name(self.spec.name)

    @property
    def checkpoint(self) -> Checkpoint:
        """What was trained so far."""
        return Checkpoint(self.folder)


@contextmanager
def begun(runs: Path, spec: RunSpec, own_name: bool = False, again: str | None = None) -> Iterator[Unfinished]:
    """Begin a run in the folder of the `runs`; see `resumed` for how it ends.

    Where a wrong word or a missing file ends it before anything was trained, nothing is left of it.

    Args:
        own_name: whether the name is the run's own; otherwise a number is added to a name that is taken.
        again: see `resumed`.
    """
    new = not runs.exists()
    folder = None
    try:
        folder = _new_folder(runs, spec) if own_name else _free_folder(runs, spec)
        with resumed(folder, again) as unfinished:
            yield unfinished
    except (UsageError, NotAvailable):
        if folder and not _trained(folder):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        if new:
            with suppress(OSError):  # it holds something by now, or was never made
                runs.rmdir()


def _trained(folder: Path) -> bool:
    """Whether anything of a checkpoint is there."""
    return any(folder.glob("*.npz"))


def _free_folder(runs: Path, spec: RunSpec) -> Path:
    """A folder that is nobody else's: names are of a second, and two runs may begin in one."""
    for number in range(1, 100):
        named = spec if number == 1 else replace(spec, name=f"{spec.name}-{number}")
        if not (runs / named.name).exists():
            with suppress(FileExistsError):
                return _new_folder(runs, named)
    raise UsageError(f"{runs} holds a hundred runs called {spec.name}; choose another --out")


def _new_folder(runs: Path, spec: RunSpec) -> Path:
    """A folder with the spec in it, or nothing."""
    folder = runs / f"{spec.name}{SUFFIX}"
    folder.mkdir(parents=True)
    try:
        write_whole(folder / JOB, json_from_struct(spec).encode())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


@contextmanager
def resumed(folder: Path, again: str | None = None) -> Iterator[Unfinished]:
    """Resume an unfinished run. Its folder goes when the block ends well, and only then.

    Args:
        again: what a user runs to resume it, if that is not `edgecad train --resume`.

    Raises:
        UsageError: another process is at it, or it was begun with other versions.
        EdgecadError: the disk failed; says how to resume.
        DeviceFailed: a device gave up; says how to resume, if anything was trained.
    """
    spec = read_spec(folder)
    with _locked(folder):
        for partial in folder.parent.glob(f".{spec.name}.*.partial"):
            shutil.rmtree(partial, ignore_errors=True)  # a kill while the run folder was written
        try:
            yield Unfinished(folder, spec)
        except DeviceFailed as error:
            if not _trained(folder):
                raise
            resume = again or resume_command(folder.parent)
            raise DeviceFailed(f"{error}; what was trained is kept; to resume it: {resume}") from error
        except OSError as error:
            if error.errno not in DISK:
                raise
            where = f": {error.filename}" if error.filename else ""
            raise EdgecadError(
                f"{error.strerror or error}{where}; what was trained is kept up to the last good epoch: free the disk "
                f"and run: {again or resume_command(folder.parent)}"
            ) from error
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        with lock:
            yield
    except Timeout:
        raise UsageError(
            f"{folder.name} is being trained by another process; wait for it, or train a new run"
        ) from None
