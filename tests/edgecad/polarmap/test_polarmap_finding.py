"""The disc is found where it is, whatever stands beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edgecad.contract import Preparation
from edgecad.errors import InputRefused
from edgecad.polarmap import Disc, disc_mask, find_disc, prepare
from edgecad_train.phantoms import PALETTES, draw_patient, render_screen

Draw = Callable[..., np.ndarray]
PREPARATION = Preparation(size=64)
PHANTOMS = 218


def misfit(found: Disc, x: float, y: float, radius: float) -> float:
    """Pixels by which centre or radius is off, the larger."""
    return max(float(np.hypot(found.x - x, found.y - y)), abs(found.radius - radius))


@pytest.mark.parametrize("seed", range(24))
def test_the_disc_is_found_within_a_pixel_at_any_size_and_place(draw_map: Draw, seed: int) -> None:
    rng = np.random.default_rng(seed)
    radius = float(rng.uniform(66, 520))
    x = float(rng.uniform(radius + 6, 1640 - radius - 6))
    y = float(rng.uniform(radius + 6, 1068 - radius - 6))
    assert misfit(find_disc(draw_map(x, y, radius, seed)), x, y, radius) <= 1.0


@pytest.mark.parametrize("side", [256, 400, 1024, 3000])
def test_the_disc_is_found_within_a_pixel_on_screens_of_any_size(draw_map: Draw, side: int) -> None:
    square = draw_map()[190:891, 450:1151]
    inner = cv2.resize(square, (int(side * 0.8),) * 2, interpolation=cv2.INTER_AREA)
    border = (side - inner.shape[0]) // 2
    screen = cv2.copyMakeBorder(inner, border, border, border, border, cv2.BORDER_CONSTANT)
    middle = (screen.shape[0] - 1) / 2
    assert misfit(find_disc(screen), middle, middle, 350 / 701 * inner.shape[0]) <= 1.0


def test_a_disc_that_touches_the_edge_of_a_tight_crop_is_accepted(draw_map: Draw) -> None:
    tight = np.ascontiguousarray(draw_map()[190:891, 450:1151])
    assert misfit(prepare(tight, PREPARATION).disc, 350, 350, 350) <= 1.0


def test_colour_bar_and_text_line_beside_the_disc_change_nothing(draw_map: Draw) -> None:
    bare = draw_map()
    crowded = bare.copy()
    crowded[300:700, 1240:1266] = np.linspace(255, 0, 400).astype(np.uint8)[:, None, None]
    cv2.rectangle(crowded, (1239, 299), (1266, 700), (120, 120, 120), 1)
    cv2.putText(crowded, "DOE JOHN  STRESS AC", (40, 60), cv2.FONT_HERSHEY_DUPLEX, 1.2, (255, 255, 255), 2)
    assert find_disc(crowded) == find_disc(bare)
    assert np.array_equal(prepare(crowded, PREPARATION).image, prepare(bare, PREPARATION).image)


def test_text_outside_the_disc_is_not_counted_as_overlay(draw_map: Draw) -> None:
    screen = draw_map()
    cv2.putText(screen, "DOE JOHN", (40, 60), cv2.FONT_HERSHEY_DUPLEX, 1.2, (255, 255, 255), 2)
    assert prepare(screen, PREPARATION).overlay_share < 0.001


def test_everything_outside_the_disc_is_exactly_black_and_the_disc_is_not(draw_map: Draw) -> None:
    image = prepare(draw_map(), Preparation(size=224)).image
    assert image.shape == (224, 224, 3)
    assert image.dtype == np.uint8
    # The pixels through which the rim passes are partly inside.
    assert not image[~disc_mask(224, shrink=-1.0)].any()
    assert image[disc_mask(224, shrink=4.0)].max(axis=-1).min() > 0


@pytest.mark.parametrize("size", [32, 64, 224, 299])
def test_the_disc_fills_the_input_whatever_its_size(draw_map: Draw, size: int) -> None:
    lit = prepare(draw_map(), Preparation(size=size)).image.any(axis=2)
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    margin = max(1, size // 64)
    for occupied in (rows, columns):
        assert occupied[0] <= margin
        assert occupied[-1] >= size - 1 - margin


def test_the_prepared_map_does_not_depend_on_where_the_disc_stands(draw_map: Draw) -> None:
    here, there = (prepare(draw_map(x, y), PREPARATION).image for x, y in ((800, 540), (411, 633)))
    assert np.abs(here.astype(int) - there).mean() < 0.5


def test_the_same_screen_gives_the_same_bytes(draw_map: Draw) -> None:
    first, again = (prepare(draw_map(), PREPARATION) for _ in range(2))
    assert first.image.tobytes() == again.image.tobytes()
    assert (first.disc, first.overlay_share) == (again.disc, again.overlay_share)


def test_a_ragged_rim_too_gives_the_same_disc_each_time(draw_map: Draw) -> None:
    """Where the rim is partly dark the fit has to choose, and it must choose the same each time."""
    screen = draw_map()
    for angle in range(0, 360, 14):
        x, y = 800 + 348 * np.cos(np.radians(angle)), 540 + 348 * np.sin(np.radians(angle))
        cv2.circle(screen, (round(x), round(y)), 6, (0, 0, 0), -1)
    discs = {find_disc(screen) for _ in range(4)}
    assert len(discs) == 1
    assert misfit(discs.pop(), 800, 540, 350) <= 1.5


def test_preparing_leaves_the_screen_as_it_was(draw_map: Draw) -> None:
    screen = draw_map()
    before = screen.copy()
    prepare(screen, PREPARATION)
    assert np.array_equal(screen, before)


def test_at_most_two_in_a_hundred_phantoms_are_refused_and_all_others_are_found_within_a_pixel() -> None:
    names = list(PALETTES)
    refused, misplaced = [], []
    for index in range(PHANTOMS):
        patient = replace(draw_patient(2022, index), palette=names[index % len(names)])
        layout = patient.layout
        try:
            disc = prepare(render_screen(patient), PREPARATION).disc
        except InputRefused as error:
            refused.append((index, patient.palette, error.reason))
            continue
        if misfit(disc, layout.centre_x, layout.centre_y, layout.diameter / 2) > 1.0:
            misplaced.append((index, patient.palette, disc, layout))
    assert len(refused) <= 0.02 * PHANTOMS, f"{len(refused)} of {PHANTOMS} refused: {refused}"
    assert not misplaced, f"{len(misplaced)} of {PHANTOMS} misplaced: {misplaced}"
