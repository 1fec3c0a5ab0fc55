"""A run that has not ended yet: a folder beside the runs from which it goes on after a kill, a full disk or a Ctrl-C.

NAME.unfinished/job.json     what was asked
NAME.unfinished/frozen/      outputs of what is frozen; see `edgecad_train.training.frozen`
NAME.unfinished/...          the diary; see `edgecad_train.training.journal`
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec.structs import replace

from edgecad.contract import Frozen, Preparation, json_from_struct
from edgecad.errors import EdgecadError, ModelInvalid, NotAvailable, UsageError
from edgecad.system.folders import write_whole
from edgecad_train.settings import Settings
from edgecad_train.splits.split import Folds, Split
from edgecad_train.training.journal import Journal
from edgecad_train.versions import other_versions
from edgecad_train.waiting import JOB, LOCK, SUFFIX, resume_command

SCHEMA = 2
"""A run of schema 1 had a ReLU in its head, and chose by another rule than today's."""
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
"""Errors of a disk that is full or failing."""


class Job(Frozen, frozen=True, kw_only=True):
    """What was asked of a run, and of which scans."""

    schema: int = SCHEMA
    name: str
    data: str
    """Path of the class folders or of the CSV."""
    patient_from: str | None
    preparation: Preparation
    settings: Settings
    partition: Split | Folds
    data_sha256: str
    weights_sha256: str | None
    """Of the file of first weights; None for random ones and Keras' own."""
    versions: dict[str, str]


@dataclass(frozen=True)
class Unfinished:
    """An unfinished run's folder, locked by this process."""

    folder: Path
    job: Job

    @property
    def final(self) -> Path:
        """The run folder that it becomes."""
        return self.folder.with_name(self.job.name)

    @property
    def journal(self) -> Journal:
        """Its diary."""
        return Journal(self.folder)


@contextmanager
def begun(runs: Path, job: Job) -> Iterator[Unfinished]:
    """Begin a run in the folder of the `runs`; see `gone_on` for how it ends.

    Where a wrong word or a missing file ends it before anything was trained, nothing is left of it.
    """
    new = not runs.exists()
    folder = None
    try:
        folder = _folder_for(runs, job)
        with gone_on(folder) as unfinished:
            yield unfinished
    except (UsageError, NotAvailable):
        if folder and not any(folder.glob("*.npz")):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        if new:
            with suppress(OSError):  # it holds something by now, or was never made
                runs.rmdir()


def _folder_for(runs: Path, job: Job) -> Path:
    """A folder that is nobody else's: names are of a second, and two runs may begin in one."""
    for number in range(1, 100):
        name = job.name if number == 1 else f"{job.name}-{number}"
        folder = runs / f"{name}{SUFFIX}"
        if (runs / name).exists():
            continue
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        try:
            write_whole(folder / JOB, json_from_struct(replace(job, name=name)).encode())
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder
    raise UsageError(f"{runs} holds a hundred runs called {job.name}; choose another --out")


@contextmanager
def gone_on(folder: Path) -> Iterator[Unfinished]:
    """Go on with an unfinished run. Its folder goes when the block ends well, and only then.

    Raises:
        UsageError: another process is at it, or it was begun with other versions.
        EdgecadError: the disk failed; says how to go on.
    """
    job = read_job(folder)
    with _locked(folder):
        for partial in folder.parent.glob(f".{job.name}.*.partial"):
            shutil.rmtree(partial, ignore_errors=True)  # a kill while the run folder was written
        try:
            yield Unfinished(folder, job)
        except OSError as error:
            if error.errno not in DISK:
                raise
            where = f": {error.filename}" if error.filename else ""
            raise EdgecadError(
                f"{error.strerror or error}{where}; what was trained is kept up to the last good epoch: free the disk "
                f"and run: {resume_command(folder.parent)}"
            ) from error
        shutil.rmtree(folder, ignore_errors=True)


def read_job(folder: Path) -> Job:
    """Read what was asked of an unfinished run.

    Raises:
        ModelInvalid: it is damaged, or of a newer version.
        UsageError: it was begun with other versions of what its figures depend on.
    """

    class Version(msgspec.Struct):
        schema: int

    path = folder / JOB
    try:
        text = path.read_bytes()
        schema = msgspec.json.decode(text, type=Version).schema
        if schema > SCHEMA:
            raise ModelInvalid(f"{folder} is of schema {schema} and this version reads {SCHEMA}; update edgecad")
        if schema < SCHEMA:
            raise UsageError(
                f"{folder} was begun by an earlier edgecad, which trained and chose otherwise, so its figures would "
                "mix two; end it with that version, or remove the folder and train again"
            )
        job = msgspec.json.decode(text, type=Job)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelInvalid(f"{path} cannot be used: {error}; remove {folder} and train again") from error
    other = other_versions(job.versions)
    if other:
        raise UsageError(
            f"{folder.name} was begun with {', '.join(other)}, which is not what is installed now, so that its figures "
            "would mix two versions: install those, or remove the folder and train again"
        )
    return job


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
