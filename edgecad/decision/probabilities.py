"""From logits to probabilities, as the graph does it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def probabilities_of(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """What the graph's `probabilities` must be, `(..., classes)`: the softmax of `logits / temperature`."""
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
