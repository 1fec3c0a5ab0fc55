"""A network learns from the rows that a method may fit; folds of these choose how many epochs, and nobody else.

Patients who may be learnt from are dealt into folds. Networks are trained without each in turn, all from the same first
weights, and judged on it after every epoch. The epoch whose cross-entropy, added up over what was held out, is least is
the one at which a last training ends, from all of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.errors import GateFailed
from edgecad_train.methods.fitting.folds import inner_folds
from edgecad_train.methods.task import Rows, Task
from edgecad_train.training.epochs import EpochRunner, EpochSeed, Examples
from edgecad_train.training.loss import Loss
from edgecad_train.training.rates import RateGroup

Built = TypeVar("Built")


@dataclass(frozen=True)
class Lessons:
    """How long and how fast a network learns.

    Attributes:
        epochs: the most that may be chosen.
        folds: into which the patients are dealt, or as many as the smaller class has patients.
        held: how many of the folds are held out in turn; fewer than `folds` where training takes long.
        rate: of Adam.
        batch_size: scans a step.
    """

    epochs: int
    folds: int = 3
    held: int = 3
    rate: float = 1e-3
    batch_size: int = 16


@dataclass(frozen=True)
class EpochChoice:
    """What the folds said.

    Attributes:
        epochs: how many are best.
        losses: mean cross-entropy of what was held out after each epoch, nats, `(epochs,)`.
    """

    epochs: int
    losses: NDArray[np.float64]


def build_from(seed: int, build: Callable[[], Built]) -> Built:
    """Build a network whose random first weights are those of a seed."""
    keras.utils.set_random_seed(seed)
    return build()


def fit_network(model: keras.Model, passes: Sequence[Any], task: Task, lessons: Lessons) -> EpochChoice:
    """Choose the number of epochs, and leave a network that has learnt for so long from all of `task.fit`.

    Args:
        model: inputs `(n, ...)` -> logits `(n, 2)`, with first weights.
        passes: inputs of all scans, `(n, ...)` each, one array a pass of augmentation; the first is without.

    Raises:
        GateFailed: the loss is not finite.
    """
    first = model.get_weights()
    runner = _runner(model, lessons)
    training = _Training(model, runner, first, tuple(passes), task, lessons)
    losses = training.judged()
    chosen = EpochChoice(int(np.argmin(losses)) + 1, losses)
    training.taught(chosen.epochs)
    return chosen


def _runner(model: keras.Model, lessons: Lessons) -> EpochRunner:
    group = RateGroup(lessons.rate, tuple(model.trainable_variables), model.layers[0].name)
    return EpochRunner(model, (group,), lessons.batch_size, Loss())


@dataclass(frozen=True, eq=False)
class _Training:
    """One network that is trained again and again."""

    model: keras.Model
    runner: EpochRunner
    first: list[NDArray[Any]]
    passes: tuple[Any, ...]
    task: Task
    lessons: Lessons

    def judged(self) -> NDArray[np.float64]:
        """Mean cross-entropy of what was held out, epoch by epoch."""
        sums, count = np.zeros(self.lessons.epochs), 0
        dealt = inner_folds(self.task, self.lessons.folds)[: self.lessons.held]
        for number, (teach, held) in enumerate(dealt):
            judges = self._examples(self.task.fit[held])
            for epoch in self._epochs(self._examples(self.task.fit[teach]), number + 1, self.lessons.epochs):
                loss, _ = self.runner.evaluate(judges)
                sums[epoch] += loss * len(held)
                done, of = number * self.lessons.epochs + epoch + 1, len(dealt) * self.lessons.epochs
                self.task.tell("epochs of inner folds", done, of)
            count += len(held)
        return sums / count

    def taught(self, epochs: int) -> None:
        """Learn from all rows."""
        for epoch in self._epochs(self._examples(self.task.fit), 0, epochs):
            self.task.tell("epochs", epoch + 1, epochs)

    def _epochs(self, learning: Examples, number: int, epochs: int) -> Any:
        """Train from the first weights; yields after each epoch."""
        self.model.set_weights(self.first)
        self.runner.forget()
        seed = EpochSeed(self.task.seed, number, 0)
        for epoch in range(epochs):
            loss, _ = self.runner.train(learning, seed, epoch)
            if not np.isfinite(loss):
                raise GateFailed(
                    f"the loss of {self.model.name} is not finite in epoch {epoch + 1}; look at the scans with "
                    "edgecad train --check, or leave the method out"
                )
            yield epoch

    def _examples(self, rows: Rows) -> Examples:
        return Examples(self.passes, rows, self.task.scans.data.labels[rows])
