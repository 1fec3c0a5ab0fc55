"""Adam as one kernel a variable: the rule of Keras' Adam, whose many small kernels cost more than a head's step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-7
"""Keras' defaults."""


class Adam:
    """Adam (Kingma & Ba 2015, arXiv:1412.6980, the form at the end of section 2) by TensorFlow's fused kernel.

    Its memory is `memory`: the power of each beta, then two moments a variable.
    """

    def __init__(self, variables: Sequence[Any], rate: float) -> None:
        """Remember nothing yet.

        Args:
            variables: Keras variables, float32.
            rate: the learning rate.
        """
        self._variables = [variable.value for variable in variables]
        self.rate = tf.Variable(rate, trainable=False, dtype=tf.float32)
        self._powers = tf.Variable([BETA1, BETA2], trainable=False, dtype=tf.float32)
        self._moments = [
            tuple(tf.Variable(tf.zeros_like(variable), trainable=False) for _ in range(2))
            for variable in self._variables
        ]

    @property
    def memory(self) -> list[Any]:
        """Everything that a step changes, but for the variables themselves."""
        return [self._powers, *(moment for pair in self._moments for moment in pair)]

    def forget(self, rate: float) -> None:
        """Begin anew at a rate."""
        self.rate.assign(rate)
        self._powers.assign([BETA1, BETA2])
        for pair in self._moments:
            for moment in pair:
                moment.assign(np.zeros(moment.shape, np.float32))

    def apply(self, gradients: Sequence[Any]) -> None:
        """Move every variable once."""
        first, second = tf.unstack(self._powers.read_value())
        for variable, (m, v), gradient in zip(self._variables, self._moments, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=m.handle, v=v.handle, beta1_power=first, beta2_power=second, lr=self.rate,
                beta1=BETA1, beta2=BETA2, epsilon=EPSILON, grad=gradient,
            )  # fmt: skip
        self._powers.assign([first * BETA1, second * BETA2])


def values_of(memory: Sequence[Any]) -> list[NDArray[Any]]:
    """Copies of what an optimiser remembers."""
    return [variable.numpy() for variable in memory]
