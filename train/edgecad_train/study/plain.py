"""What plain Keras would take: measured once for each backbone and kind of stage, then multiplied out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edgecad.contract import Frozen
from edgecad_train.study.definition import BackboneAsked, Study
from edgecad_train.study.results.unit_result import PlainTime
from edgecad_train.study.units import Unit
from edgecad_train.training.strategies import Plan, Stage, plan_for


class PlainTask(Frozen, frozen=True, kw_only=True):
    """One time to measure: an epoch of `stage` of `unit`, by `fit` of the whole graph."""

    backbone: BackboneAsked
    unit: Unit
    stage_index: int
    """Of the stage in the unit's plan."""

    @property
    def stage(self) -> Stage:
        """The stage itself."""
        return plan_of(self.unit).stages[self.stage_index]

    @property
    def kind(self) -> str:
        """What of the stage sets the time of an epoch."""
        return kind_of(self.stage)

    @property
    def name(self) -> str:
        """Of the file that holds the answer."""
        return f"{self.backbone.name}-{self.kind}"

    def not_measured(self, threads: int, why: str) -> PlainTime:
        """What stands in place of the time where it could not be measured."""
        return PlainTime(backbone=self.backbone.name, kind=self.kind, seconds=None, epochs=0, threads=threads, note=why)


def plan_of(unit: Unit) -> Plan:
    """The unit's strategy, filled in."""
    training = unit.training
    return plan_for(
        unit.strategy, training.lr_exponent, training.warmup_epochs, training.finetune_epochs, unit.layerwise
    )


def kind_of(stage: Stage) -> str:
    """Words for what a stage computes in an epoch: what learns, and whether batch normalisation is held."""
    return f"{stage.part}{'' if stage.hold_batch_norm else '-normalising'}"


def plain_tasks(study: Study) -> tuple[PlainTask, ...]:
    """Every time that the study asks to be measured; none unless it does."""
    if not study.asked.time_plain:
        return ()
    return tuple({task.name: task for task in reversed(list(_all_tasks(study)))}.values())[::-1]


def _all_tasks(study: Study) -> Iterator[PlainTask]:
    rows = {row.name: row for row in study.asked.backbones}
    for unit in study.units:
        for index in range(len(plan_of(unit).stages)):
            yield PlainTask(backbone=rows[unit.backbone], unit=unit, stage_index=index)


def plain_seconds_of(unit: Unit, time_of: Callable[[str], PlainTime | None]) -> float | None:
    """Seconds that plain Keras would take for a unit, or None where a stage of it was not measured."""
    total = 0.0
    for stage in plan_of(unit).stages:
        measured = time_of(f"{unit.backbone}-{kind_of(stage)}")
        if measured is None or measured.seconds is None:
            return None
        total += stage.epochs * measured.seconds
    # The refit after inner folds is not counted: how many epochs it gets is known only from the folds.
    return total * max(1, unit.inner_folds)
