"""Phantoms' maps in each orientation, as pictures and as segment means."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import OrientationReference
from edgecad.polarmap.orientation import OTHERS, UPRIGHT, Turn, orientation_of
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.orientation import map_means
from measures.orientation.options import OrientationOptions

Floats = NDArray[np.float64]
WAYS = (UPRIGHT, *OTHERS)
SIDE = 256
FRESH_SEED = 30_000
"""Added to a run's seed for phantoms that no reference knows."""


def small(percent: NDArray[np.floating]) -> NDArray[np.float32]:
    """A map at 256 pixels, on which it is turned."""
    return np.asarray(cv2.resize(np.asarray(percent, np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def lying(percent: NDArray[np.float32], turn: Turn) -> NDArray[np.float32]:
    """A map `(side, side)` as it is after `turn`."""
    return np.ascontiguousarray(np.rot90(np.fliplr(percent) if turn.mirrored else percent, turn.degrees // 90))


def means_in_all_ways(percent: NDArray[np.float32]) -> Floats:
    """Segment means of a map in each of `WAYS`, `(8, 17)`."""
    own = small(percent)
    return np.stack([map_means(lying(own, turn)) for turn in WAYS])


@lru_cache(maxsize=16)
def fresh_means(seed: int, count: int) -> Floats:
    """Of phantoms that no reference knows, `(8, count, 17)`. Kept: do not write to it."""
    maps = (percent_map(draw_patient(FRESH_SEED + seed, index)) for index in range(count))
    return np.stack([means_in_all_ways(percent) for percent in maps], axis=1)


@lru_cache(maxsize=16)
def upright_means(seed: int, count: int) -> Floats:
    """Of a run's phantoms, `(count, 17)`. Kept: do not write to it."""
    maps = (small(percent_map(draw_patient(seed, index))) for index in range(count))
    return np.stack([map_means(percent) for percent in maps])


def reference_of_run(options: OrientationOptions, seed: int, patients: int | None = None) -> OrientationReference:
    """What the contract of a run on that many phantoms would keep.

    Raises:
        SystemExit: they are too few.
    """
    found = orientation_of(upright_means(seed, options.patients)[:patients])
    if found is None:
        raise SystemExit(f"{patients or options.patients} phantoms are too few for a reference")
    return found
