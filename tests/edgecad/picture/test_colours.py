"""Two hues that everybody can tell apart, from one another and from the map below them, as they are drawn."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from edgecad.bench.plot import LOOKS
from edgecad.contract import HeatmapScale
from edgecad.picture.cells import CellStyle, draw_cells
from edgecad.picture.colours import BRIGHTEST, DARKEST, LOWERED, OPACITIES, RAISED, STEPS, opacity_of

from .colour_difference import SIGHTS, ciede2000, lab_of

LEAST = 25.0
"""CIEDE2000 wanted of outlined cells."""
LEAST_SIGNED = 15.0
"""And of cells that have a sign, and no outline, against the map's greys; the sign tells them as well."""

# Sharma, Wu, Dalal 2005, table 1: pairs made to find faults in the hue's mean, the rotation and dark colours.
PAIRS = np.array([
    (50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425),
    (50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615),
    (50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412),
    (50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461),
    (50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492),
    (50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
])  # fmt: skip


def test_the_difference_is_that_of_the_published_pairs() -> None:
    for one, other in ((PAIRS[:, :3], PAIRS[:, 3:6]), (PAIRS[:, 3:6], PAIRS[:, :3])):
        np.testing.assert_allclose(ciede2000(one, other), PAIRS[:, 6], atol=5.1e-5)


def test_white_is_white_and_grey_is_grey_to_every_sight() -> None:
    np.testing.assert_allclose(lab_of(np.array([255, 255, 255])), [100, 0, 0], atol=0.01)
    np.testing.assert_allclose(lab_of(np.array([255, 0, 0])), [53.24, 80.09, 67.20], atol=0.02)
    greys = np.repeat(np.arange(256)[:, None], 3, axis=1)
    for sight in SIGHTS:
        assert np.abs(lab_of(greys, sight)[:, 1:]).max() < 0.01


def seen_at(share: float, side: int = 256) -> np.ndarray:
    """Colours `(n, 3)` of cells that reach this share of the full scale, over every grey of a map, as drawn."""
    ramp = np.repeat(np.tile(np.arange(256, dtype=np.uint8), (256, 1))[..., None], 3, axis=2)
    style = CellStyle(HeatmapScale(full_scale=1.0, region_threshold=0.5), "none")
    panel = draw_cells(ramp, np.full((2, 1), share), style, side)
    # Between outline, sign and the line of the cells nothing but the cell's own colour is left.
    row = panel[side // 8, 16:-16]
    assert np.unique(row, axis=0).shape[0] > 1 or abs(share) >= 1
    return row


def greys_of_map() -> np.ndarray:
    drawn = seen_at(0.0)
    assert (drawn == drawn[:, :1]).all()
    return np.repeat(np.arange(DARKEST, BRIGHTEST + 1)[:, None], 3, axis=1)


def least(one: np.ndarray, other: np.ndarray, sight: str) -> float:
    """The smallest difference of any of the ones to any of the others."""
    return float(ciede2000(lab_of(one, sight)[:, None], lab_of(other, sight)[None]).min())


@pytest.mark.parametrize(("sight", "size"), list(product(SIGHTS, (0.5, 0.7, 1.0, 4.0))))
def test_outlined_cells_differ_from_one_another_and_from_the_map_for_everybody(sight: str, size: float) -> None:
    raised, lowered = seen_at(size), seen_at(-size)
    assert least(raised, lowered, sight) >= LEAST
    assert least(raised, greys_of_map(), sight) >= LEAST
    assert least(lowered, greys_of_map(), sight) >= LEAST


@pytest.mark.parametrize("sight", SIGHTS)
def test_cells_that_have_a_sign_alone_can_be_told_as_well(sight: str) -> None:
    raised, lowered = seen_at(0.25), seen_at(-0.25)
    assert least(raised, lowered, sight) >= LEAST
    assert min(least(raised, greys_of_map(), sight), least(lowered, greys_of_map(), sight)) >= LEAST_SIGNED


@pytest.mark.parametrize("threshold", [0.02, 0.2])
def test_a_contract_that_outlines_weak_cells_has_them_in_a_colour_that_is_told_apart(threshold: float) -> None:
    ramp = np.repeat(np.tile(np.arange(256, dtype=np.uint8), (256, 1))[..., None], 3, axis=2)
    style = CellStyle(HeatmapScale(full_scale=1.0, region_threshold=threshold), "none")
    ends = [draw_cells(ramp, np.full((2, 1), sign * threshold), style, 256)[32, 16:-16] for sign in (1, -1)]
    for sight in SIGHTS:
        assert least(ends[0], ends[1], sight) >= LEAST
        assert min(least(end, greys_of_map(), sight) for end in ends) >= LEAST


def test_what_was_drawn_before_would_fail() -> None:
    """Magenta and cyan over a brighter map, half laid on, are nearly one colour to a deuteranope."""
    greys = np.linspace(0, 0.6 * 255, 52)[:, None]
    ends = [greys * 0.575 + np.array(colour) * 0.425 for colour in ((255, 64, 190), (0, 214, 222))]
    assert least(ends[0], ends[1], "deutan") < 10


def test_no_line_of_a_plot_has_a_hue_that_means_an_answer() -> None:
    """Amber and blue have one meaning each: other colours in the sources of plots and pages lie far from both."""
    root = Path(__file__).resolve().parents[3]
    files = [*(root / "edgecad").rglob("*.py"), *(root / "train").rglob("*.py"), *(root / "train").rglob("*.css")]
    found = {code for file in files for code in re.findall(r"#([0-9a-f]{6})\b", file.read_text("utf-8"))}
    assert len(found) > 10
    for code in sorted(found):
        colour = lab_of(np.array([int(code[at : at + 2], 16) for at in (0, 2, 4)]))
        for hue in (RAISED, LOWERED) if np.hypot(*colour[1:]) > 12 else ():  # greys have no hue
            assert float(ciede2000(colour, lab_of(np.array(hue)))) > 20, code


def test_lines_of_a_plot_are_told_apart_without_their_colours() -> None:
    markers, dashes = ([str(look[part]) for look in LOOKS] for part in (1, 2))
    assert len(set(markers)) == len(set(dashes)) == len(LOOKS)


def test_opacity_rises_in_few_steps_and_is_the_same_up_and_down() -> None:
    shares = np.linspace(0, 1.5, 3001)
    found = opacity_of(shares)
    np.testing.assert_array_equal(found, opacity_of(-shares))
    assert sorted(set(found.tolist())) == list(OPACITIES)
    for step, low, high in zip(STEPS, OPACITIES[:-1], OPACITIES[1:], strict=True):
        assert opacity_of(np.array([np.nextafter(step, 0), step])).tolist() == [low, high]
