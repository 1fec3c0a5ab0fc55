"""The heat map in the scan's own pixels: where the network looked, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from edgecad import Classifier, Prediction
from edgecad.contract import Contract, Preparation, Region
from edgecad.picture.cells import heatmap_on_screen
from edgecad.polarmap import Disc, View, prepare
from edgecad.preparing import prepared_from
from edgecad_train.phantoms import jpeg_bytes

Pixels = np.ndarray
Draw = Callable[..., Pixels]


@pytest.fixture
def answered(model_folder: Path, phantom_screen: Callable[[int], Pixels]) -> Prediction:
    with Classifier(model_folder, device="cpu") as classifier:
        return classifier(phantom_screen(0))


def seen_again(screen: Pixels, view: View, size: int) -> Pixels:
    """What of the screen a view says became the input: each input pixel read at its place."""
    places = (np.arange(size) + 0.5) / size * view.side - view.side / 2
    x, y = (view.x + places).astype(np.float32), (view.y + places).astype(np.float32)
    smooth = cv2.blur(screen, (3, 3))
    return np.asarray(cv2.remap(smooth, *np.meshgrid(x, y), cv2.INTER_LINEAR))


def inner(size: int) -> Pixels:
    axis = np.arange(size) - (size - 1) / 2
    return np.asarray(axis[:, None] ** 2 + axis[None, :] ** 2 < (0.46 * size) ** 2)


@pytest.mark.parametrize("way", ["pixels", "jpeg", "halved-jpeg", "region"])
def test_a_view_is_where_the_input_was_taken_from(way: str, draw_map: Draw) -> None:
    screen = draw_map(1123.4, 511.7, 301.2)
    region = Region(x=700, y=100, width=900, height=900, screen_width=1640, screen_height=1068)
    preparation = Preparation(size=224, halve_jpeg=way == "halved-jpeg", region=region if way == "region" else None)
    source = screen if way in ("pixels", "region") else jpeg_bytes(screen)
    found = prepared_from(source, preparation)
    again = seen_again(screen, found.view, 224)[inner(224)].astype(int)
    assert np.abs(again - found.image[inner(224)]).mean() < 2.5
    moved = View(found.view.x + 4, found.view.y - 4, *(found.view.side,) * 3)
    off = seen_again(screen, moved, 224)[inner(224)].astype(int)
    assert np.abs(off - found.image[inner(224)]).mean() > 1.3 * np.abs(again - found.image[inner(224)]).mean()


def test_a_view_of_a_whole_image_has_the_pictures_own_sides() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (200, 400, 3)).astype(np.uint8)
    whole = Preparation(size=96, crop="none")
    assert prepare(picture, whole).view == View(199.5, 99.5, 400, 400, 200)
    region = Region(x=100, y=50, width=80, height=120, screen_width=400, screen_height=200)
    assert prepare(picture, replace(whole, region=region)).view == View(139.5, 109.5, 120, 80, 120)


def placed(heatmap: Pixels, screen: tuple[int, int], view: View, disc: Disc | None, answered: Prediction) -> Pixels:
    import dataclasses

    changed = dataclasses.replace(answered, heatmap=heatmap.astype(np.float32), screen=screen, view=view, disc=disc)
    return heatmap_on_screen(changed)


@pytest.mark.parametrize("cells", [(7, 7), (14, 14), (28, 28), (6, 9)])
def test_each_pixel_has_the_value_of_its_cell(answered: Prediction, cells: tuple[int, int]) -> None:
    heatmap = np.random.default_rng(0).normal(0, 1, cells)
    x, y, side = 151.3, 99.6, 141.7
    on_screen = placed(heatmap, (300, 200), View(x, y, side, side, side), Disc(x, y, side / 2), answered)
    assert on_screen.shape == (200, 300)
    assert on_screen.dtype == np.float32
    for row in range(cells[0]):
        for column in range(cells[1]):
            middle = (y - side / 2 + (row + 0.5) * side / cells[0], x - side / 2 + (column + 0.5) * side / cells[1])
            found = on_screen[round(middle[0]), round(middle[1])]
            assert np.isnan(found) or found == np.float32(heatmap[row, column])
    # Nothing between: a page that draws the map again shows the cells.
    assert set(on_screen[np.isfinite(on_screen)].tolist()) <= set(heatmap.astype(np.float32).ravel().tolist())
    inner = np.isfinite(on_screen)
    assert inner.sum() == pytest.approx(np.pi * side**2 / 4, rel=0.01)


def test_a_map_that_reaches_beyond_the_screen_is_cut_off_there(answered: Prediction) -> None:
    heatmap = np.arange(49.0).reshape(7, 7)
    on_screen = placed(heatmap, (100, 80), View(10, 75, 140, 140, 140), Disc(10, 75, 70), answered)
    assert on_screen[75, 10] == 24
    assert on_screen[75, 10 + 20] == 25
    assert on_screen[75 - 40, 10] == 24 - 14


def test_nothing_is_said_of_what_the_network_did_not_see(answered: Prediction) -> None:
    on_screen = placed(np.ones((7, 7)), (300, 200), View(150, 100, 141, 141, 141), Disc(150, 100, 70), answered)
    y, x = np.mgrid[:200, :300]
    np.testing.assert_array_equal(np.isfinite(on_screen), np.hypot(x - 150, y - 100) <= 70)
    whole = placed(np.ones((7, 7)), (300, 200), View(139.5, 109.5, 120, 80, 120), None, answered)
    inside = np.zeros((200, 300), bool)
    inside[50:170, 100:180] = True
    np.testing.assert_array_equal(np.isfinite(whole), inside)


def test_the_map_of_an_answer_lies_on_its_disc(answered: Prediction) -> None:
    on_screen = heatmap_on_screen(answered)
    assert on_screen.shape == (1068, 1640)
    disc = answered.disc
    assert disc is not None
    assert np.isfinite(on_screen).sum() == pytest.approx(np.pi * disc.radius**2, rel=0.01)
    assert np.nanmin(on_screen) >= answered.heatmap.min()
    assert np.nanmax(on_screen) <= answered.heatmap.max()


def test_a_classifier_draws_its_answers(model_folder: Path, phantom_screen: Callable[[int], Pixels]) -> None:
    with Classifier(model_folder, device="cpu") as classifier:
        contract: Contract = classifier.contract
        prediction = classifier(phantom_screen(0))
        assert classifier.overlay(prediction).shape == (400, 400, 3)
        region = classifier.overlay(prediction, "region", 200)
        assert region.shape == (200, 200, 3)
        assert (region != classifier.overlay(prediction, side=200)).any()
        figure = classifier.figure(prediction, "A7")
        assert figure.shape == (900, 1600, 3)
        assert (figure != classifier.figure(prediction)).any()
        assert contract.heatmap.full_scale > 0
