"""From a colour to a level: the nearest point of a colour table's line through RGB space.

Distance is plain RGB: with Lab or weighted chroma levels were read no better from JPEGs.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import KNOWN_TABLES

Floats = NDArray[np.float32]

BITS = 6
"""Of each channel that tell a cell of the cube; 64 x 64 x 64 cells of 4 grey levels."""
COARSE = 14.0
"""Grey levels by which `coarse_distances` may be too large: half a cell's diagonal."""
FINE = 1024
"""Pieces of the table's line, for the distance of a colour to it."""


class TableLookup:
    """Reads levels through one table.

    In each cell of a cube the nearest piece of the line is known, and on it the level is linear in the colour: a cell
    holds its level at black and its three slopes. Cells are filled when a colour falls into them, because a map uses
    a few hundred of 262,144. Two threads may fill one cell; both write the same.
    """

    def __init__(self, table: ColourTable) -> None:
        """Take a table of either kind; between two steps the level rises along the straight line, as edges are soft."""
        levels, colours = table.line()
        self._low, self._high = float(levels[0]), float(levels[-1])
        self._starts, self._ways = colours[:-1], np.diff(colours, axis=0)
        self._lengths = np.maximum((self._ways**2).sum(axis=1), 1e-6)
        self._levels, self._rises = levels[:-1], np.diff(levels)
        fine = np.linspace(self._low, self._high, FINE + 1)
        self._line = np.stack([np.interp(fine, levels, colours[:, c]) for c in range(3)], axis=1).astype(np.float32)
        self._cells = np.zeros((1 << 3 * BITS, 4), np.float32)
        self._filled = np.zeros(1 << 3 * BITS, np.bool_)

    def read(self, colours: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """Levels `(n,)`, percent of the span, and distances to the line `(n,)`, grey levels.

        Args:
            colours: `(n, 3)` uint8 RGB.
        """
        cells = _cells_of(colours)
        missing = np.unique(cells[~self._filled[cells]])
        if missing.size:
            self._fill(missing)
        exact = colours.astype(np.float32)
        plane = self._cells.take(cells, axis=0)
        level = plane[:, 0] + np.einsum("ij,ij->i", plane[:, 1:], exact)
        np.clip(level, self._low, self._high, out=level)
        nearest = ((level - self._low) * (FINE / (self._high - self._low)) + 0.5).astype(np.intp)
        exact -= self._line.take(nearest, axis=0)
        return level, np.sqrt(np.einsum("ij,ij->i", exact, exact))

    def _fill(self, cells: NDArray[np.int32]) -> None:
        """Find the nearest piece of the line for the centre of each cell."""
        width = 1 << (8 - BITS)
        axes = np.stack([cells >> 2 * BITS, cells >> BITS, cells], axis=1) & ((1 << BITS) - 1)
        centres = axes * float(width) + (width - 1) / 2
        from_start = centres[:, None] - self._starts[None]
        along = np.clip(np.einsum("cpi,pi->cp", from_start, self._ways) / self._lengths, 0, 1)
        apart = from_start - along[..., None] * self._ways
        piece = np.einsum("cpi,cpi->cp", apart, apart).argmin(axis=1)
        rows = np.arange(len(cells))
        share = along[rows, piece]
        slope = (self._rises / self._lengths)[piece, None] * self._ways[piece]
        # Beside a bend a colour may belong to either piece: the bend's own level is right within half a cell.
        inner = ((share == 0) & (piece > 0)) | ((share == 1) & (piece < len(self._lengths) - 1))
        slope[inner] = 0.0
        ended = (share == 0) | (share == 1)
        at_end = ended & ~inner
        level = self._levels[piece] + share * self._rises[piece]
        # Beyond an end the level goes on in the end's direction, and is cut off when it is read.
        beyond = np.einsum("ci,ci->c", centres - self._starts[piece], self._ways[piece]) / self._lengths[piece]
        level = np.where(at_end, self._levels[piece] + beyond * self._rises[piece], level)
        self._cells[cells, 0] = level - np.einsum("ci,ci->c", slope, centres)
        self._cells[cells, 1:] = slope
        self._filled[cells] = True


def _cells_of(colours: NDArray[np.uint8]) -> NDArray[np.int32]:
    parts = (colours >> (8 - BITS)).astype(np.int32)
    return (parts[:, 0] << 2 * BITS) | (parts[:, 1] << BITS) | parts[:, 2]


@lru_cache(maxsize=32)
def lookup_of(table: ColourTable) -> TableLookup:
    """The lookup of a table, kept for the process: its cells fill up over the first scans."""
    return TableLookup(table)


def coarse_distances(colours: NDArray[np.uint8]) -> Floats:
    """Mean distance of `(n, 3)` uint8 colours to each known table, `(tables,)` grey levels, within `COARSE`."""
    parts = (colours >> 4).astype(np.intp)
    return np.asarray(
        _coarse_cells()[:, (parts[:, 0] << 8) | (parts[:, 1] << 4) | parts[:, 2]].mean(axis=1), np.float32
    )


@lru_cache(maxsize=1)
def _coarse_cells() -> Floats:
    """Distance of the middle of each of 16 x 16 x 16 cells to each known table's line. Kept: do not write to it."""
    axis = np.arange(16) * 16 + 7.5
    middles = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    rows = []
    for table in KNOWN_TABLES.values():
        levels, colours = table.line()
        line = np.stack([np.interp(np.linspace(levels[0], levels[-1], 65), levels, colours[:, c]) for c in range(3)], 1)
        squares = (middles**2).sum(1)[:, None] - 2 * middles @ line.T + (line**2).sum(1)
        rows.append(np.sqrt(np.maximum(squares.min(axis=1), 0)))
    return np.asarray(rows, np.float32)
