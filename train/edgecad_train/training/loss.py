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
    """

    class_weights: tuple[float, ...] = (1.0, 1.0)

    def of_rows(self, labels: Any, logits: Any) -> Any:
        """Of each row, nats, `(n,)` float32, every class weighing the same.

        Args:
            labels: class indices, `(n,)` int64.
            logits: `(n, classes)` float32.
        """
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)

    def of_keras(self) -> keras.losses.Loss:
        """The same for Keras' own `fit`, which takes class indices and weighs classes by an argument of its own."""
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


CROSS_ENTROPY = Loss()
"""The paper's."""
