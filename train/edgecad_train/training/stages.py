"""Run one stage: compute what is frozen once, train what is not, keep the best epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad_train.networks.network import Network
from edgecad_train.networks.scaling import LAYERS as SCALING_LAYERS
from edgecad_train.training.strategies import Stage

Progress = Callable[[str, int, int, str], None]
"""Called with the stage's name, epochs done, epochs in all, and a line of figures."""


@dataclass(frozen=True)
class Examples:
    """Prepared images `(n, size, size, 3)` uint8 RGB and their class indices `(n,)` int64."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Epoch:
    """Figures of one epoch: mean cross-entropy (nats) and accuracy (0 to 1)."""

    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


@dataclass(frozen=True)
class StageHistory:
    """What a stage did; `best` is the index of the epoch whose weights went on."""

    stage: str
    epochs: tuple[Epoch, ...]
    best: int


def run_stage(
    network: Network,
    stage: Stage,
    train: Examples,
    validation: Examples,
    batch_size: int,
    progress: Progress | None = None,
) -> StageHistory:
    """Train one stage in place and leave the best epoch's weights in the network.

    Best is the highest validation accuracy, then the lower validation loss, then the earlier epoch.
    The frozen part gives the same activations in every epoch, so it runs once: pooled features for
    the head, activations at the block boundary for fine-tuning. The result is that of training the
    whole graph.
    """
    set_trainable(network, stage)
    frozen, learning = split_network(network, stage)
    inputs = [_activations(frozen, part.images, batch_size) for part in (train, validation)]
    learning.compile(
        optimizer=keras.optimizers.Adam(stage.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        # Keras' `auto` takes XLA, which is eight times slower on a CPU for depthwise convolutions.
        jit_compile=False,
    )
    keeper = _BestEpoch(stage, progress)
    learning.fit(
        inputs[0],
        train.labels,
        validation_data=(inputs[1], validation.labels),
        epochs=stage.epochs,
        batch_size=batch_size,
        callbacks=[keeper],
        verbose=0,
    )
    learning.set_weights(keeper.weights)
    return StageHistory(stage.name, tuple(keeper.epochs), keeper.best)


def set_trainable(network: Network, stage: Stage) -> None:
    """Freeze and unfreeze layers for a stage.

    Batch normalisation is frozen by its own flag wherever it is held: calling a model with
    `training=False` does not do it in Keras 3 (keras issue 20285).
    """
    learns = stage.part == "everything"
    for layer in network.model.layers:
        if stage.part == "top" and layer.name == network.fine_tuned_from:
            learns = True
        if layer.name == "pooling":
            learns = True
        normalises = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = learns and not (normalises and stage.hold_batch_norm) and layer.name not in SCALING_LAYERS
        if normalises and not stage.hold_batch_norm:
            # Keras' 0.99 to 0.999 remember the first variance, 1, for thousands of steps. The activations of
            # random weights vary by 1e-4 deep down, so that even 0.9 needs a hundred; and here there are few.
            layer.momentum = 0.8


def split_network(network: Network, stage: Stage) -> tuple[keras.Model | None, keras.Model]:
    """Cut the graph where learning begins: (frozen part or None, part that learns). Layers are shared."""
    model = network.model
    if stage.part == "everything":
        return None, model
    if stage.part == "head":
        boundary = model.get_layer("pooling").output
    else:
        boundary = model.get_layer(network.fine_tuned_from).input
    return keras.Model(model.input, boundary), keras.Model(boundary, model.output)


def predict_logits(network: Network, images: NDArray[np.uint8], batch_size: int = 16) -> NDArray[np.float32]:
    """Logits `(n, 2)` of prepared images."""
    return np.asarray(network.model.predict(images, batch_size=batch_size, verbose=0))


def _activations(frozen: keras.Model | None, images: NDArray[np.uint8], batch_size: int) -> NDArray[Any]:
    if frozen is None:
        return images
    return np.asarray(frozen.predict(images, batch_size=batch_size, verbose=0))


class _BestEpoch(keras.callbacks.Callback):
    """Record each epoch's figures, and keep the weights of the best."""

    def __init__(self, stage: Stage, progress: Progress | None) -> None:
        super().__init__()
        self._stage = stage
        self._progress = progress
        self.epochs: list[Epoch] = []
        self.best = -1
        self.weights: list[NDArray[np.float32]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compare with the best so far, by the stated rule."""
        figures = logs or {}
        now = Epoch(*(float(figures[key]) for key in ("loss", "accuracy", "val_loss", "val_accuracy")))
        self.epochs.append(now)
        if self.best < 0 or self._rank(now) > self._rank(self.epochs[self.best]):
            self.best = epoch
            self.weights = self.model.get_weights()
        if self._progress:
            line = f"loss {now.loss:.3f}  val loss {now.val_loss:.3f}  val accuracy {now.val_accuracy:.3f}"
            self._progress(self._stage.name, epoch + 1, self._stage.epochs, line)

    @staticmethod
    def _rank(epoch: Epoch) -> tuple[float, float]:
        return epoch.val_accuracy, -epoch.val_loss
