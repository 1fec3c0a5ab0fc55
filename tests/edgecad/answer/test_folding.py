"""Evidence beyond the rim of a mirrored drawing is folded back onto the map, and the map still adds up to the score."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np
import pytest

from edgecad.answer.folding import folded_back, map_on_disc
from edgecad.answer.heatmap import Dense, cell_coverage, class_activation, disc_weights, score_map, share_outside_disc
from edgecad.contract import Contract, Drawing, Preparation
from edgecad.polarmap.square import SIDE
from edgecad.polarmap.uptake import RIM
from edgecad.polarmap.uptake.drawing import mirrored

GRIDS = [(7, 7), (10, 10), (14, 14), (17, 17), (19, 19)]


@pytest.mark.parametrize("grid", GRIDS)
def test_sums_stay_and_nothing_is_shown_in_cells_wholly_outside(grid: tuple[int, int]) -> None:
    maps = np.random.default_rng(0).normal(size=(5, *grid))
    folded = folded_back(maps)
    np.testing.assert_allclose(folded.sum(axis=(1, 2)), maps.sum(axis=(1, 2)), atol=1e-10)
    assert not folded[:, cell_coverage(*grid) == 0].any()
    outside = [share_outside_disc(shown) for shown in maps]
    assert all(share_outside_disc(one) < 0.6 * before for one, before in zip(folded, outside, strict=True))


def test_evidence_on_the_disc_stays_where_it_is() -> None:
    shown = np.where(cell_coverage(14, 14) == 1, np.random.default_rng(0).normal(size=(14, 14)), 0)
    np.testing.assert_array_equal(folded_back(shown), shown)
    assert folded_back(shown.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("angle", [30, 45, 60, 120, 135, 225, 330])
def test_a_spot_that_the_mirror_shows_beyond_the_rim_comes_back_to_where_it_was(angle: int) -> None:
    """Drawn as scans are: what the mirror makes of a spot near the rim is taken for evidence, cell by cell."""
    square, radians, radius = np.zeros((SIDE, SIDE), np.float32), np.deg2rad(angle), 0.86 * SIDE / 2
    place = [SIDE / 2 + radius * np.cos(radians), SIDE / 2 + radius * np.sin(radians)]
    cv2.circle(square, (round(place[0]), round(place[1])), 5, 100.0, -1)
    image = mirrored(square, RIM)
    y, x = ((np.arange(SIDE) + 0.5) / SIDE * 2 - 1 for _ in range(2))
    beyond = np.where(y[:, None] ** 2 + x[None, :] ** 2 > 1, image, 0)
    assert beyond.max() > 50
    folded = folded_back(cv2.resize(beyond, (64, 64), interpolation=cv2.INTER_AREA))
    rows, columns = np.indices(folded.shape) + 0.5
    found = [4 * (axis * folded).sum() / folded.sum() for axis in (columns, rows)]
    np.testing.assert_allclose(found, place, atol=3)


def test_a_folded_map_adds_up_to_the_log_odds() -> None:
    draw = np.random.default_rng(1)
    features = draw.normal(size=(3, 14, 14, 6))
    head = [Dense(draw.normal(size=(6, 5)), draw.normal(size=5), "silu"), Dense(draw.normal(size=(5, 2)), np.ones(2))]
    found = class_activation(features, head)
    shown = folded_back(score_map(found.cam, 0))
    bias = found.cam_bias[:, 0] - found.cam_bias[:, 1]
    np.testing.assert_allclose(shown.mean(axis=(1, 2)) + bias, found.logits[:, 0] - found.logits[:, 1], atol=1e-10)


@pytest.mark.parametrize(
    ("drawing", "over", "counts", "black"),
    [
        (None, "all", False, True),
        (Drawing(), "all", False, True),
        (Drawing(), "disc", False, False),
        (Drawing(beyond="mirrored"), "all", True, False),
        (Drawing(beyond="mirrored"), "disc", False, False),
    ],
)
def test_maps_are_folded_where_the_mirror_counts_and_doubted_where_black_does(
    tiny_contract: Contract, drawing: Drawing | None, over: str, counts: bool, black: bool
) -> None:
    how = Preparation(size=64, input="uptake" if drawing else "rgb", drawing=drawing)
    contract = msgspec.structs.replace(tiny_contract, preparation=how, pooled_over=over)
    assert (contract.mirror_counts, contract.black_counts) == (counts, black)
    raw = np.ones((2, 7, 7))
    assert np.array_equal(map_on_disc(raw, contract), raw) != counts


def test_nothing_outside_counts_of_a_whole_image(tiny_contract: Contract) -> None:
    contract = msgspec.structs.replace(tiny_contract, preparation=Preparation(size=64, crop="none"))
    assert not contract.black_counts
    with pytest.raises(ValueError, match="whole images have no disc"):
        Contract(**{**_fields(contract), "pooled_over": "disc"})


def _fields(contract: Contract) -> dict[str, object]:
    return {name: getattr(contract, name) for name in contract.__struct_fields__}


@pytest.mark.parametrize("grid", GRIDS)
def test_weights_of_the_disc_have_a_mean_of_one_and_are_zero_outside(grid: tuple[int, int]) -> None:
    weights = disc_weights(*grid)
    assert weights.mean() == pytest.approx(1.0)
    np.testing.assert_array_equal(weights == 0, cell_coverage(*grid) == 0)
    assert weights[grid[0] // 2, grid[1] // 2] == weights.max()
