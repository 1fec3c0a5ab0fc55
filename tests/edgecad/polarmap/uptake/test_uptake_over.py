"""What lies over a map: thin things are painted over and told, wide ones are refused; and what is no map's uptake."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import msgspec
import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.contract import Preparation
from edgecad.errors import InputRefused
from edgecad.images import read_screen
from edgecad.polarmap import prepare
from edgecad.polarmap.uptake.steps import steps_of

Pixels = NDArray[np.uint8]
Screens = Callable[..., Pixels]
Truth = Callable[[int], NDArray[np.float32]]
Reading = Callable[..., Preparation]
FOUR = [KNOWN_TABLES[name] for name in ("warm", "iron", "rainbow", "grey")]
Table = pytest.mark.parametrize("table", FOUR, ids=lambda table: table.name)
INKS = {"white": (255, 255, 255), "black": (0, 0, 0), "green": (0, 255, 0)}


def middle(screen: Pixels) -> tuple[int, int]:
    return screen.shape[1] // 2, screen.shape[0] // 2


@Table
@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize("width", [1, 2])
def test_thin_lines_are_painted_over_and_told(
    ink: str, width: int, table: object, screen_in: Screens, true_uptake: Truth, reading: Reading
) -> None:
    screen = screen_in(11, table)
    x, y = middle(screen)
    for radius in (60, 130):
        cv2.circle(screen, (x, y), radius, INKS[ink], width, cv2.LINE_AA)
    for turn in range(0, 360, 60):
        end = (round(x + 208 * np.cos(np.radians(turn))), round(y + 208 * np.sin(np.radians(turn))))
        cv2.line(screen, (x, y), end, INKS[ink], width, cv2.LINE_AA)
    found = prepare(screen, reading(table))
    assert found.uptake is not None
    truth = cv2.resize(true_uptake(11), found.uptake.shape)
    off = np.abs(found.uptake - truth)
    assert float(np.nanmean(off)) < 0.7
    # A line that ends at the rim lends nothing of its own to what is painted there.
    assert float(np.nanmax(off)) < 8
    assert found.overlay_share > 0.02
    # A record is JSON, which knows no number of numpy's.
    assert msgspec.json.decode(msgspec.json.encode(found.overlay_share)) == found.overlay_share


@pytest.mark.parametrize("diameter", [220, 240, 280])
@pytest.mark.parametrize("unit", ["%", " %", ".0"])
@pytest.mark.parametrize("table", FOUR[:3], ids=lambda table: table.name)
def test_values_with_a_unit_on_a_small_disc_are_painted_over(
    unit: str, diameter: int, table: object, screen_in: Screens, true_uptake: Truth, reading: Reading
) -> None:
    screen = screen_in(11, table, diameter=diameter)
    x, y = middle(screen)
    for radius, number in ((0.0, 1), (0.37, 4), (0.62, 6), (0.87, 6)):
        for turn in np.radians(np.arange(number) * 360 / number):
            way = radius * diameter / 2
            place = (int(x - 18 + way * np.cos(turn)), int(y + 5 + way * np.sin(turn)))
            cv2.putText(screen, f"78{unit}", place, cv2.FONT_HERSHEY_SIMPLEX, 0.46, (235, 235, 235), 1, cv2.LINE_AA)
    found = prepare(
        read_screen(simplejpeg.encode_jpeg(screen, quality=72, colorsubsampling="420")).pixels, reading(table)
    )
    assert found.uptake is not None
    truth = cv2.resize(true_uptake(11), found.uptake.shape)
    assert float(np.nanmean(np.abs(found.uptake - truth))) < 0.9


def half_transparent(screen: Pixels) -> Pixels:
    x, y = middle(screen)
    part = screen[y - 70 : y + 70, x - 40 : x + 130].astype(np.float32)
    screen[y - 70 : y + 70, x - 40 : x + 130] = (0.5 * part + 0.5 * 230).astype(np.uint8)
    return screen


def watermark(screen: Pixels) -> Pixels:
    x, y = middle(screen)
    mask = np.zeros(screen.shape[:2], np.uint8)
    cv2.putText(mask, "COPY", (x - 160, y + 60), cv2.FONT_HERSHEY_SIMPLEX, 4.5, 255, 30, cv2.LINE_AA)
    weight = 0.25 * mask[..., None].astype(np.float32) / 255
    return np.asarray(screen * (1 - weight) + 255 * weight, np.uint8)


def shadow(screen: Pixels) -> Pixels:
    y, x = np.mgrid[: screen.shape[0], : screen.shape[1]]
    centre = middle(screen)
    darker = 1 - 0.6 * np.exp(-((x - centre[0] - 60) ** 2 + (y - centre[1]) ** 2) / (2 * 60**2))
    return np.asarray(screen * darker[..., None], np.uint8)


@pytest.mark.parametrize("lie_over", [half_transparent, watermark, shadow])
@pytest.mark.parametrize("table", FOUR[:3], ids=lambda table: table.name)
def test_something_wide_over_a_map_is_refused_unless_it_changes_nothing(
    lie_over: Callable[[Pixels], Pixels], table: object, screen_in: Screens, true_uptake: Truth, reading: Reading
) -> None:
    """White that shines through a bright map lies on the table's white end, and moves its levels by little."""
    refused = []
    for number in (12, 13, 14):
        try:
            found = prepare(lie_over(screen_in(number, table)), reading(table))
        except InputRefused as error:
            refused.append(error.reason)
            continue
        assert found.uptake is not None
        truth = cv2.resize(true_uptake(number), found.uptake.shape)
        assert float(np.nanmean(np.abs(found.uptake - truth))) < 0.5
    assert len(refused) >= 2
    assert set(refused) <= {"overlay", "table-unknown", "not-a-map"}


