"""Phantoms' maps, turned and mirrored as pictures, in segment means."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.orientation import OTHERS, UPRIGHT, Turn
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.orientation import map_means

Floats = NDArray[np.float64]
WAYS = (UPRIGHT, *OTHERS)


def as_turned(picture: NDArray[np.float32], turn: Turn) -> NDArray[np.float32]:
    """A square picture `(side, side)` as it is after `turn`."""
    return np.rot90(np.fliplr(picture) if turn.mirrored else picture, turn.degrees // 90)


@cache
def means_of(seed: int, count: int) -> dict[str, Floats]:
    """Segment means of phantoms, `(count, 17)`, by the words of how they lie."""
    maps = [percent_map(draw_patient(seed, index))[::2, ::2] for index in range(count)]
    return {turn.words: np.stack([map_means(as_turned(each, turn)) for each in maps]) for turn in WAYS}
