"""A name that shines through: on the colour table, so that no colour tells, and painted over by its sharp borders."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.contract import Preparation
from edgecad.errors import InputRefused
from edgecad.polarmap import prepare

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Screens = Callable[..., Pixels]
Reading = Callable[..., Preparation]
FOUR = [KNOWN_TABLES[name] for name in ("warm", "iron", "rainbow", "grey")]
GREY = KNOWN_TABLES["grey"]
STYLES = {
    "grey-40": (128, 0.4, 5, 0.0),
    "black-60": (0, 0.6, 5, 0.0),
    "white-20": (255, 0.2, 5, 0.0),
    "white-50": (255, 0.5, 5, 0.0),
    "white-soft": (255, 0.6, 5, 2.0),
    "watermark-15": (255, 0.15, 9, 0.0),
}
"""Ink, opacity, width of a stroke and softness, pixels of a disc of 420."""


def covered(shape: tuple[int, ...], width: int, softness: float) -> Floats:
    drawn = np.zeros(shape[:2], np.uint8)
    at = (shape[1] // 2 - 150, shape[0] // 2 + 20)
    cv2.putText(drawn, "NGUYEN AN", at, cv2.FONT_HERSHEY_SIMPLEX, 1.8, 255, width, cv2.LINE_AA)
    share = drawn.astype(np.float32) / 255
    return np.asarray(cv2.GaussianBlur(share, (0, 0), softness) if softness else share)


def named(screen: Pixels, style: str) -> Pixels:
    ink, opacity, width, softness = STYLES[style]
    weight = opacity * covered(screen.shape, width, softness)[..., None]
    return np.asarray(np.rint(screen * (1 - weight) + ink * weight)).astype(np.uint8)


def jpeg(screen: Pixels, quality: int | None) -> Pixels:
    if quality is None:
        return screen
    encoded = cv2.imencode(".jpg", screen[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1])


def of_letters(difference: Floats, screen: Pixels, style: str) -> float:
    """By how much the letters stand out of what is around them, as the best multiple of their own shape."""
    _, _, width, softness = STYLES[style]
    cover = covered(screen.shape, width, softness)[60:-60, 130:-130]
    cover = cv2.resize(cover, difference.shape, interpolation=cv2.INTER_AREA)
    letters, left = (each - cv2.GaussianBlur(each, (0, 0), 4.0) for each in (cover, np.nan_to_num(difference)))
    return float((left * letters).sum() / (letters * letters).sum())


@pytest.mark.parametrize("quality", [90])
@pytest.mark.parametrize("style", STYLES)
def test_letters_on_the_grey_table_are_painted_over(
    style: str, quality: int | None, screen_in: Screens, reading: Reading
) -> None:
    """A mixture of greys is grey; what is left of letters must be a small part of what was drawn."""
    ink, opacity, _, _ = STYLES[style]
    left, drawn = [], []
    for number in (11, 13):
        screen = screen_in(number, GREY)
        bare = prepare(jpeg(screen, quality), reading(GREY)).uptake
        try:
            found = prepare(jpeg(named(screen, style), quality), reading(GREY))
        except InputRefused:
            continue
        assert bare is not None
        assert found.uptake is not None
        assert found.overlay_share > 0.005
        left.append(abs(of_letters(found.uptake - bare, screen, style)))
        drawn.append(float(np.nanmean(opacity * np.abs(ink / 2.55 - bare))))
    assert left
    assert float(np.mean(left)) < 0.2 * float(np.mean(drawn))
    assert max(left) < 0.6


@pytest.mark.parametrize("quality", [None, 75])
@pytest.mark.parametrize("table", FOUR, ids=lambda table: table.name)
def test_bare_maps_are_hardly_painted(
    table: ColourTable, quality: int | None, screen_in: Screens, reading: Reading
) -> None:
    shares = [
        prepare(screen_in(number, table, quality=quality), reading(table)).overlay_share for number in range(0, 6, 2)
    ]
    assert float(np.median(shares)) < 0.002
    assert max(shares) < 0.02
