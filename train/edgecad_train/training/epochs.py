"""Epochs of a network's learning part: each a few compiled calls, in an order that only seeds decide.

Keras' own `fit` costs 0.15 s an epoch before it computes anything, ten times what an epoch of a head takes; here
a block of batches is one compiled loop. Losses are those of `fit`: batches' means, weighed by their size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgecad.errors import UsageError
from edgecad_train.training.adam import Adam, values_of
from edgecad_train.training.device.placing import check_placed
from edgecad_train.training.device.resident import ResidentRows
from edgecad_train.training.frozen import Rows
from edgecad_train.training.loss import Loss
from edgecad_train.training.rates import RateGroup

BLOCK_BYTES = 64 * 2**20
"""Most bytes of inputs that one compiled call is given."""


@dataclass(frozen=True)
class Examples:
    """Rows to learn from or to judge by.

    Attributes:
        passes: arrays `(n, ...)`, one an augmentation pass; the first is without augmentation. They may stay on the
            device.
        rows: `(m,)`, which of the n take part.
        labels: class index of each of them, `(m,)` int64.
    """

    passes: tuple[Rows | ResidentRows, ...]
    rows: NDArray[np.intp]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        if not len(self.rows):
            raise UsageError("there is no scan to learn from or to judge by; every part of a split needs some")

    def __len__(self) -> int:
        return len(self.rows)

    def taken(self, epoch: int, positions: NDArray[np.intp]) -> tuple[Any, NDArray[np.int64]]:
        """Inputs and labels at `positions`, of the pass whose turn it is in `epoch`; inputs are a tensor."""
        source, rows = self.passes[epoch % len(self.passes)], self.rows[positions]
        inputs = source.gathered(rows) if isinstance(source, ResidentRows) else tf.constant(np.asarray(source[rows]))
        return inputs, self.labels[positions]


@dataclass(frozen=True)
class EpochSeed:
    """What decides the order of the scans and what dropout drops in one epoch: the run's seed and its place in it."""

    seed: int
    training: int
    stage: int

    def order(self, epoch: int, count: int) -> NDArray[np.intp]:
        """Order in which an epoch takes `count` scans; each epoch of each stage has its own."""
        return np.random.default_rng([self.seed, self.training, self.stage, epoch]).permutation(count)

    def dropout(self, epoch: int, layer: int) -> NDArray[np.uint32]:
        """State of a Keras seed generator at the start of an epoch; each dropout layer has its own."""
        place = np.random.SeedSequence([self.seed, self.training, self.stage, epoch, 1 + layer])
        return np.asarray(place.generate_state(2, np.uint32), np.uint32)


