"""What training makes small, in its two forms: for our own epochs, and for plain Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf


@dataclass(frozen=True)
class Loss:
    """Cross-entropy over two classes.

    Attributes:
        class_weights: weight of each class while a network learns; validation weighs every class the same.
        label_smoothing: share of a label that is spread over all classes, 0 to below 0.5, as Keras means it.
    """

    class_weights: tuple[float, ...] = (1.0, 1.0)
    label_smoothing: float = 0.0

    def of_rows(self, labels: Any, logits: Any) -> Any:
        """Of each row, nats, `(n,)` float32, every class weighing the same.

        Args:
            labels: class indices, `(n,)` int64.
            logits: `(n, classes)` float32.
        """
        if not self.label_smoothing:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        classes = len(self.class_weights)
        share = self.label_smoothing / classes
        targets = tf.one_hot(labels, classes, on_value=1.0 - self.label_smoothing + share, off_value=share)
        return tf.nn.softmax_cross_entropy_with_logits(targets, logits)

    def of_keras(self) -> keras.losses.Loss:
        """The same for Keras' own `fit`, which takes class indices and weighs classes by an argument of its own."""
        if not self.label_smoothing:
            return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return _SmoothedLoss(len(self.class_weights), self.label_smoothing)


class _SmoothedLoss(keras.losses.Loss):
    """Keras' own smoothed cross-entropy, which takes no class indices."""

    def __init__(self, classes: int, smoothing: float) -> None:
        super().__init__()
        self._classes, self._smoothing = classes, smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Of each row, nats."""
        targets = keras.ops.one_hot(keras.ops.reshape(y_true, (-1,)), self._classes)
        return keras.losses.categorical_crossentropy(targets, y_pred, from_logits=True, label_smoothing=self._smoothing)


CROSS_ENTROPY = Loss()
"""The paper's."""
