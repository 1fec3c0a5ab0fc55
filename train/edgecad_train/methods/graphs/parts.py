"""Sums of uptake over the pixels of each cell of the heat map and of each segment's part of it, as one layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.grid import cell_of
from edgecad.contract import Drawing
from edgecad.polarmap.segments import segment_map
from edgecad.polarmap.square import input_mask
from edgecad_train.evaluation.localisation.cells import cell_of_pixels, cells_of_disc
from edgecad_train.methods.graphs.percents import MIDDLE, percents_at

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
SEGMENTS = 17


@dataclass(frozen=True, eq=False)
class CellParts:
    """The disc's pixels, cell by cell, and which segment each lies in; cells are counted row by row.

    Attributes:
        size: of the prepared image, pixels.
        side: cells across and down.
        pixels: places in the image's flattened rows, `(most, side^2)`; 0 where a cell has fewer pixels than the most.
        segment: of each of them, 1 to 17, `(most, side^2)`; 0 where there is no pixel.
    """

    size: int
    side: int
    pixels: Places
    segment: Places

    @classmethod
    def of(cls, size: int, side: int) -> CellParts:
        """Those of prepared images of `size` pixels a side."""
        inside = np.flatnonzero(input_mask(size, "polar-map").ravel())
        cells = cell_of_pixels(size, side, side).ravel()[inside]
        order = np.argsort(cells, kind="stable")
        inside, cells = inside[order], cells[order]
        counts = np.bincount(cells, minlength=side * side)
        place = np.arange(len(cells)) - (np.cumsum(counts) - counts)[cells]
        pixels = np.zeros((counts.max(), side * side), np.int64)
        segment = np.zeros_like(pixels)
        pixels[place, cells] = inside
        segment[place, cells] = segment_map(size).ravel()[inside]
        return cls(size, side, pixels, segment)

    @cached_property
    def slots(self) -> Places:
        """Segments that lie in each cell, `(side^2, slots)`, as many slots as the richest cell has; 0: none."""
        own = [np.unique(column[column > 0]) for column in self.segment.T]
        return np.stack([np.pad(one, (0, max(map(len, own)) - len(one))) for one in own])

    def mean_weights(self) -> Floats:
        """Weights by which a sum is the mean of a cell, `(most, cells)`; 0 of a cell that lies outside the disc.

        Outside is where less than half of a cell lies in the disc, as in `edgecad_train.methods.grids`.
        """
        known = (self.segment > 0).astype(np.float64)
        counted = known / np.maximum(known.sum(axis=0), 1.0)
        return np.asarray(counted * cells_of_disc(self.side, self.side).ravel())

    def quarter_weights(self) -> Floats:
        """Weights by which sums are means of quarters of cells, row by row, `(most, cells, 4)`; 0 without pixels."""
        halves = cell_of(self.size, 2 * self.side) % 2
        quarter = 2 * halves[self.pixels // self.size] + halves[self.pixels % self.size]
        own = (quarter[..., None] == np.arange(4)) & (self.segment > 0)[..., None]
        return np.asarray(own / np.maximum(own.sum(axis=0), 1))

    def segment_weights(self) -> Floats:
        """Weights by which the mean of all cells' sums is the mean of a segment, `(most, cells, slots)`."""
        area = np.bincount(self.segment[self.segment > 0], minlength=SEGMENTS + 1)
        own = (self.segment[..., None] == self.slots) & (self.slots > 0)
        return np.asarray(own * (self.side**2 / np.maximum(area[self.slots], 1)))

    def sums(self, image: Any, weights: Floats, offsets: Floats, drawing: Drawing) -> Any:
        """Weighted sums of uptake, `(n, cells, channels)` percent.

        Args:
            image: tensor `(n, size, size, 3)` uint8 RGB.
            weights: `(most, cells, channels)`.
            offsets: what is added to each sum, `(cells, channels)`.
        """
        most, cells, channels = weights.shape
        percents = percents_at(image, self.pixels[None], drawing)
        # A convolution whose channels are the cells: each has weights of its own, and every engine has it.
        layer = keras.layers.DepthwiseConv2D((1, most), depth_multiplier=channels, trainable=False, name="cell_sums")
        found = layer(percents)
        added = offsets + MIDDLE * weights.sum(axis=0)
        layer.set_weights([weights[None].astype(np.float32), added.ravel().astype(np.float32)])
        return keras.layers.Reshape((cells, channels), name="cells")(found)

    def by_segment(self, sums: Any) -> Any:
        """Sums of the slots `(n, cells, slots)`, each in the channel of its segment, `(n, cells, SEGMENTS)`."""
        cells, slots = self.slots.shape
        # Nothing of the disc lies in the first cell, a corner, so that its sums are zeros.
        where = np.zeros((cells, SEGMENTS), np.int64)
        cell, slot = np.nonzero(self.slots)
        where[cell, self.slots[cell, slot] - 1] = cell * slots + slot
        flat = keras.layers.Reshape((cells * slots,), name="slots")(sums)
        spread = keras.ops.take(flat, where.ravel(), axis=1)
        return keras.layers.Reshape((cells, SEGMENTS), name="by_segment")(spread)
