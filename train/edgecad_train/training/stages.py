"""Run one stage: train what learns, judge every epoch on validation, let the best go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgecad.errors import GateFailed
from edgecad_train.networks.network import Network
from edgecad_train.training.epochs import EpochRunner, EpochSeed, Examples
from edgecad_train.training.freezing import learning_part, set_trainable
from edgecad_train.training.history import Epoch, StageHistory
from edgecad_train.training.loss import CROSS_ENTROPY, Loss
from edgecad_train.training.rates import rate_groups
from edgecad_train.training.strategies import Stage

Progress = Callable[[str, int, int, str], None]
"""Called with the stage's name, epochs done, epochs in all, and a line of figures."""
Weights = tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class StageState:
    """Where a stage stands after its last epoch: all that is needed to go on as if nothing had happened."""

    epochs: tuple[Epoch, ...]
    best: int
    weights: Weights
    best_weights: Weights
    optimizer: Weights
    seen: tuple[Weights, ...] = ()


@dataclass(frozen=True)
class StageRun:
    """A stage that has ended; `seen` is what was observed after each epoch, if anything was."""

    history: StageHistory
    seen: tuple[Weights, ...] = ()


Observe = Callable[[], Weights]
"""Called after each epoch; gives the arrays to keep of it."""


class Keeper(Protocol):
    """Keeps the state of a stage, so that a run that is killed can go on."""

    def restore(self) -> StageState | None:
        """The state that was kept, if any."""

    def keep(self, state: Callable[[], StageState], last: bool) -> None:
        """An epoch has ended; `last` is the stage's last one. The state is a call because copying it costs time."""


@dataclass(frozen=True)
class NoKeeper:
    """Keeps nothing."""

    def restore(self) -> StageState | None:
        """Nothing was kept."""
        return None

    def keep(self, state: Callable[[], StageState], last: bool) -> None:
        """Let it go."""


@dataclass(frozen=True)
class StageOptions:
    """How a stage is run, beside what it trains.

    Attributes:
        batch_size: scans a step.
        loss: what is made small.
        patience: end the stage after so many epochs without a better one; None runs them all.
    """

    batch_size: int = 16
    loss: Loss = CROSS_ENTROPY
    patience: int | None = None


class StageRunner:
    """One stage of a network, compiled once and run as often as there are folds."""

    def __init__(self, network: Network, stage: Stage, options: StageOptions) -> None:
        self.stage = stage
        self._network = network
        self._options = options
        set_trainable(network, stage)
        learning = learning_part(network, stage.part)
        self._epochs = EpochRunner(learning, rate_groups(network, stage), options.batch_size, options.loss)

    def run(
        self,
        train: Examples,
        validation: Examples | None,
        seed: EpochSeed,
        *,
        epochs: int | None = None,
        keeper: Keeper | None = None,
        progress: Progress | None = None,
        observe: Observe | None = None,
    ) -> StageRun:
        """Train in place and leave the best epoch's weights in the network.

        Best is the highest validation accuracy, then the lower validation loss, then the earlier epoch. Without
        validation all `epochs` are run, and the last one's weights stay.
        """
        set_trainable(self._network, self.stage)
        self._epochs.forget()
        course = _Course(self._epochs, keeper or NoKeeper(), observe)
        total = epochs or self.stage.epochs
        while course.done < total and not course.stale(self._options.patience):
            loss, accuracy = self._epochs.train(train, seed, course.done)
            _check_finite(self.stage, course.done, loss)
            judged = self._epochs.evaluate(validation) if validation else (None, None)
            course.add(Epoch(loss, accuracy, *judged), total)
            if progress:
                progress(self.stage.name, course.done, total, _figures(course.epochs[-1]))
        course.take_best()
        return StageRun(StageHistory(self.stage.name, tuple(course.epochs), course.best), tuple(course.seen))

    def weights(self) -> Weights:
        """Of the stage's learning part, as they stand."""
        return tuple(self._epochs.model.get_weights())

    def set_weights(self, weights: Weights) -> None:
        """Put weights of its learning part back."""
        self._epochs.model.set_weights(weights)


@dataclass
class _Course:
    """Epochs so far, the best of them, and what is kept of both."""

    runner: EpochRunner
    keeper: Keeper
    observe: Observe | None = None
    epochs: list[Epoch] = field(default_factory=list)
    seen: list[Weights] = field(default_factory=list)
    best: int = -1
    best_weights: Weights = ()

    def __post_init__(self) -> None:
        state = self.keeper.restore()
        if state:
            self.epochs, self.best, self.best_weights = list(state.epochs), state.best, state.best_weights
            self.seen = list(state.seen)
            self.runner.model.set_weights(state.weights)
            self.runner.set_state(state.optimizer)

    @property
    def done(self) -> int:
        return len(self.epochs)

    def add(self, epoch: Epoch, total: int) -> None:
        self.epochs.append(epoch)
        if self.best < 0 or epoch.val_loss is None or epoch.rank > self.epochs[self.best].rank:
            self.best = self.done - 1
            # Without validation the last epoch stays, and its weights are where they belong already.
            self.best_weights = self._weights() if epoch.val_loss is not None else ()
        if self.observe:
            self.seen.append(self.observe())
        self.keeper.keep(self._state, last=self.done == total)

    def stale(self, patience: int | None) -> bool:
        return patience is not None and self.best >= 0 and self.done - 1 - self.best >= patience

    def take_best(self) -> None:
        if self.best_weights:
            self.runner.model.set_weights(self.best_weights)

    def _weights(self) -> Weights:
        return tuple(self.runner.model.get_weights())

    def _state(self) -> StageState:
        memory = tuple(self.runner.state())
        return StageState(tuple(self.epochs), self.best, self._weights(), self.best_weights, memory, tuple(self.seen))


def _check_finite(stage: Stage, epoch: int, loss: float) -> None:
    if not np.isfinite(loss):
        raise GateFailed(
            f"the loss of {stage.name} is not finite in epoch {epoch + 1} at a rate of {stage.learning_rate:g}; the "
            "first weights may be damaged: train again with others, or with a larger --lr-exponent"
        )


def _figures(epoch: Epoch) -> str:
    if epoch.val_loss is None:
        return f"loss {epoch.loss:.3f}"
    return f"loss {epoch.loss:.3f}  val loss {epoch.val_loss:.3f}  val accuracy {epoch.val_accuracy:.3f}"


def examples_of(passes: Sequence[Any], rows: NDArray[np.intp], labels: NDArray[np.int64]) -> Examples:
    """Examples of some rows; `labels` `(n,)` are those of all."""
    return Examples(tuple(passes), rows, labels[rows])
