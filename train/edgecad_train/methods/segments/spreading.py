"""What each column says of the score, spread over the places that it is computed from.

The disc is cut into pieces, each one segment's part of one cell. A segment's mean is a mean over its pieces, and a
cell of the heat map is a sum over its own, so that both are exact whatever lies across a segment's border.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.segments import segment_map
from edgecad.polarmap.square import input_mask
from edgecad_train.evaluation.localisation.cells import cell_of_pixels
from edgecad_train.methods.limits.limits import SIDE, deficit_maps, limits_of
from edgecad_train.methods.task import MethodScans, Rows

Floats = NDArray[np.float64]
LEAST_SHARE = 1e-3
"""Of a piece's area, beside what of it is colder: a segment that is nowhere colder is marked evenly."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of a disc of `size` pixels, `(pieces,)` each.

    Attributes:
        cell: number of the cell that each lies in, row by row.
        segment: place of its segment, from 0.
        area: its pixels.
        share: of its segment's pixels.
    """

    size: int
    cell: NDArray[np.intp]
    segment: NDArray[np.intp]
    area: Floats
    share: Floats

    def sums(self, disc: NDArray[np.float32]) -> Floats:
        """Sum of each piece of `(size, size)`, percent times pixels."""
        inside, number = _numbered(self.size)
        return _summed(number, disc[inside].astype(np.float64)[None], len(self.area))[0]

    def on_cells(self, values: Floats) -> NDArray[np.float32]:
        """Maps `(k, SIDE, SIDE)` whose means over all cells are the sums of values `(k, pieces)`."""
        maps = _summed(self.cell, values * SIDE**2, SIDE * SIDE)
        return maps.reshape(-1, SIDE, SIDE).astype(np.float32)


def _summed(groups: NDArray[np.intp], values: Floats, count: int) -> Floats:
    """Sums of values `(k, n)` over groups `(n,)`, `(k, count)`."""
    return np.stack([np.asarray(np.bincount(groups, row, minlength=count), np.float64) for row in values])


@lru_cache(maxsize=4)
def _numbered(size: int) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Where picture is, `(size, size)`, and the piece of each of these pixels. Kept: do not write to it."""
    inside = input_mask(size, "polar-map")
    keys = cell_of_pixels(size, SIDE, SIDE)[inside] * 18 + segment_map(size)[inside]
    return inside, np.unique(keys, return_inverse=True)[1].ravel()


@lru_cache(maxsize=4)
def pieces_of(size: int) -> Pieces:
    """The pieces of prepared images of this size. Kept: do not write to them."""
    inside, number = _numbered(size)
    first = np.unique(number, return_index=True)[1]
    segment = segment_map(size)[inside][first].astype(np.intp) - 1
    area = np.bincount(number).astype(np.float64)
    return Pieces(
        size=size,
        cell=cell_of_pixels(size, SIDE, SIDE)[inside][first],
        segment=segment,
        area=area,
        share=area / np.bincount(segment, area)[segment],
    )


class Spreading:
    """Spreads over the disc what 18 columns say, beside what is usual in the fitting part.

    Attributes:
        pieces: of the disc.
        usual: mean uptake of each piece over the fitting part, `(pieces,)` percent.
    """

    def __init__(self, scans: MethodScans, fit: Rows) -> None:
        """Take the usual uptake and the normal limits from the rows that were fitted."""
        self.pieces = pieces_of(scans.data.preparation.size)
        self._uptake = scans.cells(SIDE)
        self._limits = limits_of(scans, fit)
        sums: Floats = scans.each("pieces", self.pieces.sums)
        self._means = sums / self.pieces.area
        self.usual: Floats = self._means[fit].mean(axis=0)

    def by_slopes(self, rows: Rows, slopes: Floats, level: Floats | float = 0.0) -> NDArray[np.float32]:
        """Maps of a score that rises with each column by its slope, from the usual scan on; of the deficit, from 0 on.

        Args:
            slopes: log-odds a percent, `(18,)` or `(k, 18)`.
            level: what is spread evenly over the disc, one or `(k,)`.
        """
        slopes = np.broadcast_to(slopes, (len(rows), 18))
        above = (self._means[rows] - self.usual) * self.pieces.share
        even = np.broadcast_to(level, (len(rows),))[:, None] * self.pieces.area / self.pieces.area.sum()
        maps = self.pieces.on_cells(slopes[:, self.pieces.segment] * above + even)
        return maps + deficit_maps(self._limits.beyond(self._uptake[rows]), slopes[:, 17:])

    def by_coldness(self, rows: Rows, parts: Floats) -> NDArray[np.float32]:
        """Maps of a score that is a sum of parts `(k, 18)`, log-odds.

        A segment's part lies where it is colder than usual if it raises the score, where it is warmer if it lowers it;
        the deficit's where deficits are, or evenly where there are none.
        """
        above = self._means[rows] - self.usual
        raises = parts[:, self.pieces.segment] > 0
        wanted = (np.maximum(np.where(raises, -above, above), 0.0) + LEAST_SHARE) * self.pieces.area
        whole = _summed(self.pieces.segment, wanted, 17)
        values = parts[:, self.pieces.segment] * wanted / whole[:, self.pieces.segment]
        beyond = self._limits.beyond(self._uptake[rows])
        total = deficit_maps(beyond).mean(axis=(1, 2))
        none = total <= 0
        values += np.where(none, parts[:, 17], 0.0)[:, None] * self.pieces.area / self.pieces.area.sum()
        weight = np.where(none, 0.0, parts[:, 17] / np.where(none, 1.0, total))
        return self.pieces.on_cells(values) + deficit_maps(beyond, weight[:, None])
