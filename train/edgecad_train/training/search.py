"""Find the head by Hyperband on cached features: units, dropout and the exponent a of the learning rate.

The features are those of the frozen network, so a configuration costs what a head costs. It sees validation
patients or inner folds of the training patients, never others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import optuna
from numpy.typing import NDArray

from edgecad_train.networks.network import Head
from edgecad_train.training.epochs import EpochRunner, EpochSeed, Examples
from edgecad_train.training.frozen import Rows
from edgecad_train.training.journal import HeadChoice
from edgecad_train.training.rates import RateGroup
from edgecad_train.training.stages import examples_of

UNITS = (8, 16, 32, 64, 128, 256, 512)
DROPOUTS = (0.0, 0.6)
EXPONENTS = (3.0, 4.0)
"""The rule's own range of a."""
JUDGED_EVERY = 3
"""Epochs between two looks at validation."""
REDUCTION = 3
"""Hyperband keeps one of so many at each rung."""

Tell = Callable[[int, int, float], None]
"""Called with trials done, trials in all and the least loss so far."""


@dataclass(frozen=True)
class Fold:
    """Rows to learn from and rows to judge by."""

    train: NDArray[np.intp]
    held: NDArray[np.intp]


@dataclass(frozen=True)
class SearchOptions:
    """How long to search.

    Attributes:
        trials: configurations to try.
        epochs: most epochs of one; Hyperband ends most of them sooner.
    """

    trials: int
    epochs: int
    batch_size: int = 16
    class_weights: tuple[float, ...] = (1.0, 1.0)


def search_head(
    features: Rows,
    labels: NDArray[np.int64],
    folds: Sequence[Fold],
    options: SearchOptions,
    seed: int,
    tell: Tell | None = None,
) -> HeadChoice:
    """Find the configuration of least validation cross-entropy, mean over the folds, at its best epoch.

    Hyperband: Li et al. 2017 (JMLR 18:6765), as Optuna's pruner; the sampler is Optuna's TPE. The same seed
    gives the same search.

    Args:
        features: pooled features of all scans, `(n, channels)`.
        labels: class index of each, `(n,)`.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.HyperbandPruner(JUDGED_EVERY, options.epochs, REDUCTION),
    )
    bench = _Bench(np.asarray(features[:], np.float32), labels, folds, options, seed)

    def ended(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        finished = any(one.state == optuna.trial.TrialState.COMPLETE for one in study.trials)
        if tell:
            tell(trial.number + 1, options.trials, study.best_value if finished else float("nan"))

    study.optimize(bench.loss_of, n_trials=options.trials, callbacks=[ended])
    best = study.best_params
    head = Head(UNITS[best["units"]], round(best["dropout"], 3))
    return HeadChoice(head, round(best["a"], 3), options.trials, study.best_value)


class _VariableDropout(keras.layers.Layer):
    """Dropout whose rate is a variable, so that one compiled network serves every configuration of its width."""

    def __init__(self) -> None:
        super().__init__(name="search_dropout")
        self.seed_generator = keras.random.SeedGenerator(0)
        self.rate = self.add_weight(shape=(), initializer="zeros", trainable=False, name="rate")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drop units while training."""
        if not training:
            return inputs
        kept = keras.random.uniform(keras.ops.shape(inputs), seed=self.seed_generator) >= self.rate
        return inputs * keras.ops.cast(kept, inputs.dtype) / (1.0 - self.rate)


@dataclass
class _Bench:
    """Heads of each width, built and compiled once."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    folds: Sequence[Fold]
    options: SearchOptions
    seed: int
    _runners: dict[int, list[EpochRunner]] = field(default_factory=dict)

    def loss_of(self, trial: optuna.Trial) -> float:
        """Least mean validation loss of one configuration; raises Optuna's `TrialPruned` where it is given up."""
        units = UNITS[trial.suggest_int("units", 0, len(UNITS) - 1)]  # an index: powers of two are evenly apart
        dropout = trial.suggest_float("dropout", *DROPOUTS)
        rate = 10.0 ** -trial.suggest_float("a", *EXPONENTS)
        runners = self._runners.setdefault(units, []) or self._built(units)
        for runner in runners:
            _begin(runner, dropout, rate, self.seed)
        least = float("inf")
        for epoch in range(self.options.epochs):
            for number, (runner, fold) in enumerate(zip(runners, self.folds, strict=True)):
                runner.train(self._examples(fold.train), EpochSeed(self.seed, number, 0), epoch)
            if (epoch + 1) % JUDGED_EVERY and epoch + 1 < self.options.epochs:
                continue
            now = self._judged(runners)
            least = min(least, now)
            trial.report(now, epoch + 1)
            if trial.should_prune():
                raise optuna.TrialPruned
        return least

    def _built(self, units: int) -> list[EpochRunner]:
        self._runners[units] = [_runner(self.features.shape[1], units, self.options) for _ in self.folds]
        return self._runners[units]

    def _judged(self, runners: Sequence[EpochRunner]) -> float:
        pairs = zip(runners, self.folds, strict=True)
        return float(np.mean([runner.evaluate(self._examples(fold.held))[0] for runner, fold in pairs]))

    def _examples(self, rows: NDArray[np.intp]) -> Examples:
        return examples_of([self.features], rows, self.labels)


def _runner(channels: int, units: int, options: SearchOptions) -> EpochRunner:
    pooled = keras.Input((channels,))
    hidden = keras.layers.Dense(units, activation="relu", name="hidden")(pooled)
    model = keras.Model(pooled, keras.layers.Dense(2, name="logits")(_VariableDropout()(hidden)))
    group = RateGroup(1e-4, tuple(model.trainable_variables), "hidden")
    return EpochRunner(model, [group], options.batch_size, options.class_weights)


def _begin(runner: EpochRunner, dropout: float, rate: float, seed: int) -> None:
    """First weights by Keras' own rule, the same for the same seed."""
    for number, name in enumerate(("hidden", "logits")):
        layer = runner.model.get_layer(name)
        draw = keras.initializers.GlorotUniform(seed=seed + number)
        layer.kernel.assign(draw(layer.kernel.shape))
        layer.bias.assign(np.zeros(layer.bias.shape, np.float32))
    runner.model.get_layer("search_dropout").rate.assign(dropout)
    runner.forget([rate])
