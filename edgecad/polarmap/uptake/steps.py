"""Colours in steps: how many there are, and uptake smoothed within them."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

FEWEST, MOST = 3, 66
"""Steps that are looked for; more are as good as continuous."""
BINS = 512
COMB = 0.5
"""Strength of a comb in the levels' histogram, 0 to 1, from which they stand in steps."""
VALLEY = 0.6
"""Of the comb's strength: the strength falls below between 0 and the comb. A narrow hill of levels has no valley."""
SMOOTHED_UP_TO = 40
"""Steps beyond which the drawing's own blur is nearer to the truth than smoothing."""
ROUNDS = ((24, 3.0, 5), (16, 4.0, 3), (0, 4.0, 8))
"""From so many steps on: sigma, pixels of 256, and rounds of smoothing."""


def steps_of(levels: Floats) -> int | None:
    """How many steps the levels of a disc stand in; None where they are continuous.

    Levels in n steps are a comb. The Fourier transform of their histogram is as strong at the comb's frequency n as at
    0, and weaker between. It is computed at frequencies between the whole ones, too: a map uses a part of the span, and
    the comb's peak is as broad as that part is short.

    Args:
        levels: `(n,)`, percent of the span.
    """
    bins = np.minimum((levels * (BINS / 100)).astype(np.intp), BINS - 1)
    counts = np.bincount(bins, minlength=BINS).astype(np.float32)
    counts[[0, -1]] = 0  # the ends hold whatever is cut off there
    total = counts.sum()
    if total == 0:
        return None
    frequencies, waves = _waves()
    strength = np.hypot(*(waves @ counts)) / total
    lowest = np.minimum.accumulate(strength)
    inner = strength[1:-1]
    peaks = np.flatnonzero((inner >= strength[:-2]) & (inner >= strength[2:])) + 1
    combs = [
        peak
        for peak in peaks
        if frequencies[peak] >= FEWEST - 0.5 and strength[peak] > COMB and lowest[peak] < VALLEY * strength[peak]
    ]
    if not combs:
        return None
    # At twice its frequency a comb is seen again, and nearly as well.
    first = next(peak for peak in combs if strength[peak] >= 0.8 * strength[combs].max())
    return round(float(frequencies[first]))


@lru_cache(maxsize=1)
def _waves() -> tuple[Floats, Floats]:
    """Frequencies `(m,)` and their cosines and sines at the bins' middles, `(2, m, BINS)`. Kept: do not write to it."""
    frequencies = np.arange(0, MOST, 0.25, dtype=np.float32)
    angles = 2 * np.pi * frequencies[:, None] * (np.arange(BINS, dtype=np.float32)[None] + 0.5) / BINS
    return frequencies, np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def within_steps(uptake: Floats, known: Mask, steps: int) -> Floats:
    """Smooth uptake `(side, side)` but keep each pixel within half a step of what was read, where it is `known`.

    Each round adds what the blur took from a hill back to it (twicing, Tukey 1977), so that hills stay. Mean error
    on phantoms, after the drawing's blur, in percent: 32 steps .31 to .23, 20 steps .70 to .45, 16 steps 1.0 to .60.
    """
    half = np.float32(50.0 / steps)
    low = np.where(known, uptake - half, np.float32(-1e9))
    high = np.where(known, uptake + half, np.float32(1e9))
    sigma, rounds = next((sigma, rounds) for least, sigma, rounds in ROUNDS if steps >= least)
    smooth = uptake
    for _ in range(rounds):
        blurred = _blur(smooth, sigma)
        smooth = np.clip(2 * blurred - _blur(blurred, sigma), low, high)
    return np.asarray(smooth, np.float32)


def _blur(uptake: Floats, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(uptake, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)
