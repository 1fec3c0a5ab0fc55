"""Screens that hold a real map, spoiled in ways that a reader would see at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad.contract import Preparation
from edgecad.errors import InputRefused
from edgecad.polarmap import find_disc, prepare
from edgecad.preparing import prepared_from
from edgecad_train.phantoms import draw_patient, jpeg_bytes, render_screen

Pixels = NDArray[np.uint8]
PREPARATION = Preparation(size=64)
PHANTOM = draw_patient(3, 2)
X, Y, R = PHANTOM.layout.centre_x, PHANTOM.layout.centre_y, PHANTOM.layout.diameter // 2


def _small(screen: Pixels, side: int) -> Pixels:
    map_alone = screen[Y - R : Y + R, X - R : X + R]
    return np.asarray(cv2.resize(map_alone, (side, side), interpolation=cv2.INTER_AREA))


def _window(screen: Pixels) -> None:
    cv2.rectangle(screen, (X - 150, Y - 60), (X + 170, Y + 80), (60, 60, 60), -1)


def _tooltip(screen: Pixels) -> None:
    cv2.rectangle(screen, (X - 80, Y - 40), (X + 140, Y + 50), (250, 250, 245), -1)


def _bite(screen: Pixels) -> None:
    cv2.circle(screen, (X + R, Y), R // 3, (0, 0, 0), -1)


def _sector(screen: Pixels) -> None:
    cv2.ellipse(screen, (X, Y), (R + 9, R + 9), 0, -10, 10, (0, 0, 0), -1)


def _hole(screen: Pixels) -> None:
    cv2.circle(screen, (X, Y), R // 2, (0, 0, 0), -1)


def _map_in_map(screen: Pixels) -> None:
    side = R
    inset = _small(screen, side)
    mask = cv2.circle(np.zeros((side, side), np.uint8), (side // 2, side // 2), side // 2 - 1, 1, -1)
    cv2.copyTo(inset, mask, screen[Y - side // 2 : Y - side // 2 + side, X - side // 2 : X - side // 2 + side])


def _black_dot(screen: Pixels) -> None:
    """Dark and round: its outline is thin enough for a stroke, what is inside would stay as a false defect."""
    cv2.circle(screen, (X + R // 3, Y - R // 5), int(0.09 * R), (0, 0, 0), -1, cv2.LINE_AA)


def _rows_of_slices(screen: Pixels) -> None:
    slice_ = _small(screen, 64)
    for row in range(6):
        screen[200 + 100 * row : 264 + 100 * row, 20:84] = slice_


def _small_second_map(screen: Pixels) -> None:
    side = R // 3
    screen[60 : 60 + side, 1500 : 1500 + side] = _small(screen, side)[:, : 1640 - 1500]


@pytest.mark.parametrize(
    ("spoil", "reasons"),
    [
        (_window, {"not-a-map"}),
        (_tooltip, {"not-a-map"}),
        (_bite, {"not-a-map", "no-disc"}),
        (_sector, {"not-a-map", "no-disc"}),
        (_hole, {"not-a-map"}),
        (_map_in_map, {"not-a-map", "overlay"}),
        (_black_dot, {"not-a-map"}),
        (_rows_of_slices, {"several-maps"}),
        (_small_second_map, {"several-maps"}),
    ],
)
def test_a_spoiled_map_is_refused(spoil: Callable[[Pixels], None], reasons: set[str]) -> None:
    screen = render_screen(PHANTOM).copy()
    prepare(screen, PREPARATION)  # good before it was spoiled
    spoil(screen)
    with pytest.raises(InputRefused) as caught:
        prepare(screen, PREPARATION)
    assert caught.value.reason in reasons


@pytest.mark.parametrize("size", [136, 180, 224, 560])
@pytest.mark.parametrize("way", ["pixels", "jpeg"])
def test_a_window_over_a_map_of_any_size_is_refused(size: int, way: str) -> None:
    """Also over a small one, whose edges are softened where it is enlarged."""
    screen = render_screen(PHANTOM).copy()
    cv2.rectangle(screen, (X - R // 2, Y - R // 4), (X + R // 3, Y + R // 5), (90, 90, 90), -1)
    scale = size / (2 * R)
    smaller = cv2.resize(screen, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    preparation = Preparation(size=64, halve_jpeg=True)
    with pytest.raises(InputRefused) as caught:
        prepared_from(smaller if way == "pixels" else jpeg_bytes(smaller), preparation)
    assert caught.value.reason == "not-a-map"


def test_a_colour_bar_that_touches_the_disc_does_not_move_it() -> None:
    screen = render_screen(PHANTOM).copy()
    before = find_disc(screen)
    cv2.rectangle(screen, (X + R - 3, Y - R), (X + R + 36, Y + R), (200, 60, 40), -1)
    after = find_disc(screen)
    assert (after.x, after.y, after.radius) == pytest.approx((before.x, before.y, before.radius), abs=1.0)


def test_a_scar_without_counts_is_no_hole() -> None:
    """Smooth, as the scanner's blur makes it, however large: the worst hearts must not be turned away."""
    # In grey, where less uptake is the same colour, darker.
    screen = render_screen(replace(PHANTOM, palette="grey")).astype(np.float64)
    rows, columns = np.mgrid[0 : screen.shape[0], 0 : screen.shape[1]]
    distance = np.hypot(columns - (X + 0.3 * R), rows - Y) / R
    scar = 1 - np.exp(-((distance / 0.45) ** 4))
    prepare((screen * scar[..., None]).astype(np.uint8), PREPARATION)
