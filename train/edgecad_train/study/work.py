"""A worker's loop: take a unit that nobody has, run it, write it whole, take the next."""

from __future__ import annotations

import importlib
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from edgecad.errors import EdgecadError
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.orders import Event, Order
from edgecad_train.study.plain import PlainTask, plain_tasks
from edgecad_train.study.results.unit_result import Failure, Finished, PlainTime
from edgecad_train.study.units import Unit

Tell = Callable[[Event], None]
Progress = Callable[[str, int, int, str], None]
PATIENCE_S = 0.3
"""Between looks at units that other workers hold."""


class Runner(Protocol):
    """What does the work itself; built once a worker with the folder and the order."""

    def run(self, unit: Unit, progress: Progress) -> Finished:
        """Train and evaluate one unit."""

    def time_plain(self, task: PlainTask) -> PlainTime:
        """Measure plain Keras on one kind of stage."""


def work(order: Order, tell: Tell) -> None:
    """Do units until every unit is done or has failed; then measure plain Keras where that was asked for."""
    folder = StudyFolder(Path(order.folder))
    module, _, name = order.runner.partition(":")
    runner: Runner = getattr(importlib.import_module(module), name)(folder, order)
    while units := folder.undone():
        if not any(_took(folder, runner, unit, tell) for unit in units):
            time.sleep(PATIENCE_S)
    while tasks := untimed(folder):
        if not any(_timed(folder, runner, task, order, tell) for task in tasks):
            time.sleep(PATIENCE_S)


def anything_left(folder: StudyFolder) -> bool:
    """Whether a unit or a timing is still to be done."""
    return bool(folder.undone() or untimed(folder))


def untimed(folder: StudyFolder) -> tuple[PlainTask, ...]:
    """Times that were asked for and are not measured yet."""
    return tuple(task for task in plain_tasks(folder.study()) if folder.plain_time(task.name) is None)


def _took(folder: StudyFolder, runner: Runner, unit: Unit, tell: Tell) -> bool:
    """Do one unit, if it is free and still to be done; whether it was."""
    with folder.claimed(unit.name) as mine:
        if not mine or folder.result(unit) or folder.failure(unit):
            return False
        tell(Event(kind="begun", name=unit.name, text=str(unit)))
        try:
            folder.write_result(runner.run(unit, _teller(unit.name, tell)))
        except Exception as error:
            traceback.print_exc()
            failure = failure_from(unit, error)
            folder.write_failure(failure)
            tell(Event(kind="failed", name=unit.name, text=failure.message))
        else:
            tell(Event(kind="done", name=unit.name))
        return True


def failure_from(unit: Unit, error: Exception) -> Failure:
    """One line and an exit code from whatever went wrong."""
    code = error.exit_code if isinstance(error, EdgecadError) else 1
    words = " ".join(str(error).split())
    message = words if isinstance(error, EdgecadError) else f"unexpected {type(error).__name__}: {words[:300]}"
    return Failure(unit=unit, message=message, exit_code=code)


def _timed(folder: StudyFolder, runner: Runner, task: PlainTask, order: Order, tell: Tell) -> bool:
    with folder.claimed(task.name) as mine:
        if not mine or folder.plain_time(task.name):
            return False
        tell(Event(kind="begun", name=task.name, text=f"plain Keras, {task.backbone.name}, {task.kind}"))
        try:
            time_taken = runner.time_plain(task)
        except Exception as error:
            traceback.print_exc()
            note = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            time_taken = task.not_measured(order.threads, note)
        folder.write_plain_time(task.name, time_taken)
        tell(Event(kind="done", name=task.name))
        return True


def _teller(name: str, tell: Tell) -> Progress:
    """Pass progress on, twice a second at most."""
    last = 0.0

    def progress(stage: str, done: int, of: int, figures: str) -> None:
        nonlocal last
        if time.monotonic() - last >= 0.5 or done == of:
            last = time.monotonic()
            tell(Event(kind="progress", name=name, text=f"{stage} {done}/{of}  {figures}"))

    return progress
