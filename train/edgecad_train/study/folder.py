"""The study folder: what lies where, what is done, and who may work on what.

study.json            what defines the study, and all units
units/NAME/           the run folder of a finished unit, without a report; appears whole or not at all
units/NAME.unfinished the checkpoint of a unit that is under way or was killed
failed/NAME.json      why a unit could not be done; tried again by the next run
plain/NAME.json       seconds an epoch of plain Keras, by backbone and kind of stage
splits/PART.json      patients of each split; `edgecad train --split` takes one
table.csv, .md, .png  the table and its picture, redrawn as units finish
pairs.csv             every pair of rows: whether their networks differ
maps-NETWORK.png      the same test patients' heat maps under each strategy
opening.json          which opening of the test parts it is
logs/                 what each worker wrote to stderr
cache/                prepared scans and frozen activations; removed when all is done
locks/                held by the process that works on a unit; a lock dies with its process
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from filelock import FileLock, Timeout

from edgecad.contract import Openings
from edgecad.errors import ModelInvalid, UsageError
from edgecad.frozen import Frozen, json_from_struct
from edgecad.system.folders import new_folder, write_whole
from edgecad_train.runs.partition import partition_from_json, write_partition
from edgecad_train.runs.reading import read_records
from edgecad_train.splits.split import Folds, Split
from edgecad_train.study.definition.kept import refuse_other, study_in
from edgecad_train.study.definition.spec import STUDY, Study
from edgecad_train.study.definition.units import Unit
from edgecad_train.study.plain import PlainTime
from edgecad_train.study.results.unit_run import UnitRun

Kept = TypeVar("Kept")
OPENINGS = "openings.json"
ROOMS = ("units", "failed", "plain", "splits", "logs", "cache", "locks")


class Failure(Frozen, frozen=True, kw_only=True):
    """Why a unit could not be done: one line for people and the exit code that it stands for."""

    message: str
    exit_code: int


class StudyFolder:
    """Reads and writes one study folder; any number of processes may hold one each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._study: Study | None = None
        self._done: dict[str, UnitRun] = {}

    # --- the study as a whole ---

    def open(self, study: Study) -> None:
        """Make the folder this study's, or find that it is.

        Raises:
            UsageError: it holds another study, or files that are no study.
        """
        before = study_in(self.path)
        if before:
            refuse_other(self.path, before.spec, study.spec)
        for room in ROOMS:
            (self.path / room).mkdir(parents=True, exist_ok=True)
        if not before:
            write_whole(self.path / STUDY, json_from_struct(study).encode())

    def study(self) -> Study:
        """What the folder is about."""
        if self._study is None:
            self._study = study_in(self.path)
        if self._study is None:
            raise UsageError(f"no study in {self.path}; begin one: edgecad study DATA --out {self.path}")
        return self._study

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the whole study: one command at a time leads it.

        Raises:
            UsageError: another command does.
        """
        (self.path / "locks").mkdir(parents=True, exist_ok=True)
        with self.claimed("study") as mine:
            if not mine:
                raise UsageError(f"another edgecad study works in {self.path}; wait for it, or choose another --out")
            yield

    def clear_litter(self) -> None:
        """Remove what killed processes left half-written, but nothing that a live one is writing."""
        for room in ("units", "failed", "plain"):
            for partial in (self.path / room).glob(".*.partial"):
                with self.claimed(partial.name.split(".")[1]) as mine:
                    if mine:
                        shutil.rmtree(partial) if partial.is_dir() else partial.unlink(missing_ok=True)

    def clear_cache(self) -> None:
        """Remove prepared scans and activations."""
        shutil.rmtree(self.path / "cache", ignore_errors=True)

    # --- units ---

    @contextmanager
    def claimed(self, name: str) -> Iterator[bool]:
        """Try to be the only one who works on `name`: True if so, at once False if another is."""
        lock = FileLock(self.path / "locks" / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def run_folder(self, unit: Unit) -> Path:
        """Where the unit's run lies, or will lie."""
        return self.path / "units" / unit.name

    def run(self, unit: Unit) -> UnitRun | None:
        """The unit's run, or None where there is none that is whole and this unit's."""
        if unit.name not in self._done:
            try:
                records = read_records(self.run_folder(unit))
            except ModelInvalid:
                return None
            if records.contract.name != unit.name:
                return None
            self._done[unit.name] = UnitRun.of(unit, records)
        return self._done[unit.name]

    def clear_damaged(self, unit: Unit) -> None:
        """Remove the unit's folder if it is not whole, so that it is made again."""
        if self.run(unit) is None:
            shutil.rmtree(self.run_folder(unit), ignore_errors=True)

    def put_archive(self, unit: Unit, archive: bytes) -> None:
        """Unpack a run folder that was made elsewhere, whole or not at all.

        Args:
            archive: a ZIP file.

        Raises:
            ModelInvalid: it holds no whole run.
        """
        self.clear_damaged(unit)
        with new_folder(self.run_folder(unit)) as partial, zipfile.ZipFile(io.BytesIO(archive)) as packed:
            packed.extractall(partial)
            read_records(partial)

    def failure(self, unit: Unit) -> Failure | None:
        """Why the unit failed in this command; None where it did not, or was done after all."""
        return None if self.run(unit) else _read(self.path / "failed" / f"{unit.name}.json", Failure)

    def put_failure(self, unit: Unit, failure: Failure) -> None:
        """Keep the reason."""
        write_whole(self.path / "failed" / f"{unit.name}.json", json_from_struct(failure).encode())

    def forget_failures(self) -> None:
        """Let what failed, units and timings, be tried again."""
        for file in (self.path / "failed").glob("*.json"):
            file.unlink()
        for file in (self.path / "plain").glob("*.json"):
            found = _read(file, PlainTime)
            if found is None or found.seconds is None:
                file.unlink()

    def undone(self) -> tuple[Unit, ...]:
        """Units with neither a run nor a failure of this command, in order."""
        return tuple(unit for unit in self.study().units if self.run(unit) is None and self.failure(unit) is None)

    # --- plain Keras' times and splits ---

    def plain_time(self, name: str) -> PlainTime | None:
        """A measured time, or None."""
        return _read(self.path / "plain" / f"{name}.json", PlainTime)

    def put_plain_time(self, name: str, time: PlainTime) -> None:
        """Keep a measured time."""
        write_whole(self.path / "plain" / f"{name}.json", json_from_struct(time).encode())

    def put_partition(self, part_name: str, partition: Split | Folds) -> None:
        """Keep a partition, for workers and for `edgecad train --split`."""
        write_partition(partition, self.partition_file(part_name))

    def partition(self, unit: Unit) -> Split | Folds:
        """The partition that a unit is about.

        Raises:
            UsageError: it is not the one that the study began with.
        """
        file = self.partition_file(unit.part_name)
        partition = partition_from_json(file.read_bytes(), str(file))
        if partition.sha256 != unit.split_sha256:
            raise UsageError(f"{file} is not the split that the study began with; run the same command again")
        return partition

    def put_openings(self, known: Mapping[str, Openings]) -> None:
        """Keep, by the name of each part, what is known of its test part's openings, for the runs' contracts."""
        write_whole(self.path / "cache" / OPENINGS, msgspec.json.encode(known))

    def openings(self, unit: Unit) -> Openings | None:
        """What is known of the openings of a unit's test part; None where nobody looked."""
        known = _read(self.path / "cache" / OPENINGS, dict[str, Openings])
        return None if known is None else known.get(unit.part_name)

    def partition_file(self, part_name: str) -> Path:
        """Where the partition of this name lies."""
        return self.path / "splits" / f"{part_name.replace(' ', '-')}.json"


def _read(file: Path, kind: type[Kept]) -> Kept | None:
    """A struct from a file of JSON, or None where there is none that is whole and one of ours."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError, UnicodeDecodeError):
        return None
