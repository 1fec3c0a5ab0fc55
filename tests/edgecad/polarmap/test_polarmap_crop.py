"""What of a screen is looked at: a region of it, the polar map on it, or the whole image."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edgecad.contract import Preparation, Region
from edgecad.errors import InputRefused
from edgecad.polarmap import disc_mask, input_mask, prepare

Pixels = np.ndarray
RIGHT_HALF = Region(x=820, y=0, width=820, height=1068, screen_width=1640, screen_height=1068)
WHOLE = Preparation(size=96, crop="none")


def refusal(screen: Pixels, preparation: Preparation) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        prepare(screen, preparation)
    return caught.value


# --- a region of the screen --------------------------------------------------------------------------------


def test_a_region_picks_one_of_two_maps(draw_map: Callable[..., Pixels]) -> None:
    left, right = draw_map(420, 540, 350, 0), draw_map(1220, 540, 350, 1)
    both = np.maximum(left, right)
    assert refusal(both, Preparation(size=64)).reason == "several-maps"
    found = prepare(both, Preparation(size=64, region=RIGHT_HALF))
    alone = prepare(right, Preparation(size=64))
    np.testing.assert_allclose(found.image.astype(int), alone.image, atol=12)
    assert np.abs(found.image.astype(int) - alone.image).mean() < 1
    assert np.abs(found.image.astype(int) - prepare(left, Preparation(size=64)).image).mean() > 10


def test_the_disc_of_a_region_is_told_in_pixels_of_the_screen(draw_map: Callable[..., Pixels]) -> None:
    found = prepare(draw_map(1220, 540, 350), Preparation(size=64, region=RIGHT_HALF)).disc
    assert found is not None
    assert (found.x, found.y, found.radius) == pytest.approx((1220, 540, 350), abs=1.0)


def test_a_region_gives_what_its_pixels_alone_give(draw_map: Callable[..., Pixels]) -> None:
    screen = draw_map(1220, 540, 350)
    region = Region(x=850, y=150, width=760, height=800, screen_width=1640, screen_height=1068)
    for crop in ("polar-map", "none"):
        by_region = prepare(screen, Preparation(size=64, crop=crop, region=region)).image
        by_hand = prepare(screen[150:950, 850:1610], Preparation(size=64, crop=crop)).image
        np.testing.assert_array_equal(by_region, by_hand)


@pytest.mark.parametrize("crop", ["polar-map", "none"])
def test_a_screen_of_another_size_is_refused_with_both_sizes(crop: str, draw_map: Callable[..., Pixels]) -> None:
    smaller = cv2.resize(draw_map(1220), (820, 534), interpolation=cv2.INTER_AREA)
    error = refusal(smaller, Preparation(size=64, crop=crop, region=RIGHT_HALF))
    assert error.reason == "screen-size"
    assert "820x534" in str(error)
    assert "1640x1068" in str(error)


def test_what_is_outside_of_the_region_changes_nothing(draw_map: Callable[..., Pixels]) -> None:
    screen = draw_map(1220)
    preparation = Preparation(size=64, region=RIGHT_HALF)
    written = screen.copy()
    cv2.putText(written, "SOMEBODY'S NAME", (40, 500), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (255, 255, 255), 6)
    np.testing.assert_array_equal(prepare(screen, preparation).image, prepare(written, preparation).image)


# --- the whole image ---------------------------------------------------------------------------------------


def test_a_whole_image_keeps_its_proportions_between_black_bars() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(1, 256, (200, 400, 3)).astype(np.uint8)
    image = prepare(picture, WHOLE).image
    np.testing.assert_array_equal(image[24:72], cv2.resize(picture, (96, 48), interpolation=cv2.INTER_AREA))
    assert not image[:24].any()
    assert not image[72:].any()
    turned = prepare(picture.transpose(1, 0, 2).copy(), WHOLE).image
    assert not turned[:, :24].any()
    assert turned[:, 24:72].any(axis=2).all()


def test_a_square_image_is_the_reduced_image_itself() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (300, 300, 3)).astype(np.uint8)
    prepared = prepare(picture, WHOLE)
    np.testing.assert_array_equal(prepared.image, cv2.resize(picture, (96, 96), interpolation=cv2.INTER_AREA))
    assert prepared.disc is None
    assert prepared.overlay_share == 0


@pytest.mark.parametrize("name", ["photograph", "two maps", "square", "text on white", "noise"])
def test_a_whole_image_may_show_anything(name: str, wrong_screen: Callable[[str], Pixels]) -> None:
    assert refusal(wrong_screen(name), Preparation(size=96)).reason
    image = prepare(wrong_screen(name), WHOLE).image
    assert image.shape == (96, 96, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_a_constant_image_is_refused(level: int) -> None:
    screen = np.full((300, 500, 3), level, np.uint8)
    screen[::7, ::5] ^= 3  # as JPEG leaves it
    error = refusal(screen, WHOLE)
    assert error.reason == "blank"
    assert "flat colour" in str(error)


def test_a_small_bright_thing_on_black_is_no_blank_image() -> None:
    slice_of_a_heart = np.zeros((128, 128, 3), np.uint8)
    cv2.circle(slice_of_a_heart, (64, 64), 6, (90, 90, 90), -1)
    assert prepare(slice_of_a_heart, WHOLE).image.max() > 80


def test_an_image_of_a_few_pixels_is_refused() -> None:
    picture = np.random.default_rng(2).integers(0, 256, (31, 400, 3)).astype(np.uint8)
    assert refusal(picture, WHOLE).reason == "small"
    assert prepare(np.concatenate([picture, picture]), WHOLE).image.any()


def test_the_longest_image_leaves_at_least_one_row() -> None:
    picture = np.random.default_rng(2).integers(0, 256, (32, 16_000, 3)).astype(np.uint8)
    picture[:, :8000] = 0
    assert prepare(picture, WHOLE).image.any(axis=(1, 2)).sum() == 1


def test_where_a_prepared_image_holds_picture_depends_on_the_rule() -> None:
    np.testing.assert_array_equal(input_mask(64, "polar-map"), disc_mask(64, shrink=2.0))
    assert input_mask(64, "none").all()
