"""EdgeCAD's own cross-fit of a head on frozen features: folds side by side, then one refit.

Orders, dropout, epochs and the choice of the epoch are those of a run of `--strategy warm-up`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

if TYPE_CHECKING:
    from edgecad_train.training.epochs import EpochRunner, EpochSeed, Examples
    from edgecad_train.training.history import StageHistory

FOLDS, EPOCHS, EXPONENT, BATCH = 5, 100, 3.5, 16
CAD = 0
"""Column of CAD in the logits."""
Weights = tuple[NDArray[np.float32], ...]


@dataclass(frozen=True)
class CrossFit:
    """Log-odds of CAD, before temperature.

    Attributes:
        held: `(n,)`, of each patient by the fold that did not learn from them.
        fresh: `(m,)`, of fresh patients by the refit.
        fresh_by_epochs: `(m,)`, by a refit of as many epochs as the folds, not as many steps: an epoch of the refit has
            more steps.
        fresh_by_folds: `(folds, m)`, of the same by the networks of the folds.
        epochs: of the refit.
    """

    held: NDArray[np.float64]
    fresh: NDArray[np.float64]
    fresh_by_epochs: NDArray[np.float64]
    fresh_by_folds: NDArray[np.float64]
    epochs: int


@dataclass(frozen=True)
class _Fold:
    """A fold's training, and its weights after each epoch."""

    history: StageHistory
    weights: list[Weights]


class HeadTrainer:
    """One head, compiled once and trained again and again from its first weights."""

    def __init__(self, channels: int, seed: int = 0) -> None:
        """Build the head that `edgecad train` has by default, on features `(n, channels)`."""
        import keras

        from edgecad_train.networks.head import Head
        from edgecad_train.training.epochs import EpochRunner
        from edgecad_train.training.loss import CROSS_ENTROPY
        from edgecad_train.training.rates import RateGroup

        keras.utils.set_random_seed(seed)
        head = Head()
        image = keras.Input((channels,))
        hidden = keras.layers.Dense(head.units, activation=head.activation)(image)
        logits = keras.layers.Dense(2)(keras.layers.Dropout(head.dropout)(hidden))
        self._model = keras.Model(image, logits)
        rates = (RateGroup(10**-EXPONENT, tuple(self._model.trainable_variables), "hidden"),)
        self._runner: EpochRunner = EpochRunner(self._model, rates, BATCH, CROSS_ENTROPY)

    def cross_fit(
        self, features: NDArray[np.float32], label: NDArray[np.bool_], fresh: NDArray[np.float32], seed: int
    ) -> CrossFit:
        """Train a network a fold, each at the epoch that the other folds chose, then the refit for as many steps."""
        from edgecad_train.training.choosing.crossfit import epochs_of_others, epochs_of_refit, median_epoch
        from edgecad_train.training.epochs import EpochSeed

        parts = list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(features, label))
        runs = [self._fold(features, label, part, EpochSeed(seed, number, 0)) for number, part in enumerate(parts)]
        histories = [run.history for run in runs]
        held, by_folds = np.empty(len(label)), []
        for (_, members), run, epoch in zip(parts, runs, epochs_of_others(histories), strict=True):
            held[members] = _log_odds(run.weights[epoch], features[members])
            by_folds.append(_log_odds(run.weights[epoch], fresh))
        as_many, place = median_epoch(histories), EpochSeed(seed, FOLDS, 0)
        epochs = epochs_of_refit(histories, [_steps(len(rows)) for rows, _ in parts], _steps(len(label)))
        by_epoch = []
        self._begin(seed)
        for epoch in range(max(epochs, as_many)):
            self._runner.train(_examples(features, label, np.arange(len(label))), place, epoch)
            by_epoch.append(self._weights())
        return CrossFit(
            held=held,
            fresh=_log_odds(by_epoch[epochs - 1], fresh),
            fresh_by_epochs=_log_odds(by_epoch[as_many - 1], fresh),
            fresh_by_folds=np.stack(by_folds),
            epochs=epochs,
        )

    def _fold(
        self,
        features: NDArray[np.float32],
        label: NDArray[np.bool_],
        part: tuple[NDArray[np.intp], NDArray[np.intp]],
        place: EpochSeed,
    ) -> _Fold:
        from edgecad_train.training.history import Epoch, StageHistory

        learnt, judged = (_examples(features, label, rows) for rows in part)
        self._begin(place.seed)
        epochs, weights = [], []
        for epoch in range(EPOCHS):
            epochs.append(Epoch(*self._runner.train(learnt, place, epoch), *self._runner.evaluate(judged)))
            weights.append(self._weights())
        best = max(range(EPOCHS), key=lambda index: (*epochs[index].rank, -index))
        return _Fold(StageHistory("warm-up", tuple(epochs), best), weights)

    def _weights(self) -> Weights:
        return tuple(self._model.get_weights())

    def _begin(self, seed: int) -> None:
        """First weights, the same for all trainings of a run."""
        generator = np.random.default_rng(seed)
        for layer in self._model.layers:
            if layer.weights:
                kernel, bias = layer.get_weights()
                limit = np.sqrt(6 / sum(kernel.shape))  # Glorot and Bengio 2010, Keras' own
                layer.set_weights([generator.uniform(-limit, limit, kernel.shape), np.zeros_like(bias)])
        self._runner.forget()


def _log_odds(weights: Weights, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """By the formula of the head: a compiled call costs more than the sum."""
    kernel, bias, out, last = weights
    z = features @ kernel + bias
    logits = (z / (1 + np.exp(-z))) @ out + last
    return np.asarray(logits[:, CAD] - logits[:, 1 - CAD], np.float64)


def _steps(rows: int) -> int:
    return -(-rows // BATCH)


def _examples(features: NDArray[np.float32], label: NDArray[np.bool_], rows: NDArray[np.intp]) -> Examples:
    from edgecad_train.training.epochs import Examples

    return Examples((features,), rows, np.where(label[rows], CAD, 1 - CAD).astype(np.int64))
