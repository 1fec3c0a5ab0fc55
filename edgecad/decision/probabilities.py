"""From logits to probabilities, as the graph does it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def probabilities_of(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """What the graph's `probabilities` must be, `(..., classes)`: the softmax of `logits / temperature`."""
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def probabilities_of_one(logits: Sequence[float], temperature: float) -> list[float]:
    """The same of one image's logits, `(classes,)`: without arrays, which for two numbers take most of the time."""
    largest = max(logits)
    powers = [math.exp((logit - largest) / temperature) for logit in logits]
    together = sum(powers)
    return [power / together for power in powers]
