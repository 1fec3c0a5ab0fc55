"""Features and heat maps of one grid on another one, so that each keeps its mean.

What a cell holds is spread over the cells of the other grid in proportion to the area that they share. Where features
are pooled over the disc a cell counts by its share of the disc, and so does what it gives to each of the others: then
nothing is moved to where there is no map. The logit is a mean, so it stays what it was, whatever the two grids are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import cell_coverage, disc_weights
from edgecad.contract import PooledOver

Floats = NDArray[np.float64]


def map_spread(side: int, own: int, over: PooledOver) -> Floats:
    """What a heat map of `own` x `own` cells is multiplied by to have `side` x `side`: `(side^2, own^2)`.

    The mean of the product is the mean of the map; cells are counted row by row.

    Args:
        over: cells over which the map's features are pooled.
    """
    shared = np.kron(_overlap(side, own), _overlap(side, own)) * _counts(side, over)[:, None]
    received = shared.sum(axis=0)
    # A cell that nothing of the other grid receives from lies outside the disc, where the map is zero.
    return (side / own) ** 2 * np.divide(shared, received, out=np.zeros_like(shared), where=received > 0)


def axis_spread(side: int, own: int) -> Floats:
    """Along one axis: means of `own` intervals over each of `side`, `(side, own)`; each row adds up to 1."""
    return side * _overlap(side, own)


def cell_gains(side: int, own: int, over: PooledOver) -> Floats:
    """What features are multiplied by, cell by cell, before `axis_spread` along both axes; `(own, own)`.

    Then the mean on the other grid, of cells that are weighted there, is that of the features on their own grid: the
    product is `map_spread` for features before their cells are weighted. All are 1 where every cell counts alike.
    """
    counts = _counts(side, over).reshape(side, side)
    axis = _overlap(side, own)
    received = axis.T @ counts @ axis
    weights = disc_weights(own, own) if over == "disc" else np.ones((own, own))
    gains = counts.mean() * weights / own**2
    return np.asarray(np.divide(gains, received, out=np.zeros_like(gains), where=received > 0))


def on_grid(maps: NDArray[np.floating], side: int, over: PooledOver) -> Floats:
    """Heat maps `(n, own, own)` on a grid of `side` cells a side, `(n, side, side)`; each keeps its mean."""
    own = maps.shape[-1]
    if own == side:
        return np.asarray(maps, np.float64)
    cells = np.asarray(maps, np.float64).reshape(len(maps), -1) @ map_spread(side, own, over).T
    return np.asarray(cells.reshape(len(maps), side, side))


def _overlap(side: int, own: int) -> Floats:
    """Length that each of `side` intervals shares with each of `own`, all within 0 to 1: `(side, own)`."""
    ends, own_ends = (np.arange(count + 1) / count for count in (side, own))
    upper = np.minimum(ends[1:, None], own_ends[None, 1:])
    lower = np.maximum(ends[:-1, None], own_ends[None, :-1])
    return np.asarray(np.maximum(upper - lower, 0.0))


def _counts(side: int, over: PooledOver) -> Floats:
    """Share of each cell's area that counts, `(side^2,)`."""
    return cell_coverage(side, side).ravel() if over == "disc" else np.ones(side * side)
