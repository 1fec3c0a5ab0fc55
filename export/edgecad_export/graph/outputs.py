"""What a Keras model gives for images, some at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

BATCH = 8
"""Images at a time, so that memory does not grow with their number."""

Answering = Callable[[NDArray[np.generic]], list[NDArray[np.float32]]]
"""Gives each of some tensors for images `(n, size, size, 3)`, as `(n, ...)` in their order."""


def answering(image: Any, outputs: Sequence[Any]) -> Answering:
    """The way from a model's input to some of its tensors as one traced function; who asks more than once keeps it.

    `keras.Model.predict` of a model that is new traces it, and once more where the last batch is smaller. For the few
    images of a proof that takes many times as long as to answer them.
    """
    model = keras.Model(image, list(outputs))

    def given(images: tf.Tensor) -> list[tf.Tensor]:
        return keras.tree.flatten(model(images, training=False))

    traced = tf.function(given, autograph=False, reduce_retracing=True)

    def answers(images: NDArray[np.generic]) -> list[NDArray[np.float32]]:
        # A signature leaves the number of images open; the rest is the images' own.
        signature = tf.TensorSpec((None, *images.shape[1:]), images.dtype)
        function = traced.get_concrete_function(signature)
        batches = [function(tf.constant(images[start : start + BATCH])) for start in range(0, len(images), BATCH)]
        return [np.concatenate([np.asarray(part) for part in parts]) for parts in zip(*batches, strict=True)]

    return answers