class EpochRunner:
    """Trains a model in place; weights and the optimisers' memory are its whole state."""

    def __init__(self, model: keras.Model, groups: Sequence[RateGroup], batch_size: int, loss: Loss) -> None:
        """Compile nothing yet.

        Args:
            model: inputs `(n, ...)` -> logits `(n, classes)`.
            groups: what learns, at which rate; Adam each.
            loss: what is made small.
        """
        self.model = model
        self.batch_size = batch_size
        self._groups = groups
        self._optimizers = [Adam(group.variables, group.rate) for group in groups]
        self._loss = loss
        self._weights = tf.constant(loss.class_weights, tf.float32)
        self._train_block = tf.function(self._learn_from, reduce_retracing=True)
        self._judge_block = tf.function(self._judge, reduce_retracing=True)
        self._checked = False

    def train(self, examples: Examples, seed: EpochSeed, epoch: int) -> tuple[float, float]:
        """One epoch; mean loss (nats) and accuracy (0 to 1) while it learnt, as Keras reports them."""
        for layer, generator in enumerate(_seed_generators(self.model)):
            generator.state.assign(seed.dropout(epoch, layer))
        return self._mean(self._train_block, examples, epoch, seed.order(epoch, len(examples)))

    def evaluate(self, examples: Examples) -> tuple[float, float]:
        """Mean loss (nats) and accuracy (0 to 1), in inference mode, every class weighing the same."""
        return self._mean(self._judge_block, examples, 0, np.arange(len(examples)))

    def state(self) -> list[NDArray[Any]]:
        """The optimisers' memory."""
        return [value for optimizer in self._optimizers for value in values_of(optimizer.memory)]

    def set_state(self, values: Sequence[NDArray[Any]]) -> None:
        """Go on from a memory that `state` gave."""
        variables = [variable for optimizer in self._optimizers for variable in optimizer.memory]
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def forget(self, rates: Sequence[float] | None = None) -> None:
        """Begin anew, with other rates where they are given; what was compiled stays."""
        for number, (group, optimizer) in enumerate(zip(self._groups, self._optimizers, strict=True)):
            optimizer.forget(rates[number] if rates else group.rate)

    def _mean(self, block: Any, examples: Examples, epoch: int, order: NDArray[np.intp]) -> tuple[float, float]:
        sums = np.zeros(2)
        for positions in self._blocks(examples, order):
            inputs, labels = examples.taken(epoch, positions)
            told = block(inputs, tf.constant(labels))
            self._check_places(told)
            sums += np.array([float(value) for value in told])
        loss, hits = sums / max(len(order), 1)
        return float(loss), float(hits)

    def _check_places(self, told: Sequence[Any]) -> None:
        """After the first step: what learns, what the optimisers remember and what was computed lie on the device."""
        if not self._checked:
            learning = [variable.value for group in self._groups for variable in group.variables]
            check_placed("what learns", learning)
            check_placed("what the optimiser remembers", [own for each in self._optimizers for own in each.memory])
            check_placed("the loss", told)
            self._checked = True

    def _blocks(self, examples: Examples, order: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
        """Whole batches, as many as fit into a block."""
        source = examples.passes[0]
        row_bytes = source.dtype.itemsize * int(np.prod(source.shape[1:]))
        length = max(1, BLOCK_BYTES // (row_bytes * self.batch_size)) * self.batch_size
        for start in range(0, len(order), length):
            yield order[start : start + length]

    def _learn_from(self, inputs: Any, labels: Any) -> tuple[Any, Any]:
        total, hits, count = tf.constant(0.0), tf.constant(0.0), tf.shape(labels)[0]
        for start in tf.range(0, count, self.batch_size):
            # One batch after another: each starts from the weights that the last one left.
            tf.autograph.experimental.set_loop_options(parallel_iterations=1)
            end = tf.minimum(start + self.batch_size, count)
            loss, right = self._step(inputs[start:end], labels[start:end])
            total += loss * tf.cast(end - start, tf.float32)
            hits += right
        return total, hits

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def _step(self, inputs: Any, labels: Any) -> tuple[Any, Any]:
        learning = [group.variables for group in self._groups]
        with tf.GradientTape() as tape:
            logits = self.model(inputs, training=True)
            loss = tf.reduce_mean(self._loss.of_rows(labels, logits) * tf.gather(self._weights, labels))
        gradients = tape.gradient(loss, [[variable.value for variable in own] for own in learning])
        for optimizer, slopes in zip(self._optimizers, gradients, strict=True):
            optimizer.apply(slopes)
        return loss, _hits(logits, labels)

    def _judge(self, inputs: Any, labels: Any) -> tuple[Any, Any]:
        total, hits, count = tf.constant(0.0), tf.constant(0.0), tf.shape(labels)[0]
        for start in tf.range(0, count, self.batch_size):
            end = tf.minimum(start + self.batch_size, count)
            logits = self.model(inputs[start:end], training=False)
            total += tf.reduce_sum(self._loss.of_rows(labels[start:end], logits))
            hits += _hits(logits, labels[start:end])
        return total, hits


def _hits(logits: Any, labels: Any) -> Any:
    return tf.reduce_sum(tf.cast(tf.argmax(logits, axis=-1) == labels, tf.float32))


def _seed_generators(model: keras.Model) -> list[Any]:
    """Of all dropout layers: their state is a variable, which training moves on at every batch."""
    return [layer.seed_generator for layer in model.layers if getattr(layer, "seed_generator", None) is not None]
