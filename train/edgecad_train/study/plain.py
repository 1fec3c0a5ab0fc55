"""What plain Keras would take: measured once for each backbone and kind of stage, then multiplied out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgecad.frozen import Frozen
from edgecad_train.study.definition.spec import Study
from edgecad_train.study.definition.units import Unit
from edgecad_train.training.strategies import Stage


class PlainTime(Frozen, frozen=True, kw_only=True):
    """Measured seconds an epoch of a stage, had the whole graph been trained by Keras' `fit`."""

    backbone: str
    kind: str
    """Of the stage: what it trains, and whether batch normalisation is held."""
    seconds: float | None
    """None where it could not be measured; `note` then says why, and the next run tries again."""
    epochs: int
    """How many were measured."""
    threads: int
    note: str = ""


@dataclass(frozen=True)
class PlainTask:
    """One time to measure: an epoch of a stage of `unit`, by `fit` of the whole graph."""

    unit: Unit
    stage: Stage

    @property
    def name(self) -> str:
        """Of the file that holds the answer."""
        return _name(self.unit, self.stage)

    def took(self, seconds: float | None, epochs: int, threads: int, note: str = "") -> PlainTime:
        """The answer; `seconds` is None where it could not be measured."""
        backbone, kind = self.unit.settings.backbone, kind_of(self.stage)
        return PlainTime(backbone=backbone, kind=kind, seconds=seconds, epochs=epochs, threads=threads, note=note)


def kind_of(stage: Stage) -> str:
    """Words for what a stage computes in an epoch: what learns, and whether batch normalisation is held."""
    return f"{stage.part}{'' if stage.hold_batch_norm else '-normalising'}"


def _name(unit: Unit, stage: Stage) -> str:
    return f"{unit.settings.backbone}-{kind_of(stage)}"


def plain_tasks(study: Study) -> tuple[PlainTask, ...]:
    """Every time that the study wants measured; none unless it does."""
    if not study.spec.time_plain:
        return ()
    first: dict[str, PlainTask] = {}
    for task in _all_tasks(study):
        first.setdefault(task.name, task)
    return tuple(first.values())


def _all_tasks(study: Study) -> Iterator[PlainTask]:
    for unit in study.units:
        for stage in unit.plan.stages:
            yield PlainTask(unit, stage)


def plain_seconds_of(unit: Unit, time_of: Callable[[str], PlainTime | None]) -> float | None:
    """Seconds that plain Keras would take for a unit, or None where a stage of it was not measured, or it has none."""
    if not unit.plan.stages:
        return None
    total = 0.0
    for stage in unit.plan.stages:
        measured = time_of(_name(unit, stage))
        if measured is None or measured.seconds is None:
            return None
        total += stage.epochs * measured.seconds
    # The refit after inner folds is not counted: how many epochs it gets is known only from the folds.
    return total * max(1, unit.inner_folds)
