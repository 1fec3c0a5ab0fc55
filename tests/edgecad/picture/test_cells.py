"""The heat map's panel: cells as they are, signs, outlines, stripes and the key, for every grid and size."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecad import Classifier, Prediction
from edgecad.answer.grid import cell_of, on_pixels
from edgecad.answer.heatmap import cell_coverage
from edgecad.answer.prediction import Finding
from edgecad.answer.region import region_of
from edgecad.contract import HeatmapScale
from edgecad.picture.cells import CellStyle, colour_key, draw_cells, heatmap_panel, region_panel
from edgecad.picture.colours import INK, LOWERED, RAISED
from edgecad.picture.marks import Sign, signs_for

Pixels = np.ndarray
SCALE = HeatmapScale(full_scale=1.0, region_threshold=0.5)
WHOLE, DISC = CellStyle(SCALE, "none"), CellStyle(SCALE)
GRIDS = [(7, 7), (10, 10), (14, 14), (28, 28), (7, 10), (12, 5)]
SIDES = [119, 188, 400, 476, 952]
BLACK = np.zeros((64, 64, 3), np.uint8)


@pytest.fixture(scope="module")
def answer(model_folder: Path, phantom_screen: Callable[[int], Pixels]) -> Prediction:
    return Classifier(model_folder, device="cpu")(phantom_screen(1))


def blobs(cells: tuple[int, int], seed: int) -> Pixels:
    """A smooth heat map of both directions, with noise."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(0, 0.8, (4, 4)).astype(np.float32)
    return cv2.resize(coarse, cells[::-1], interpolation=cv2.INTER_CUBIC) + rng.normal(0, 0.1, cells)


def fills(panel: Pixels, cells: tuple[int, int], where: tuple[int, int]) -> Pixels:
    """The colour of one cell: the commonest of its pixels that is neither mark nor edge."""
    rows, columns = (np.flatnonzero(cell_of(panel.shape[0], n) == k) for n, k in zip(cells, where, strict=True))
    part = panel[rows[1] : rows[-1] + 1, columns[1] : columns[-1] + 1].reshape(-1, 3)
    own = part[(part != INK).any(axis=1) & part.any(axis=1)]
    colours, counts = np.unique(own, axis=0, return_counts=True)
    return colours[counts.argmax()]


@pytest.mark.parametrize(("cells", "side"), list(product(GRIDS, SIDES)))
def test_a_cell_has_one_colour_and_it_is_that_of_its_own_value(cells: tuple[int, int], side: int) -> None:
    """Whatever its neighbours hold: nothing bleeds, nothing is smoothed."""
    rng = np.random.default_rng(side)
    shown = rng.choice([-1.2, -0.6, -0.3, -0.15, 0.0, 0.15, 0.3, 0.6, 1.2], cells)
    panel = draw_cells(BLACK, shown, WHOLE, side)
    assert panel.shape == (side, side, 3)
    for where in [tuple(rng.integers(0, count) for count in cells) for _ in range(12)]:
        share = {1.2: 0.95, 0.6: 0.82, 0.3: 0.45, 0.15: 0.22, 0.0: 0.0}[abs(shown[where])]
        hue = np.array(RAISED if shown[where] > 0 else LOWERED)
        wanted = np.rint(30 * (1 - share) + hue * share)
        if min(side / count for count in cells) >= 13:  # or marks leave nothing of a small cell
            np.testing.assert_array_equal(fills(panel, cells, where), wanted)


def test_the_map_below_is_grey_from_30_to_105() -> None:
    ramp = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 3, axis=2).repeat(64, axis=0)
    panel = draw_cells(ramp, np.zeros((1, 1)), WHOLE, 256)
    assert (panel == panel[..., :1]).all()
    assert (panel.min(), panel.max()) == (30, 105)


