"""Colours in steps: how many there are, and uptake smoothed within them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

FEWEST, MOST = 3, 64
"""Steps that are looked for; more are as good as continuous."""
BINS = 1024
COMB = 0.4
"""Strength of a comb in the levels' histogram, 0 to 1, from which they stand in steps. Smooth maps: below 0.1."""
SMOOTHED_UP_TO = 48
ROUNDS, SIGMA = 30, 1.5
"""Of smoothing within half a step: rounds, and pixels of 256."""


def steps_of(levels: Floats) -> tuple[int, float] | None:
    """How many steps the levels of a disc stand in, and where the first one is; None where they are continuous.

    Levels in n steps are a comb, and the Fourier transform of their histogram is as strong at its frequency as at 0.
    Its phase tells whether the steps stand at their middles, (k + 1/2) / n, or from end to end, k / (n - 1).

    Args:
        levels: `(n,)`, percent of the span.

    Returns:
        Number of steps, and level of the lowest step in steps, 0 (at the very end) to 1.
    """
    counts = np.histogram(levels, BINS, (0, 100))[0]
    # The ends hold whatever is cut off there.
    counts[[0, -1]] = 0
    total = counts.sum()
    if total == 0:
        return None
    waves = np.fft.rfft(counts)[: 2 * MOST + 2] / total
    strength = np.abs(waves)
    found = np.flatnonzero(strength[FEWEST : MOST + 1] > COMB) + FEWEST
    for frequency in found:
        # A map's broad hills fade from 0 on; a comb stands alone and comes again at twice its frequency.
        beside = strength[max(frequency - 2, 1)]
        if strength[frequency] > 2 * beside and strength[frequency] >= 0.8 * strength[found].max():
            phase = (-np.angle(waves[frequency]) / (2 * np.pi) + frequency / (2 * BINS)) % 1.0
            return int(frequency), float(phase)
    return None


def within_steps(uptake: Floats, known: Mask, steps: int) -> Floats:
    """Smooth uptake `(side, side)` but keep each pixel within half a step of what was read, where it is `known`.

    The smoothest map that the screen's steps allow is nearer to what was measured than the steps themselves.
    """
    half = np.float32(50.0 / steps)
    low = np.where(known, uptake - half, np.float32(-1e9))
    high = np.where(known, uptake + half, np.float32(1e9))
    smooth = uptake
    for _ in range(ROUNDS):
        smooth = np.clip(cv2.GaussianBlur(smooth, (0, 0), SIGMA, borderType=cv2.BORDER_REFLECT), low, high)
    return np.asarray(smooth, np.float32)
