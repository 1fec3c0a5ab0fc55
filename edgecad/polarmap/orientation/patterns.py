"""The angular pattern of a map, in numbers that are turned and mirrored by arithmetic.

Of each ring of segments the first two harmonics around the long axis are kept, of the apical ring, which has four
segments, the first. So no picture is turned here, and no interpolation can be learnt in place of an orientation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.segments import SEGMENTS

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]

RINGS: tuple[tuple[slice, tuple[int, ...]], ...] = (
    (slice(0, 6), (1, 2)),
    (slice(6, 12), (1, 2)),
    (slice(12, 16), (1,)),
)
"""Segments of a ring, from 0, and the harmonics that they tell: basal, mid, apical."""
ORDERS = np.array([order for _, orders in RINGS for order in orders])


@dataclass(frozen=True)
class Turn:
    """How a map may lie: mirrored left to right or not, then turned counter-clockwise.

    `words` continue a sentence, as in "the scans look ...".
    """

    words: str
    mirrored: bool
    degrees: int


UPRIGHT = Turn("as they should", mirrored=False, degrees=0)
OTHERS = (
    Turn("turned by 90 degrees counter-clockwise", mirrored=False, degrees=90),
    Turn("turned by 180 degrees", mirrored=False, degrees=180),
    Turn("turned by 90 degrees clockwise", mirrored=False, degrees=270),
    Turn("mirrored left to right", mirrored=True, degrees=0),
    Turn("mirrored left to right and turned by 90 degrees counter-clockwise", mirrored=True, degrees=90),
    Turn("mirrored top to bottom", mirrored=True, degrees=180),
    Turn("mirrored left to right and turned by 90 degrees clockwise", mirrored=True, degrees=270),
)
"""In the order of a reference's numbers."""


def known_rows(means: NDArray[np.floating]) -> Floats:
    """Those rows of segment means `(n, 17)` that are finite and not empty: only they have a pattern."""
    rows = np.asarray(means, np.float64).reshape(-1, 17)
    return np.asarray(rows[np.isfinite(rows).all(axis=1) & (rows[:, :16].sum(axis=1) > 0)])


def patterns_of(means: Floats) -> Complex:
    """Harmonics around the long axis of maps, as shares of each map's own mean.

    Args:
        means: `(n, 17)`, mean uptake in segments 1 to 17, percent; finite, and above 0 in the mean.

    Returns:
        `(n, 5)` complex: harmonic m of a ring is the mean of f(angle) exp(-i m angle) over its segments, twice.
    """
    shares = means[:, :16] / means[:, :16].mean(axis=1, keepdims=True)
    return np.asarray(shares @ _harmonics())


@lru_cache(maxsize=1)
def _harmonics() -> Complex:
    """`(16, 5)`: from segments to harmonics."""
    middles = np.radians([segment.start + segment.span / 2 for segment in SEGMENTS[:16]])
    waves = np.zeros((16, len(ORDERS)), np.complex128)
    column = 0
    for ring, orders in RINGS:
        for order in orders:
            angles = middles[ring]
            waves[ring, column] = 2 / len(angles) * np.exp(-1j * order * angles)
            column += 1
    return waves


def turned(patterns: Complex, turn: Turn) -> Complex:
    """Patterns `(..., 5)` of the same maps as they are after `turn`."""
    # f(pi - angle) has the conjugate coefficient, times exp(-i m pi); f(angle - a) has it times exp(-i m a).
    mirrored = np.conj(patterns) * np.exp(-1j * ORDERS * np.pi) if turn.mirrored else patterns
    return np.asarray(mirrored * np.exp(-1j * ORDERS * np.radians(turn.degrees)))


def as_reals(patterns: Complex) -> Floats:
    """Patterns `(..., 5)` as real numbers `(..., 10)`: real parts, then imaginary ones."""
    return np.concatenate([patterns.real, patterns.imag], axis=-1)


def as_patterns(reals: Floats) -> Complex:
    """The other way round: `(..., 10)` to `(..., 5)`."""
    half = reals.shape[-1] // 2
    return np.asarray(reals[..., :half] + 1j * reals[..., half:])
