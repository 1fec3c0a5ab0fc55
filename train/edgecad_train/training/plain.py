"""What plain Keras takes for an epoch of the whole graph: measured, so that a table need not claim it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad_train.networks.network import Network
from edgecad_train.training.epochs import EpochSeed
from edgecad_train.training.freezing import set_trainable
from edgecad_train.training.loss import CROSS_ENTROPY, Loss
from edgecad_train.training.strategies import Stage

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


class OrderedBatches(keras.utils.PyDataset):
    """Batches in the very order in which EdgeCAD's own epochs take them."""

    def __init__(self, images: Images, labels: Labels, seed: EpochSeed, batch_size: int) -> None:
        super().__init__()
        self._images, self._labels = images, labels
        self._seed, self._batch_size = seed, batch_size
        self.begin(0)

    def __len__(self) -> int:
        return -(-len(self._labels) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[Images, Labels]:
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return self._images[rows], self._labels[rows]

    def begin(self, epoch: int) -> None:
        """Take an epoch's order. Keras' own `on_epoch_end` will not do: it is called once before the first epoch."""
        self._order = self._seed.order(epoch, len(self._labels))


class _Conductor(keras.callbacks.Callback):
    """Gives each epoch its order, and keeps its seconds, validation included."""

    def __init__(self, batches: OrderedBatches) -> None:
        super().__init__()
        self._batches = batches
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Take the order, start the watch."""
        self._batches.begin(epoch)
        self._begun = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Stop the watch."""
        self.seconds.append(time.perf_counter() - self._begun)


def fit_plainly(
    network: Network,
    stage: Stage,
    train: tuple[Images, Labels],
    validation: tuple[Images, Labels],
    epochs: int,
    seed: EpochSeed,
    batch_size: int = 16,
    loss: Loss = CROSS_ENTROPY,
) -> tuple[dict[str, Sequence[float]], list[float]]:
    """Train the whole graph by Keras' `fit`, frozen layers and all, in EdgeCAD's order.

    Returns:
        Keras' history (`loss`, `accuracy`, `val_loss`, `val_accuracy`) and the seconds of each epoch.
    """
    set_trainable(network, stage)
    network.model.compile(
        optimizer=keras.optimizers.Adam(stage.learning_rate),
        loss=loss.of_keras(),
        metrics=["accuracy"],
        # Keras' `auto` takes XLA, which is eight times slower on a CPU for depthwise convolutions.
        jit_compile=False,
    )
    batches = OrderedBatches(*train, seed, batch_size)
    conductor = _Conductor(batches)
    history = network.model.fit(
        batches,
        validation_data=validation,
        validation_batch_size=batch_size,
        epochs=epochs,
        callbacks=[conductor],
        verbose=0,
        shuffle=False,
    ).history
    return history, conductor.seconds


def plain_seconds(
    network: Network,
    stage: Stage,
    train: tuple[Images, Labels],
    validation: tuple[Images, Labels],
    epochs: int = 3,
    batch_size: int = 16,
) -> float:
    """Median seconds an epoch that plain Keras takes; the first one, which compiles, is left out. Weights change."""
    _, seconds = fit_plainly(network, stage, train, validation, epochs + 1, EpochSeed(0, 0, 0), batch_size)
    return float(np.median(seconds[1:]))
