"""A worker's loop: take a unit that nobody has, make its run folder, take the next."""

from __future__ import annotations

import importlib
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from edgecad.errors import EdgecadError
from edgecad_train.data import PreparedData
from edgecad_train.runs.spec import RunSpec
from edgecad_train.study.definition.units import Unit
from edgecad_train.study.folder import Failure, StudyFolder
from edgecad_train.study.plain import PlainTask, kind_of, plain_tasks
from edgecad_train.study.scans import stored_scans
from edgecad_train.study.workers.messages import Listener, WorkerEvent, WorkerOrder
from edgecad_train.study.workers.run_specs import run_spec_of, weights_argument
from edgecad_train.training.strategies import Stage

Progress = Callable[[str, int, int, str], None]
PATIENCE_S = 0.3
"""Between looks at units that other workers hold."""


class Maker(Protocol):
    """A module that does the work itself; see `edgecad_train.study.workers.making`."""

    def make_unit(
        self,
        folder: Path,
        spec: RunSpec,
        data: PreparedData,
        keep_model: bool,
        progress: Progress | None = None,
        cache: Path | None = None,
    ) -> None:
        """Make a unit's run folder, or resume it."""

    def plain_seconds_an_epoch(self, spec: RunSpec, stage: Stage, data: PreparedData) -> tuple[float, int]:
        """Measure plain Keras on one stage: seconds an epoch, and how many were measured."""


def maker_named(module: str) -> Maker:
    """The module of that name, imported."""
    return cast(Maker, importlib.import_module(module))


def work(order: WorkerOrder, tell: Listener) -> None:
    """Do units until every unit is done or has failed; then measure plain Keras if the study wants it."""
    folder = StudyFolder(Path(order.folder))
    worker = _Worker(folder, order, maker_named(order.maker), tell)
    while units := folder.undone():
        if not any(worker.took(unit) for unit in units):
            time.sleep(PATIENCE_S)
    while tasks := untimed(folder):
        if not any(worker.timed(task) for task in tasks):
            time.sleep(PATIENCE_S)


def anything_left(folder: StudyFolder) -> bool:
    """Whether a unit or a timing is still to be done."""
    return bool(folder.undone() or untimed(folder))


def untimed(folder: StudyFolder) -> tuple[PlainTask, ...]:
    """Times that the study wants and that are not measured yet."""
    return tuple(task for task in plain_tasks(folder.study()) if folder.plain_time(task.name) is None)


@dataclass(frozen=True)
class _Worker:
    """What does units of one folder, one after another."""

    folder: StudyFolder
    order: WorkerOrder
    maker: Maker
    tell: Listener

    def took(self, unit: Unit) -> bool:
        """Do one unit, if it is free and still to be done; whether it was."""
        with self.folder.claimed(unit.name) as mine:
            if not mine or self.folder.run(unit) or self.folder.failure(unit):
                return False
            self.tell(WorkerEvent(kind="begun", name=unit.name, text=str(unit)))
            try:
                self._make(unit)
            except Exception as error:
                traceback.print_exc()
                failure = failure_from(error)
                self.folder.put_failure(unit, failure)
                self.tell(WorkerEvent(kind="failed", name=unit.name, text=failure.message))
            else:
                self.tell(WorkerEvent(kind="done", name=unit.name))
            return True

    def timed(self, task: PlainTask) -> bool:
        """Measure one time, if it is free and still to be measured; whether it was."""
        with self.folder.claimed(task.name) as mine:
            if not mine or self.folder.plain_time(task.name):
                return False
            text = f"plain Keras, {task.unit.settings.backbone}, {kind_of(task.stage)}"
            self.tell(WorkerEvent(kind="begun", name=task.name, text=text))
            threads = self.order.threads
            try:
                measured = self.maker.plain_seconds_an_epoch(self._spec(task.unit), task.stage, self._data(task.unit))
                took = task.took(*measured, threads)
            except Exception as error:
                traceback.print_exc()
                took = task.took(None, 0, threads, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
            self.folder.put_plain_time(task.name, took)
            self.tell(WorkerEvent(kind="done", name=task.name))
            return True

    def _make(self, unit: Unit) -> None:
        self.folder.clear_damaged(unit)
        self.maker.make_unit(
            self.folder.run_folder(unit),
            self._spec(unit),
            self._data(unit),
            self.folder.study().spec.keep_models,
            _teller(unit.name, self.tell),
            self.folder.path / "cache" / "activations",
        )

    def _spec(self, unit: Unit) -> RunSpec:
        weights = weights_argument(unit, self.order.weights_files.get(unit.settings.backbone))
        partition = self.folder.partition(unit)
        study, openings = self.folder.study().spec, self.folder.openings(unit)
        return run_spec_of(unit, study, partition, self.order.source, weights, openings)

    def _data(self, unit: Unit) -> PreparedData:
        return stored_scans(self.folder.path / "cache", unit.preparation.size)


def failure_from(error: Exception) -> Failure:
    """One line and an exit code from whatever went wrong."""
    code = error.exit_code if isinstance(error, EdgecadError) else 1
    words = " ".join(str(error).split())
    message = words if isinstance(error, EdgecadError) else f"unexpected {type(error).__name__}: {words[:300]}"
    return Failure(message=message, exit_code=code)


def _teller(name: str, tell: Listener) -> Progress:
    """Pass progress on, twice a second at most."""
    last = 0.0

    def progress(stage: str, done: int, of: int, figures: str) -> None:
        nonlocal last
        if time.monotonic() - last >= 0.5 or done == of:
            last = time.monotonic()
            tell(WorkerEvent(kind="progress", name=name, text=f"{stage} {done}/{of}  {figures}"))

    return progress