@pytest.mark.parametrize("number", [12, 13, 14])
def test_a_window_that_shines_through_on_grey_is_found_by_its_edges(
    number: int, screen_in: Screens, reading: Reading
) -> None:
    """A mixture of greys is grey: no colour tells."""
    with pytest.raises(InputRefused, match=r"straight edge|steep edges") as refused:
        prepare(half_transparent(screen_in(number, KNOWN_TABLES["grey"], quality=90)), reading(KNOWN_TABLES["grey"]))
    assert refused.value.reason in ("overlay", "not-a-map")


@Table
def test_a_display_window_that_cuts_off_the_top_is_refused(
    table: object, screen_in: Screens, true_uptake: Truth, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = screen_in(15, _Brighter(table))
    with pytest.raises(InputRefused, match=r"top of the colour table|steep") as refused:
        prepare(screen, reading(table))
    assert refused.value.reason == "not-a-map"


class _Brighter:
    """A table behind a display window of 0 to 74 %."""

    def __init__(self, table: object) -> None:
        self.table = table

    def colours_at(self, percent: NDArray[np.floating]) -> NDArray[np.float64]:
        return self.table.colours_at(np.asarray(percent) * 1.35)  # type: ignore[attr-defined, no-any-return]


@Table
@pytest.mark.parametrize("steps", [11, 12, 16, 20, 24, 32])
def test_steps_are_counted_and_uptake_smoothed(
    steps: int, table: object, screen_in: Screens, true_uptake: Truth, reading: Reading
) -> None:
    found = prepare(screen_in(16, table.in_steps(steps), quality=90), reading(table))  # type: ignore[attr-defined]
    assert found.reading is not None
    assert found.uptake is not None
    assert found.reading.steps == steps
    truth = cv2.resize(true_uptake(16), found.uptake.shape)
    assert float(np.nanmean(np.abs(found.uptake - truth))) < 20 / steps


@Table
@pytest.mark.parametrize("steps", [8, 10])
def test_few_steps_are_refused_unless_the_model_was_trained_on_them(
    steps: int, table: object, screen_in: Screens, reading: Reading
) -> None:
    stepped = table.in_steps(steps)  # type: ignore[attr-defined]
    screen = screen_in(17, stepped)
    with pytest.raises(InputRefused, match=f"in {steps} steps") as refused:
        prepare(screen, reading(table))
    assert refused.value.reason == "steps"
    found = prepare(screen, reading(stepped))
    assert found.reading is not None
    assert found.reading.steps == steps


def test_levels_of_a_narrow_hill_are_no_steps() -> None:
    draw = np.random.default_rng(2)
    for spread in (1.0, 3.0, 10.0, 25.0):
        levels = np.clip(draw.normal(80, spread, 40_000), 0, 100).astype(np.float32)
        assert steps_of(levels) is None
