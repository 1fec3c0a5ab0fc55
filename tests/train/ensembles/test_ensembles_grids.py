"""Features and heat maps on another grid: each keeps its mean, and nothing moves to where there is no map."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from edgecad.answer.heatmap import cell_coverage, disc_weights
from edgecad.contract import PooledOver
from edgecad_train.ensembles.grids import axis_spread, cell_gains, map_spread, on_grid

GRIDS = [(14, 7), (7, 14), (19, 10), (17, 8), (8, 5), (14, 14)]


@pytest.mark.parametrize("over", get_args(PooledOver))
@pytest.mark.parametrize(("side", "own"), GRIDS)
def test_a_map_keeps_its_mean_and_what_counts_stays_on_the_disc(side: int, own: int, over: PooledOver) -> None:
    drawn = np.random.default_rng(0).normal(size=(3, own, own))
    maps = drawn * disc_weights(own, own) if over == "disc" else drawn
    moved = on_grid(maps, side, over)
    assert moved.shape == (3, side, side)
    np.testing.assert_allclose(moved.mean(axis=(1, 2)), maps.mean(axis=(1, 2)), atol=1e-14)
    if over == "disc":
        assert not moved[:, cell_coverage(side, side) == 0].any()


@pytest.mark.parametrize("over", get_args(PooledOver))
@pytest.mark.parametrize(("side", "own"), GRIDS)
def test_features_keep_the_mean_over_the_cells_that_are_pooled(side: int, own: int, over: PooledOver) -> None:
    features = np.random.default_rng(1).normal(size=(own * own, 4))
    axis, gains = axis_spread(side, own), cell_gains(side, own, over).ravel()
    np.testing.assert_allclose(axis.sum(axis=1), 1.0)
    moved = np.kron(axis, axis) @ (gains[:, None] * features)
    weights, own_weights = (
        (disc_weights(count, count) if over == "disc" else np.ones((count, count))).ravel() for count in (side, own)
    )
    pooled = (weights[:, None] * moved).mean(axis=0)
    np.testing.assert_allclose(pooled, (own_weights[:, None] * features).mean(axis=0), atol=1e-14)
    # A heat map is linear in weighted features, so it moves as they do.
    maps = map_spread(side, own, over) @ (own_weights[:, None] * features)
    np.testing.assert_allclose(weights[:, None] * moved, maps, atol=1e-12)
    if over == "all":
        np.testing.assert_allclose(gains, 1.0)


def test_whole_cells_are_repeated_where_one_grid_divides_the_other() -> None:
    maps = np.arange(49.0).reshape(1, 7, 7)
    np.testing.assert_allclose(on_grid(maps, 14, "all")[0], np.kron(maps[0], np.ones((2, 2))))
    np.testing.assert_allclose(map_spread(14, 14, "disc") @ np.ones(196), cell_coverage(14, 14).ravel() > 0)