@pytest.mark.parametrize(("cells", "side"), list(product(GRIDS, [188, 400, 476])))
def test_the_outlined_area_is_that_of_the_cells(cells: tuple[int, int], side: int) -> None:
    """What is drawn as a region is its cells within the disc, pixel by pixel, and its edge is a closed line."""
    rng = np.random.default_rng(7)
    shown = np.where(rng.random(cells) < 0.2, 0.7, 0.0)
    panel, plain = (draw_cells(BLACK, values, DISC, side) for values in (shown, 0 * shown))
    axis = np.arange(side) - (side - 1) / 2
    depth = side / 2 * (1 - 4 / BLACK.shape[0]) - np.hypot(axis[:, None], axis)
    region = on_pixels(region_of(shown, SCALE, "polar-map").raised, side, side) & (depth > 0)
    off_rim = depth > 6
    changed = (panel != plain).any(axis=2)
    assert changed[region & off_rim].all()
    # A sign may stand out of a cell that is smaller than itself, or cut by the rim.
    beside = cv2.dilate(region.view(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert not changed[~beside & (depth > 0)].any()
    if side / max(cells) >= 13:
        np.testing.assert_array_equal(changed[off_rim], region[off_rim])
        assert changed.sum() == pytest.approx(region.sum(), rel=0.02)
        first = region & (cv2.erode(np.pad(region.view(np.uint8), 1), np.ones((3, 3), np.uint8))[1:-1, 1:-1] == 0)
        assert (first & off_rim).any()
        whole = first & off_rim & (depth > 1.5 * side / min(cells))  # cells at the rim may have finer lines
        assert not panel[whole].any(), "dark along all of its edge"


@pytest.mark.parametrize("seed", range(4))
def test_a_region_is_drawn_as_large_as_it_is_where_smoothing_would_lose_or_double_it(seed: int) -> None:
    """Single cells beyond the threshold: bilinear enlargement would draw from a hundredth of them to more than all."""
    rng = np.random.default_rng(seed)
    shown = rng.uniform(-0.45, 0.45, (14, 14))
    shown[3:11:3, 3:11:3] = 0.52
    panel = draw_cells(BLACK, shown, WHOLE, 420)
    without = draw_cells(BLACK, np.where(shown > 0.5, 0.0, shown), WHOLE, 420)
    changed = (panel != without).any(axis=2)
    np.testing.assert_array_equal(changed, on_pixels(shown > 0.5, 420, 420))


@pytest.mark.parametrize("side", [188, 476, 952])
def test_raised_regions_have_a_solid_outline_and_lowered_ones_a_dashed_one(side: int) -> None:
    shown = np.zeros((7, 7))
    shown[2:5, 2:5] = 0.6
    white = []
    for sign in (1, -1):
        panel = draw_cells(BLACK, sign * shown, WHOLE, side)
        top = int(np.flatnonzero(cell_of(side, 7) == 2)[0])
        rows = panel[top : top + side // 30, side * 5 // 14 : side * 9 // 14]
        white.append((rows == INK).all(axis=2).any(axis=0))
    assert white[0].all()
    assert 0.3 < white[1].mean() < 0.8
    assert np.count_nonzero(np.diff(white[1].astype(int)) == 1) >= 3


def test_a_hole_in_a_region_is_outlined_as_well() -> None:
    ring = np.zeros((10, 10))
    ring[2:8, 2:8] = 1.0
    ring[4:6, 4:6] = 0.0
    panel = draw_cells(BLACK, ring, WHOLE, 400)
    white = (panel == INK).all(axis=2)
    assert white[160 - 8 : 160, 200].any(), "above the hole"
    assert not white[160:240, 160:240].any(), "not in it"


def test_regions_of_both_directions_that_touch_keep_both_outlines() -> None:
    shown = np.zeros((4, 4))
    shown[1, 1], shown[1, 2] = 0.7, -0.7
    panel = draw_cells(BLACK, shown, WHOLE, 400)
    white = (panel == INK).all(axis=2)
    assert white[110:190, 192:200].any(axis=1).all(), "solid, on its own side"
    dashed = white[110:190, 200:208].any(axis=1)
    assert dashed.any()
    assert not dashed.all()


# --- signs -------------------------------------------------------------------------------------------------


def signs(shown: Pixels, side: int, outlined_from: float = 0.5) -> list[Sign]:
    everything = np.ones((side, side), bool)
    return list(signs_for(shown, np.abs(shown) >= 0.25, np.abs(shown) >= outlined_from, everything))


@pytest.mark.parametrize(("cells", "side"), list(product(GRIDS, SIDES)))
def test_signs_are_legible_and_none_lies_on_another(cells: tuple[int, int], side: int) -> None:
    shown = blobs(cells, 3)
    found = signs(shown, side)
    assert found
    assert min(sign.length for sign in found) >= 7
    lattice = side / max(cells) >= 22
    for one, other in product(found, found):
        if one is not other and one.plus == other.plus and lattice:
            apart = max(abs(one.row - other.row), abs(one.column - other.column))
            assert apart >= (one.length + other.length) / 2 + 2
    if lattice:
        assert len(found) == np.count_nonzero(np.abs(shown) >= 0.25), "every cell has its own"
    else:
        assert len(found) < np.count_nonzero(np.abs(shown) >= 0.25), "they are thinned out"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("cells", "side"), [((28, 28), 476), ((14, 14), 188), ((28, 28), 188), ((7, 7), 119)])
def test_every_group_of_cells_has_a_sign_of_its_direction(cells: tuple[int, int], side: int, seed: int) -> None:
    """However they are thinned out, no group of coloured cells is told by its colour alone: a sign or an outline is."""
    shown = blobs(cells, seed)
    found = signs(shown, side)
    where = {(int(sign.row * cells[0] / side), int(sign.column * cells[1] / side)): sign.plus for sign in found}
    for plus in (True, False):
        own = (np.abs(shown) >= 0.25) & ((shown > 0) == plus)
        count, groups = cv2.connectedComponents(own.astype(np.uint8), connectivity=4)
        for group in range(1, count):
            told = any(groups[cell] == group and sign == plus for cell, sign in where.items())
            assert told or (np.abs(shown[groups == group]) >= 0.5).any()
    assert all((shown[cell] > 0) == plus for cell, plus in where.items())


@pytest.mark.parametrize("side", [188, 400, 476])
def test_no_sign_lies_on_the_outline_of_its_cell(side: int) -> None:
    """On small cells a minus between dashes would look like a third dash: the outline tells the direction there."""
    for count in (7, 14, 28):
        shown = np.zeros((count, count))
        shown[2::4, 2::4] = 0.7
        cell = side / count
        for sign in signs(shown, side):
            assert sign.length + 2 <= cell - 2 * 3
    wide = np.zeros((14, 14))
    wide[3:9, 3:9] = -0.7
    assert len(signs(wide, 188)) >= 2, "within a region there is room"


def test_signs_begin_at_a_quarter_and_tell_the_direction() -> None:
    for value, bars in ((0.24, (0, 0)), (0.25, (1, 1)), (-0.25, (1, 0)), (-0.24, (0, 0))):
        white = (draw_cells(BLACK, np.full((1, 1), value), WHOLE, 100) == INK).all(axis=2)
        assert (white[50, 40:46].any(), white[40:46, 50].any()) == tuple(map(bool, bars)), value


@pytest.mark.parametrize("cells", GRIDS)
def test_on_a_disc_no_sign_stands_beyond_its_rim(cells: tuple[int, int]) -> None:
    for sign in (1.0, -1.0):
        panel = draw_cells(BLACK, np.full(cells, sign), DISC, 476)
        axis = np.arange(476) - 237.5
        beyond = np.hypot(axis[:, None], axis) > 238 * (1 - 4 / 64) + 3
        assert not panel[beyond].any()


# --- the disc ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cells", "side"), list(product([(14, 14), (7, 7), (10, 10)], [400, 476])))
def test_a_cell_of_which_the_rim_leaves_little_is_more_than_its_outline(cells: tuple[int, int], side: int) -> None:
    coverage = cell_coverage(*cells)
    axis = np.arange(side) - (side - 1) / 2
    within = side / 2 * (1 - 4 / BLACK.shape[0]) - np.hypot(axis[:, None], axis)
    for where in np.argwhere((coverage > 0.15) & (coverage < 0.45)):
        shown = np.zeros(cells)
        shown[tuple(where)] = -1.0
        seen = on_pixels(shown < 0, side, side) & (within > 0)
        if seen.sum() < 100:
            continue
        panel = draw_cells(BLACK, shown, DISC, side)[seen].astype(int)
        assert (panel[:, 2] > panel[:, 0] + 60).mean() > 0.2, where
        assert (panel == INK).all(axis=1).any(), where


def test_beyond_the_disc_there_are_stripes_where_a_finding_says_so_and_nothing_else(answer: Prediction) -> None:
    shown = dataclasses.replace(answer, heatmap=np.full((7, 7), 1.0, np.float32), findings=())
    told = dataclasses.replace(shown, findings=(Finding("evidence-outside", 0.21, "21% lies outside"),))
    beyond = np.hypot(*np.mgrid[-199.5:200, -199.5:200]) > 200
    assert not heatmap_panel(shown, SCALE)[beyond].any()
    striped = heatmap_panel(told, SCALE)[beyond].max(axis=1)
    assert 0.3 < (striped > 100).mean() < 0.8
    assert (striped < 20).mean() > 0.2
    inside = np.hypot(*np.mgrid[-199.5:200, -199.5:200]) < 100
    np.testing.assert_array_equal(heatmap_panel(told, SCALE)[inside], heatmap_panel(shown, SCALE)[inside])


def test_a_whole_image_is_drawn_to_its_corners(answer: Prediction) -> None:
    whole = dataclasses.replace(answer, heatmap=np.full((5, 5), 0.3, np.float32), disc=None, uptake=None)
    corner = heatmap_panel(whole, SCALE)[:15, :15]
    assert (corner[..., 0] > corner[..., 2]).all()


# --- the other panels --------------------------------------------------------------------------------------


def test_the_region_alone_shows_its_cells_in_their_own_colours_and_the_rest_dark(answer: Prediction) -> None:
    heatmap = np.zeros((7, 7), np.float32)
    heatmap[3, 3] = 1.0
    panel = region_panel(dataclasses.replace(answer, heatmap=heatmap), SCALE, 350)
    none = region_panel(dataclasses.replace(answer, heatmap=0 * heatmap), SCALE, 350)
    bright = (panel.astype(int) - none).max(axis=2) > 0
    assert bright[165:185, 165:185].all()
    bright[150:200, 150:200] = False
    assert not bright.any()
    assert none.max() <= 85


@pytest.mark.parametrize("size", [(484, 42), (968, 84), (180, 24)])
def test_the_key_shows_every_step_up_and_down(size: tuple[int, int]) -> None:
    width, height = size
    key = colour_key(width, height)
    assert key.shape == (height, width, 3)
    middles = [int((place + 0.5) * width / 9) for place in range(9)]
    colours = []
    for middle in middles:
        column = key[:, middle - width // 36 : middle + width // 36].reshape(-1, 3)
        own = column[(column != INK).any(axis=1) & (column.max(axis=1) > 45)]
        found, counts = np.unique(own, axis=0, return_counts=True)
        colours.append(tuple(found[counts.argmax()].tolist()))
    assert len(set(colours)) == 9
    assert all(red < blue for red, _, blue in colours[:4])
    assert all(red > blue for red, _, blue in colours[5:])


@pytest.mark.parametrize("value", [0.0, 1e-30, 1e30, -1e30])
def test_a_map_of_any_size_is_drawn(value: float) -> None:
    panel = draw_cells(BLACK, np.full((7, 7), value), DISC, 119)
    assert panel.dtype == np.uint8
