"""Random numbers: one stream a purpose, so that nothing on a screen can know the label but the uptake."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a stream of random numbers decides. A number, once used, keeps its meaning."""

    DEFECTS = 0
    UPTAKE = 1
    NOISE = 2
    READER = 3
    PALETTE = 4
    LAYOUT = 5
    TEXT = 6


def stream(seed: int, index: int, purpose: Stream) -> np.random.Generator:
    """Return the generator of one purpose for one patient; `seed` and `index` are 0 or more."""
    return np.random.default_rng([seed, index, int(purpose)])
