"""The disc of a polar map unrolled: rings of the same width from the apex to the base, angles all around.

Angles are counter-clockwise from 3 o'clock and radii are shares of the disc's radius, as of the segments
(`edgecad.polarmap.segments`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgecad.errors import UsageError
from edgecad.polarmap.segments import disc_coordinates

Floats = NDArray[np.float32]
POINTS = 4
"""Points across a cell, and as many along it, at which the map is read; a cell's value is the mean of all."""


@dataclass(frozen=True)
class PolarGrid:
    """Cells of the disc: `rings` from the apex outwards, `angles` each.

    Raises:
        UsageError: fewer than two rings or three angles.
    """

    rings: int = 12
    angles: int = 36

    def __post_init__(self) -> None:
        if self.rings < 2 or self.angles < 3:
            raise UsageError(f"a grid of {self.rings} rings and {self.angles} angles: at least 2 and 3 are wanted")

    @property
    def cells(self) -> int:
        """How many there are."""
        return self.rings * self.angles

    def halved(self) -> PolarGrid:
        """The grid of cells twice as wide and twice as long, as pooling two by two gives it.

        Raises:
            UsageError: it cannot be halved.
        """
        if self.rings % 2 or self.angles % 2:
            raise UsageError(f"a grid of {self.rings} rings and {self.angles} angles cannot be halved")
        return PolarGrid(self.rings // 2, self.angles // 2)

    def coordinates(self) -> Floats:
        """Cosine, sine and radius of each cell's middle, `(rings, angles, 3)`, -1 to 1."""
        radius = (np.arange(self.rings) + 0.5) / self.rings
        angle = 2 * np.pi * (np.arange(self.angles) + 0.5) / self.angles
        around = np.broadcast_arrays(np.cos(angle)[None], np.sin(angle)[None], radius[:, None])
        return np.stack(around, axis=-1).astype(np.float32)

    def areas(self) -> NDArray[np.float64]:
        """Share of the disc in each cell, `(rings, angles)`; the sum is 1."""
        of_rings = (2 * np.arange(self.rings) + 1) / self.rings**2
        return np.repeat(of_rings[:, None] / self.angles, self.angles, axis=1)

    @lru_cache(maxsize=8)  # noqa: B019 - a grid is two numbers
    def pixels(self, size: int) -> NDArray[np.int64]:
        """Pixels at which a `(size, size)` map is read, as places in its flattened rows, `(cells, POINTS^2)`.

        They are spread evenly over each cell, and lie within the disc. Kept: do not write to it.
        """
        steps = (np.arange(POINTS) + 0.5) / POINTS
        radius = ((np.arange(self.rings)[:, None] + steps) / self.rings)[:, None, :, None]
        angle = (2 * np.pi * (np.arange(self.angles)[:, None] + steps) / self.angles)[None, :, None, :]
        middle = (size - 1) / 2
        x = np.rint(middle + size / 2 * radius * np.cos(angle))
        y = np.rint(middle - size / 2 * radius * np.sin(angle))
        places = np.clip(y, 0, size - 1) * size + np.clip(x, 0, size - 1)
        return places.astype(np.int64).reshape(self.cells, POINTS**2)

    def unrolled(self, maps: Iterable[NDArray[np.floating]]) -> Floats:
        """Maps `(size, size)` of a disc that touches their sides, as `(n, rings, angles)` means of the cells."""
        rows = [np.asarray(one, np.float32).ravel()[self.pixels(one.shape[0])].mean(axis=1) for one in maps]
        return np.array(rows, np.float32).reshape(-1, self.rings, self.angles)

    def on_disc(self, side: int) -> Floats:
        """How a `(side, side)` square is filled from the cells: `(cells, side^2)`, each column of sum 1.

        Between the middles of four cells a value is linear in radius and angle; within the innermost middles the cells
        on the other side of the apex are the neighbours. Beyond the rim the outermost ring goes on.
        """
        radius, angle = disc_coordinates(side)
        ring = np.minimum(radius.ravel() * self.rings - 0.5, self.rings - 1)
        turn = angle.ravel() * self.angles / 360.0 - 0.5
        weights = np.zeros((self.cells, side * side))
        for one, of_ring in _between(ring):
            # Ring -1 is the innermost one on the other side of the apex.
            for other, of_angle in _between(np.where(one < 0, turn + self.angles / 2, turn)):
                cell = np.clip(one, 0, self.rings - 1) * self.angles + other % self.angles
                np.add.at(weights, (cell, np.arange(side * side)), of_ring * of_angle)
        return weights.astype(np.float32)


def _between(place: NDArray[np.float64]) -> tuple[tuple[NDArray[np.int64], NDArray[np.float64]], ...]:
    """The two whole numbers around each place, and how much each counts."""
    below = np.floor(place)
    share = place - below
    return (below.astype(np.int64), 1 - share), (below.astype(np.int64) + 1, share)
