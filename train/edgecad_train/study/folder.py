"""The study folder: what lies where, what is done, and who may work on what.

study.json            what was asked, and all units
units/NAME/           result.json and maps.npz of a finished unit; appears whole or not at all
failed/NAME.json      why a unit could not be done; tried again by the next run
plain/NAME.json       seconds an epoch of plain Keras, by backbone and kind of stage
splits/PART.json      patients of each split; `edgecad train --split` takes one
table.csv, .md, .png  the table and its picture, redrawn as units finish
maps-NETWORK.png      the same test patients' heat maps under each strategy
logs/                 what each worker wrote to stderr
cache/                prepared scans and frozen activations; removed when all is done
locks/                held by the process that works on a unit; a lock dies with its process
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from filelock import FileLock, Timeout

from edgecad.contract import json_from_struct
from edgecad.errors import UsageError
from edgecad.system.folders import new_folder, write_whole
from edgecad_train.runs.partition import partition_from_json
from edgecad_train.splits.split import Folds, Split
from edgecad_train.study.definition import STUDY, Study, refuse_other, refuse_used, study_in
from edgecad_train.study.results.unit_result import Failure, Finished, PlainTime, Result
from edgecad_train.study.units import Unit

Kept = TypeVar("Kept", bound=msgspec.Struct)
ROOMS = ("units", "failed", "plain", "splits", "logs", "cache", "locks")


class StudyFolder:
    """Reads and writes one study folder; any number of processes may hold one each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._study: Study | None = None
        self._done: dict[str, Result] = {}

    # --- the study as a whole ---

    def open(self, study: Study) -> None:
        """Make the folder this study's, or find that it is.

        Raises:
            UsageError: it holds another study, or files that are no study.
        """
        file = self.path / STUDY
        refuse_used(self.path)
        before = study_in(self.path)
        if before:
            refuse_other(self.path, before.asked, study.asked)
        for room in ROOMS:
            (self.path / room).mkdir(parents=True, exist_ok=True)
        if not file.is_file():
            write_whole(file, json_from_struct(study).encode())

    def study(self) -> Study:
        """What the folder is about."""
        if self._study is None:
            self._study = msgspec.json.decode((self.path / STUDY).read_bytes(), type=Study)
        return self._study

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the whole study: one command at a time leads it.

        Raises:
            UsageError: another command does.
        """
        (self.path / "locks").mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / "locks" / "study.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UsageError(
                f"another edgecad study works in {self.path}; wait for it, or choose another --out"
            ) from None
        try:
            yield
        finally:
            lock.release()

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

    def result(self, unit: Unit) -> Result | None:
        """The unit's result, or None where there is none that is whole and this unit's."""
        if unit.name not in self._done:
            found = _read(self.path / "units" / unit.name / "result.json", Result)
            if found is None or found.unit != unit:
                return None
            self._done[unit.name] = found
        return self._done[unit.name]

    def results(self) -> dict[str, Result]:
        """All results by their unit's name."""
        found = {unit.name: self.result(unit) for unit in self.study().units}
        return {name: result for name, result in found.items() if result is not None}

    def failure(self, unit: Unit) -> Failure | None:
        """Why the unit failed in this run, or None."""
        return _read(self.path / "failed" / f"{unit.name}.json", Failure)

    def write_result(self, done: Finished) -> None:
        """Write a unit's folder whole; a damaged one in its place is removed first."""
        final = self.path / "units" / done.result.unit.name
        if final.exists():
            shutil.rmtree(final)
        maps = io.BytesIO()
        np.savez_compressed(maps, score_maps=done.score_maps, scans=done.scans, log_odds=done.log_odds)
        with new_folder(final) as partial:
            (partial / "maps.npz").write_bytes(maps.getvalue())
            (partial / "result.json").write_text(json_from_struct(done.result))
        self.forget_failure(done.result.unit)

    def write_failure(self, failure: Failure) -> None:
        """Keep the reason."""
        write_whole(self.path / "failed" / f"{failure.unit.name}.json", json_from_struct(failure).encode())

    def forget_failure(self, unit: Unit) -> None:
        """Let a failed unit be tried again."""
        (self.path / "failed" / f"{unit.name}.json").unlink(missing_ok=True)

    def undone(self) -> tuple[Unit, ...]:
        """Units with neither a result nor a failure of this run, in order."""
        return tuple(u for u in self.study().units if self.result(u) is None and self.failure(u) is None)

    def maps(self, unit: Unit) -> dict[str, np.ndarray]:
        """Arrays of the unit's `maps.npz`, by name."""
        with np.load(self.path / "units" / unit.name / "maps.npz", allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}

    # --- plain Keras' times and splits ---

    def plain_time(self, name: str) -> PlainTime | None:
        """A measured time, or None."""
        return _read(self.path / "plain" / f"{name}.json", PlainTime)

    def forget_plain_failures(self) -> None:
        """Let times that could not be measured be tried again."""
        for file in (self.path / "plain").glob("*.json"):
            found = _read(file, PlainTime)
            if found is None or found.seconds is None:
                file.unlink()

    def write_plain_time(self, name: str, time: PlainTime) -> None:
        """Keep a measured time."""
        write_whole(self.path / "plain" / f"{name}.json", json_from_struct(time).encode())

    def write_partition(self, part_name: str, partition: Split | Folds) -> None:
        """Keep a partition, for workers and for `edgecad train --split`."""
        write_whole(self._partition_file(part_name), json_from_struct(partition).encode())

    def partition(self, unit: Unit) -> Split | Folds:
        """The partition that a unit is about."""
        file = self._partition_file(unit.part_name)
        return partition_from_json(file.read_bytes(), str(file))

    def _partition_file(self, part_name: str) -> Path:
        return self.path / "splits" / f"{part_name.replace(' ', '-')}.json"


def _read(file: Path, kind: type[Kept]) -> Kept | None:
    """A struct from a file of JSON, or None where there is none that is whole and one of ours."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError, UnicodeDecodeError):
        return None
