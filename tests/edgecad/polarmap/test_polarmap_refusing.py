"""What is not exactly one polar map is refused, with a reason and a sentence."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edgecad.contract import Preparation
from edgecad.errors import InputRefused
from edgecad.polarmap import disc_mask, prepare
from edgecad_train.phantoms import PhantomPatient, draw_patient, render_screen, with_text_over_disc

Pixels = np.ndarray
Draw = Callable[..., Pixels]
PREPARATION = Preparation(size=64)
REASONS = {
    "black": {"blank"},
    "white": {"blank"},
    "noise": {"no-disc"},
    "dark noise": {"blank", "no-disc"},
    "text on white": {"no-disc"},
    "text on black": {"no-disc", "several-maps"},
    "two maps": {"several-maps"},
    "two maps of unequal size": {"several-maps"},
    "touching maps": {"several-maps", "cut-off", "no-disc"},
    "a small map touching a large one": {"several-maps"},
    "cut by the screen's edge": {"cut-off"},
    "cut a little by the screen's edge": {"cut-off"},
    "cut by a line": {"cut-off", "no-disc"},
    "cut by a slanting line": {"cut-off", "no-disc"},
    "cut by a small chord": {"cut-off"},
    "cut by a small slanting chord": {"cut-off"},
    "half a map": {"cut-off", "no-disc"},
    "ellipse": {"no-disc"},
    "nearly round ellipse": {"no-disc"},
    "square": {"no-disc"},
    "colour wheel": {"not-a-map"},
    "colour wheel from white": {"not-a-map"},
    "photograph": {"not-a-map", "overlay"},
    "grey texture": {"not-a-map", "overlay"},
    "flat": {"not-a-map"},
    "flat grey": {"not-a-map"},
    "too small": {"small"},
}


@pytest.mark.parametrize("name", REASONS)
def test_a_screen_without_exactly_one_map_is_refused(wrong_screen: Callable[[str], Pixels], name: str) -> None:
    with pytest.raises(InputRefused) as caught:
        prepare(wrong_screen(name), PREPARATION)
    assert caught.value.reason in REASONS[name]
    # What was seen; what is wanted.
    assert "wanted" in str(caught.value)


@pytest.mark.parametrize("radius", range(4, 17, 2))
@pytest.mark.parametrize("side", [300, 768])
def test_a_round_spot_is_refused_and_nothing_breaks(radius: int, side: int) -> None:
    """A lone icon on a dark screen: too few pixels for a rim."""
    screen = np.zeros((side, side, 3), np.uint8)
    cv2.circle(screen, (side // 2, side // 2), radius, (200, 120, 60), -1)
    with pytest.raises(InputRefused) as caught:
        prepare(screen, PREPARATION)
    assert caught.value.reason in {"no-disc", "small", "blank"}


def test_a_screen_is_refused_for_what_is_wrong_on_it_and_not_for_what_is_right(draw_map: Draw) -> None:
    """The map that all wrong screens are made of is itself accepted."""
    prepare(draw_map(), PREPARATION)


@pytest.mark.parametrize("depth", [12, 20, 40, 100])
@pytest.mark.parametrize("angle", [0, 30, 90, 200, 315])
def test_a_map_cut_by_a_straight_line_is_refused(draw_map: Draw, angle: int, depth: int) -> None:
    rows, columns = np.mgrid[0:1068, 0:1640]
    direction = np.radians(angle)
    along = (columns - 800) * np.cos(direction) - (rows - 540) * np.sin(direction)
    screen = draw_map() * (along <= 350 - depth)[..., None].astype(np.uint8)
    with pytest.raises(InputRefused) as caught:
        prepare(screen, PREPARATION)
    assert caught.value.reason in {"cut-off", "no-disc"}


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize("lost", [8, 30, 150])
def test_a_map_cut_by_the_screens_edge_is_refused(draw_map: Draw, side: str, lost: int) -> None:
    screen = draw_map()
    whole = {"left": 450, "right": 1151, "top": 190, "bottom": 891}[side]
    kept = {
        "left": screen[:, whole + lost :],
        "right": screen[:, : whole - lost],
        "top": screen[whole + lost :],
        "bottom": screen[: whole - lost],
    }[side]
    with pytest.raises(InputRefused) as caught:
        prepare(np.ascontiguousarray(kept), PREPARATION)
    assert caught.value.reason in {"cut-off", "no-disc"}


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (3, 3), (20, 20), (127, 127)])
def test_tiny_and_narrow_screens_are_refused_and_do_not_crash(size: tuple[int, int]) -> None:
    for level in (0, 30, 255):
        with pytest.raises(InputRefused):
            prepare(np.full((*size, 3), level, np.uint8), PREPARATION)


@pytest.mark.parametrize("seed", range(12))
def test_scribbles_are_refused(seed: int) -> None:
    """Random polygons, lines and rectangles on black: none of them is a map."""
    rng = np.random.default_rng(seed)
    screen = np.zeros((600, 800, 3), np.uint8)
    for _ in range(6):
        corners = rng.integers(0, 600, (5, 2)).astype(np.int32)
        cv2.fillPoly(screen, [corners], [int(level) for level in rng.integers(30, 256, 3)])
    with pytest.raises(InputRefused):
        prepare(screen, PREPARATION)


def square_around_disc(screen: Pixels, patient: PhantomPatient) -> Pixels:
    layout = patient.layout
    half = layout.diameter // 2
    x, y = layout.centre_x, layout.centre_y
    return screen[y - half : y + half + 1, x - half : x + half + 1]


# --- text over the disc ------------------------------------------------------------------------------------


def test_text_drawn_over_the_disc_is_painted_over_and_its_share_reported() -> None:
    patient = draw_patient(2022, 4)
    clean = prepare(render_screen(patient), PREPARATION)
    cleaned = prepare(render_screen(with_text_over_disc(patient)), PREPARATION)
    assert clean.overlay_share < 0.001
    assert 0.002 < cleaned.overlay_share < PREPARATION.max_overlay_share
    difference = np.abs(cleaned.image.astype(int) - clean.image).max(axis=2)
    assert difference.mean() < 1.0
    assert np.quantile(difference, 0.99) < 30


def test_painting_over_text_brings_back_the_map_beneath_it() -> None:
    # OpenCV 4 draws thinner letters than 5: these are seen with both.
    patient = draw_patient(2022, 5)
    screen, written = render_screen(patient), render_screen(with_text_over_disc(patient))
    wanted = prepare(screen, Preparation(size=256)).image.astype(int)
    treated = prepare(written, Preparation(size=256)).image.astype(int)
    inside = disc_mask(256, shrink=4)
    untreated = cv2.resize(square_around_disc(written, patient), (256, 256), interpolation=cv2.INTER_AREA)
    spoiled = inside & (np.abs(untreated - wanted).max(axis=2) > 40)
    assert spoiled.mean() > 0.002, "the text must be seen for this test to say anything"
    assert np.abs(treated - wanted)[spoiled].mean() < 0.2 * np.abs(untreated - wanted)[spoiled].mean()


def test_too_much_text_over_the_disc_is_refused(draw_map: Draw) -> None:
    screen = draw_map()
    for y in range(300, 820, 40):
        cv2.putText(screen, "SEGMENT 17 OF 17", (520, y), cv2.FONT_HERSHEY_DUPLEX, 1.1, (255,) * 3, 2)
    with pytest.raises(InputRefused, match=r"cover \d") as caught:
        prepare(screen, PREPARATION)
    assert caught.value.reason == "overlay"


def test_the_contract_decides_how_much_overlay_is_too_much() -> None:
    written = render_screen(with_text_over_disc(draw_patient(2022, 4)))
    share = prepare(written, PREPARATION).overlay_share
    with pytest.raises(InputRefused) as caught:
        prepare(written, Preparation(size=64, max_overlay_share=share / 2))
    assert caught.value.reason == "overlay"
