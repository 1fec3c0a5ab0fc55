"""Find the head by Hyperband on cached features: units, dropout and the exponent a of the learning rate.

The features are those of the frozen network, so a configuration costs what a head costs. It sees validation
patients or inner folds of the training patients, never others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import optuna
from numpy.typing import NDArray

from edgecad.contract import Activation
from edgecad_train.networks.head import Head
from edgecad_train.training.epochs import EpochRunner, EpochSeed, Examples
from edgecad_train.training.frozen import Rows
from edgecad_train.training.loss import CROSS_ENTROPY, Loss
from edgecad_train.training.rates import RateGroup
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.stages import examples_of

UNITS = (8, 16, 32, 64, 128, 256)
DROPOUTS = (0.0, 0.6)
EXPONENTS = (3.0, 4.0)
"""The rule's own range of a."""
JUDGED_EVERY = 3
"""Epochs between two looks at validation."""
REDUCTION = 3
"""Hyperband keeps one of so many at each rung."""
LANES = 4
"""Configurations that train side by side. Fixed, not the machine's cores: it decides which ones are tried."""

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
        activation: of the hidden layer, in every configuration.
    """

    trials: int
    epochs: int
    activation: Activation = "silu"
    batch_size: int = 16
    loss: Loss = CROSS_ENTROPY


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
        study_name="head",  # Hyperband draws brackets by it; an unnamed study has a random one
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.HyperbandPruner(JUDGED_EVERY, options.epochs, REDUCTION),
    )
    bench = _Bench(np.asarray(features[:], np.float32), labels, folds, options, seed)
    _contest(study, bench, options, tell)
    best = study.best_params
    head = Head(UNITS[best["units"]], round(best["dropout"], 3), options.activation)
    return HeadChoice(head, round(best["a"], 3), options.trials, study.best_value)


def _contest(study: optuna.Study, bench: _Bench, options: SearchOptions, tell: Tell | None) -> None:
    """Let configurations train side by side, a few epochs at a time, and judge them in the order of their numbers.

    Whoever is faster changes nothing: Optuna is asked and told only between two turns.
    """
    asked = 0
    lanes: list[_Candidate] = []
    with ThreadPoolExecutor(LANES, "search") as pool:
        while lanes or asked < options.trials:
            while len(lanes) < LANES and asked < options.trials:
                lanes.append(bench.candidate(study.ask()))
                asked += 1
            losses = list(pool.map(bench.advance, lanes))
            going = [one for one, loss in zip(lanes, losses, strict=True) if not _ended(study, one, loss, options)]
            for one in lanes:
                if one not in going:
                    bench.give_back(one)
            if tell and len(going) < len(lanes):
                tell(asked - len(going), options.trials, _least(study))
            lanes = going


def _ended(study: optuna.Study, one: _Candidate, loss: float, options: SearchOptions) -> bool:
    """Report a candidate; whether it has trained to the end, or Hyperband gives it up."""
    one.least = min(one.least, loss)
    one.trial.report(loss, one.epochs)
    if one.epochs >= options.epochs:
        study.tell(one.trial, one.least)
        return True
    if one.trial.should_prune():
        study.tell(one.trial, state=optuna.trial.TrialState.PRUNED)
        return True
    return False


def _least(study: optuna.Study) -> float:
    done = [trial.value for trial in study.trials if trial.value is not None]
    return min(done, default=float("nan"))


@dataclass(eq=False)
class _Candidate:
    """A configuration under way."""

    trial: optuna.Trial
    units: int
    runners: list[EpochRunner]
    epochs: int = 0
    least: float = float("inf")


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
    """Heads of each width, one a fold, compiled once and lent to candidates."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    folds: Sequence[Fold]
    options: SearchOptions
    seed: int
    _free: dict[int, list[list[EpochRunner]]] = field(default_factory=lambda: {units: [] for units in UNITS})

    def candidate(self, trial: optuna.Trial) -> _Candidate:
        """Draw a configuration, and heads with first weights for it."""
        units = UNITS[trial.suggest_int("units", 0, len(UNITS) - 1)]  # an index: powers of two are evenly apart
        dropout = trial.suggest_float("dropout", *DROPOUTS)
        rate = 10.0 ** -trial.suggest_float("a", *EXPONENTS)
        runners = self._free[units].pop() if self._free[units] else self._built(units)
        for runner in runners:
            _begin(runner, dropout, rate, self.seed)
        return _Candidate(trial, units, runners)

    def give_back(self, candidate: _Candidate) -> None:
        """Take the heads of a candidate that has ended."""
        self._free[candidate.units].append(candidate.runners)

    def advance(self, candidate: _Candidate) -> float:
        """Train a candidate for some epochs; its validation loss, mean over the folds."""
        until = min(candidate.epochs + JUDGED_EVERY, self.options.epochs)
        losses = []
        for number, (runner, fold) in enumerate(zip(candidate.runners, self.folds, strict=True)):
            for epoch in range(candidate.epochs, until):
                runner.train(self._examples(fold.train), EpochSeed(self.seed, number, 0), epoch)
            losses.append(runner.evaluate(self._examples(fold.held))[0])
        candidate.epochs = until
        return float(np.mean(losses))

    def _built(self, units: int) -> list[EpochRunner]:
        return [_runner(self.features.shape[1], units, self.options) for _ in self.folds]

    def _examples(self, rows: NDArray[np.intp]) -> Examples:
        return examples_of([self.features], rows, self.labels)


def _runner(channels: int, units: int, options: SearchOptions) -> EpochRunner:
    pooled = keras.Input((channels,))
    hidden = keras.layers.Dense(units, activation=options.activation, name="hidden")(pooled)
    model = keras.Model(pooled, keras.layers.Dense(2, name="logits")(_VariableDropout()(hidden)))
    group = RateGroup(1e-4, tuple(model.trainable_variables), "hidden")
    return EpochRunner(model, [group], options.batch_size, options.loss)


def _begin(runner: EpochRunner, dropout: float, rate: float, seed: int) -> None:
    """First weights by Keras' own rule, the same for the same seed."""
    for number, name in enumerate(("hidden", "logits")):
        layer = runner.model.get_layer(name)
        draw = keras.initializers.GlorotUniform(seed=seed + number)
        layer.kernel.assign(draw(layer.kernel.shape))
        layer.bias.assign(np.zeros(layer.bias.shape, np.float32))
    runner.model.get_layer("search_dropout").rate.assign(dropout)
    runner.forget([rate])
