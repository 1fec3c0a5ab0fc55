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


def feature_spread(side: int, own: int, over: PooledOver) -> Floats:
    """The same for features before their cells are weighted, `(side^2, own^2)`.

    The mean over the disc of the product, each cell weighted, is that of the features on their own grid.
    """
    spread = map_spread(side, own, over)
    if over == "all":
        return spread
    weights, own_weights = (disc_weights(count, count).ravel() for count in (side, own))
    counted = np.divide(1.0, weights, out=np.zeros_like(weights), where=weights > 0)
    return counted[:, None] * spread * own_weights


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
