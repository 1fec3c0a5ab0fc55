"""What people are told and shown of what a network sees."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad.contract import Drawing, Preparation
from edgecad.polarmap import disc_mask
from edgecad_train.data.input.seen import black_around, seen_words, shown_images

COLOURS = Preparation(size=64)
WHOLE = Preparation(size=64, crop="none")
MIRRORED = Preparation(size=64, input="uptake", drawing=Drawing(table="warm", beyond="mirrored"))
BLACK = Preparation(size=64, input="uptake", drawing=Drawing(table="linear-grey", beyond="black"))


def test_words_name_the_drawing() -> None:
    assert [seen_words(how) for how in (COLOURS, WHOLE, MIRRORED, BLACK)] == [
        "colours as on the screen",
        "the whole image",
        "uptake, drawn in warm",
        "uptake, drawn in linear-grey",
    ]


def test_a_disc_lies_on_black_unless_it_is_mirrored_or_there_is_none() -> None:
    assert [black_around(how) for how in (COLOURS, WHOLE, MIRRORED, BLACK)] == [True, False, False, True]


@pytest.mark.parametrize("shape", [(64, 64, 3), (2, 64, 64, 3)])
def test_people_are_not_shown_a_mirror_image(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(1, 256, shape).astype(np.uint8)
    shown = shown_images(images, MIRRORED)
    assert shown.dtype == np.uint8
    assert not shown[..., ~disc_mask(64), :].any()
    within = disc_mask(64, shrink=3.0)
    assert np.array_equal(shown[..., within, :], images[..., within, :])
    for how in (COLOURS, WHOLE, BLACK):
        assert shown_images(images, how) is images
