"""The order in which scans are taken: another one in each epoch, stage, training and run, and the same again."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad_train.training.epochs import EpochRunner, EpochSeed, Examples
from edgecad_train.training.loss import CROSS_ENTROPY
from edgecad_train.training.rates import RateGroup

COUNT = 20
PLACES = {
    "epochs": [(EpochSeed(0, 0, 0), epoch) for epoch in range(5)],
    "stages": [(EpochSeed(0, 0, stage), 1) for stage in range(3)],
    "trainings": [(EpochSeed(0, training, 0), 1) for training in range(5)],
    "seeds": [(EpochSeed(seed, 0, 0), 1) for seed in range(5)],
}


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_everything_is_drawn_anew(places: list[tuple[EpochSeed, int]]) -> None:
    orders = [seed.order(epoch, COUNT) for seed, epoch in places]
    dropped = [seed.dropout(epoch, layer) for seed, epoch in places for layer in range(2)]
    for values in (orders, dropped):
        assert all(not np.array_equal(one, other) for one, other in combinations(values, 2))
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(COUNT))
    for (seed, epoch), order in zip(places, orders, strict=True):
        np.testing.assert_array_equal(seed.order(epoch, COUNT), order)


@dataclass
class Watched:
    """Rows that remember which of them were taken."""

    values: NDArray[np.float32]
    taken: list[NDArray[np.intp]] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def dtype(self) -> Any:
        return self.values.dtype

    def __getitem__(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        self.taken.append(np.array(rows))
        return self.values[rows]


@pytest.fixture
def runner() -> EpochRunner:
    """Two logits from two numbers."""
    numbers = keras.Input((2,))
    model = keras.Model(numbers, keras.layers.Dense(2)(numbers))
    return EpochRunner(model, [RateGroup(1e-3, tuple(model.trainable_variables), "all")], 4, CROSS_ENTROPY)


def test_an_epoch_takes_every_scan_once_in_its_own_order(runner: EpochRunner) -> None:
    watched, rows, seed = Watched(np.zeros((COUNT + 5, 2), np.float32)), np.arange(3, 3 + COUNT), EpochSeed(7, 2, 1)
    examples = Examples((watched,), rows, np.arange(COUNT, dtype=np.int64) % 2)
    for epoch in range(4):
        runner.train(examples, seed, epoch)
    for epoch, taken in enumerate(watched.taken):
        np.testing.assert_array_equal(taken, rows[seed.order(epoch, COUNT)])
    assert all(not np.array_equal(one, other) for one, other in combinations(watched.taken, 2))


def test_judging_takes_scans_as_they_come(runner: EpochRunner) -> None:
    watched, rows = Watched(np.zeros((COUNT, 2), np.float32)), np.arange(2, 9)
    runner.evaluate(Examples((watched,), rows, np.zeros(7, np.int64)))
    np.testing.assert_array_equal(np.concatenate(watched.taken), rows)
