"""How long a run will train: from its plan and its first epochs, said once and called rough."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import typer

from edgecad.cli.progress import Bars, silent
from edgecad.system.clock import SOON, rough_words
from edgecad_train.splits.split import Folds, Split
from edgecad_train.training.settings import Settings

_EPOCHS = 2
"""Epochs of each stage that are measured; the one before them compiles."""


@dataclass
class TrainingTime:
    """Told how far each stage of each training is; says once how long all of them will take, when each was measured.

    Args:
        epochs: of each stage of a training, by the stage's name.
        trainings: how many there are.
        say: told a line.
    """

    epochs: Mapping[str, int]
    trainings: int
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _begun: dict[str, tuple[float, int]] = field(default_factory=dict)
    _done: dict[str, int] = field(default_factory=dict)
    _rates: dict[str, float] = field(default_factory=dict)
    _said: bool = False

    def __call__(self, task: str, done: int) -> None:
        """Take in how many epochs of a task, as `fold 2, warm-up`, are done."""
        stage = task.rpartition(", ")[2]
        if self._said or stage not in self.epochs:
            return
        now = self.clock()
        begun, first = self._begun.setdefault(task, (now, done))
        self._done[task] = done
        if done - first >= _EPOCHS:
            self._rates[stage] = (now - begun) / (done - first)
        if self._rates.keys() == self.epochs.keys():
            self._said = True
            left = sum(rate * self._left(stage) for stage, rate in self._rates.items())
            if left >= SOON:
                self.say(f"training: {rough_words(left)} left, roughly, measured on the first epochs")

    def _left(self, stage: str) -> int:
        done = sum(epochs for task, epochs in self._done.items() if task.rpartition(", ")[2] == stage)
        return max(0, self.trainings * self.epochs[stage] - done)


def with_training_time(bars: Bars, settings: Settings, partition: Split | Folds) -> Bars:
    """The same bars, and a line once it can be told how long the run will train; none where a search decides it."""
    if bars is silent or settings.trials:
        return bars
    trainings = len(partition.folds) + 1 if isinstance(partition, Folds) else 1
    epochs = {stage.name: stage.epochs for stage in settings.plan.stages}
    rough = TrainingTime(epochs, trainings + settings.select_on_test, lambda line: typer.echo(line, err=True))

    def show(task: str, done: int, total: int, figures: str) -> None:
        bars(task, done, total, figures)
        rough(task, done)

    return show
