"""The colour tables that the training scans were drawn in.

Where uptake is the input, each scan was read through a table that has a name. Where the colours themselves are, scans
are grouped by them: a network that knows one table knows little of another, and where table and label go together it
learns the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Crop
from edgecad.polarmap import TableReading, colour_histogram, input_mask

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

SAME_COLOUR = 12.0
"""Distance in RGB up to which two colours may be one that was stored as JPEG, grey levels."""
SAME_TABLE = 0.9
"""Share of a scan's colours that the other has as well. Between phantoms of one table 90 % of the colours lay within 7
grey levels of the other's, between those of two tables they lay 18 and more apart."""
DARK = 24
"""Grey level up to which a colour is as good as black."""
SAMPLES, FOUNDER_SAMPLES = 256, 2560
"""Pixels that are compared: of a scan, and of the scan that stands for a table."""
MAX_TABLES = 32
"""More than these are no colour tables: the data are pictures of another kind."""

Points = NDArray[np.uint8]


@dataclass(frozen=True)
class ColourTables:
    """Which scans share a colour table.

    Attributes:
        group: number of each scan's table, `(n,)`; 0 is the commonest, -1 of more than there can be.
        count: how many tables there are.
        names: of the tables, `count` of them; none where scans were grouped by their colours.
    """

    group: NDArray[np.int64]
    count: int
    names: tuple[str, ...] = ()

    def rows(self, table: int) -> NDArray[np.intp]:
        """Scans of one table."""
        return np.flatnonzero(self.group == table)

    def words(self, table: int) -> str:
        """The table's name, or its number from 1."""
        return self.names[table] if self.names else f"table {table + 1}"


def tables_read(readings: Sequence[TableReading]) -> ColourTables:
    """The tables that scans were read through, the commonest first."""
    counts = Counter(reading.table for reading in readings)
    names = tuple(sorted(counts, key=lambda name: (-counts[name], name)))
    return ColourTables(np.array([names.index(reading.table) for reading in readings], np.int64), len(names), names)


def colour_tables(images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], crop: Crop = "polar-map") -> ColourTables:
    """Group scans by the colours in their discs.

    Two scans share a table if nearly all colours of the one, who may use less of it, are colours of the other. The
    scan of most colours stands for its table; each further one is held against those, so the cost is scans x tables.

    Args:
        images: `(n, size, size, 3)` uint8 RGB, prepared by the rule `crop`.
    """
    # Here, because a list of scans must not wait for scipy.
    from scipy.spatial import cKDTree

    samples = [_sample(image, crop, SAMPLES) for image in images]
    founders: list[int] = []
    trees: list[cKDTree] = []
    group = np.full(len(samples), -1, np.int64)
    for row in sorted(range(len(samples)), key=lambda row: -_breadth(samples[row])):
        shares = [_covered(samples[row], tree) for tree in trees]
        if shares and max(shares) >= SAME_TABLE:
            group[row] = int(np.argmax(shares))
        elif len(trees) < MAX_TABLES:
            group[row] = len(trees)
            founders.append(row)
            trees.append(cKDTree(_sample(images[row], crop, FOUNDER_SAMPLES)))
    return _commonest_first(_joined(group, [samples[row] for row in founders], trees))


def _sample(image: NDArray[np.uint8], crop: Crop, count: int) -> Points:
    """Up to about `count` colours `(m, 3)`, evenly over the picture; mixing them would make colours of no table."""
    colours = image[input_mask(image.shape[0], crop)]
    lit = colours[colours.max(axis=1, initial=0) > DARK]
    # Every table begins at black, and most of a whole screen is black: that tells nothing.
    colours = lit if len(lit) else colours
    return np.ascontiguousarray(colours[:: max(1, len(colours) // count)])


def _breadth(sample: Points) -> int:
    """How much of its table a scan uses: kinds of colour among its pixels."""
    return int(np.count_nonzero(colour_histogram(sample[:, None])))


def _covered(sample: Points, tree: cKDTree) -> float:
    """Share of the colours of `sample` that are near one of the tree's, 0 to 1."""
    distances, _ = tree.query(sample, distance_upper_bound=SAME_COLOUR)
    return float(np.isfinite(distances).mean())


def _joined(group: NDArray[np.int64], founders: Sequence[Points], trees: Sequence[cKDTree]) -> NDArray[np.int64]:
    """Tables of which one holds the other made one: a later founder may have more of the table than the first."""
    from scipy.sparse.csgraph import connected_components

    if not trees:
        return group
    near = np.array([[_covered(founder, tree) >= SAME_TABLE for tree in trees] for founder in founders])
    _, table = connected_components(near, directed=False)
    return np.where(group < 0, -1, table[group])


def _commonest_first(group: NDArray[np.int64]) -> ColourTables:
    names, counts = np.unique(group[group >= 0], return_counts=True)
    order = names[np.argsort(-counts, kind="stable")]
    rank = {int(name): place for place, name in enumerate(order)}
    return ColourTables(np.array([rank.get(int(name), -1) for name in group], np.int64), len(order))
