"""Colour bars of many tables, places and shapes are found beside a map and read; nothing else is taken for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from measures.bars.drawing import BarShape, draw_bar, draw_shape
from measures.bars.measuring import level_error
from measures.bars.tables import all_tables, table_of
from measures.bars.without import KINDS, draw_without

from edgecad.errors import InputRefused
from edgecad.polarmap.bar import bar_table, find_bar

TABLES = all_tables()
QUALITIES = (None, 95, 85, 75)
UPRIGHT = BarShape("right", 300, 24, 30, None, 1, 0, "bottom")


@pytest.mark.parametrize("number", range(len(TABLES)))
def test_bar_of_each_table_is_read(number: int) -> None:
    table = TABLES[number]
    drawn = draw_bar(np.random.default_rng(700 + number), table, quality=QUALITIES[number % 4])
    found = find_bar(drawn.screen, drawn.disc)
    assert found is not None, drawn.shape
    assert found.low == drawn.shape.low, found.low_words
    read = found.table("read", found.low)
    assert read.kind == table.kind
    assert level_error(read, table, drawn.uptake) < (1.0 if table.steps == read.steps else 100 / len(table.points))
    assert len(read.points) <= 48


@pytest.mark.parametrize("steps", [10, 16, 20, 32])
@pytest.mark.parametrize("quality", [None, 85])
def test_steps_are_counted(steps: int, quality: int | None) -> None:
    table = table_of("hot-metal-blue").in_steps(steps)
    shape = replace(UPRIGHT, length=320, frame=(120, 120, 120))
    drawn = draw_bar(np.random.default_rng(steps), table, shape, quality=quality)
    read = bar_table(drawn.screen, drawn.disc)
    assert read is not None
    assert read.steps == steps
    off = np.abs(np.array(read.points)[:, 1:] - np.array(table.points)[:, 1:])
    assert off.max() <= (1 if quality is None else 12)


def test_a_bar_of_256_colours_on_more_rows_is_no_stepped_one() -> None:
    drawn = draw_bar(np.random.default_rng(3), table_of("grey"), replace(UPRIGHT, length=520))
    found = find_bar(drawn.screen, drawn.disc)
    assert found is not None
    assert found.steps is None


@pytest.mark.parametrize("number", range(2 * len(KINDS)))
def test_what_only_resembles_a_bar_is_none(number: int) -> None:
    table = TABLES[5 * number % len(TABLES)]
    bare = draw_without(np.random.default_rng(900 + number), table, number, quality=QUALITIES[number % 4])
    assert find_bar(bare.screen, bare.disc) is None, bare.kind


def test_a_bar_in_whose_colours_the_map_is_not_drawn_is_none() -> None:
    drawn = draw_bar(np.random.default_rng(1), table_of("viridis"), UPRIGHT)
    other = draw_bar(np.random.default_rng(1), table_of("hot"), UPRIGHT)
    x, y, width, height = drawn.rectangle
    drawn.screen[y : y + height, x : x + width] = other.screen[y : y + height, x : x + width]
    assert bar_table(drawn.screen, drawn.disc) is None


@pytest.mark.parametrize("name", ["grey", "inverted-grey", "viridis", "jet"])
def test_low_end_is_told_by_numbers_and_map(name: str) -> None:
    for low in ("bottom", "top"):
        shape = replace(UPRIGHT, numbers=2, low=low)
        drawn = draw_bar(np.random.default_rng(11), table_of(name), shape)
        found = find_bar(drawn.screen, drawn.disc)
        assert found is not None
        assert (found.numbers, found.low) == ("last" if low == "bottom" else "first", low)


@pytest.mark.parametrize("name", ["grey", "jet"])
def test_low_end_on_top_without_numbers_is_asked_for(name: str) -> None:
    drawn = draw_bar(np.random.default_rng(12), table_of(name), replace(UPRIGHT, low="top"))
    with pytest.raises(InputRefused, match="--low top or bottom") as refused:
        bar_table(drawn.screen, drawn.disc)
    assert refused.value.reason == "table-ambiguous"
    assert "by its position bottom, by the map top" in str(refused.value)


def test_a_dark_end_on_a_dark_ground_is_followed() -> None:
    for name in ("hot", "iron", "warm", "inferno"):
        for frame in (None, (120, 120, 120)):
            drawn = draw_bar(np.random.default_rng(21), table_of(name), replace(UPRIGHT, frame=frame), ground=(0, 0, 0))
            found = find_bar(drawn.screen, drawn.disc)
            assert found is not None
            _, y, _, height = drawn.rectangle
            assert abs(found.place.y - y) <= 1
            assert abs(found.place.y + found.place.height - y - height) <= 0.015 * height


def test_a_table_that_passes_through_the_grounds_colour_is_read_to_its_ends() -> None:
    for level in (40, 96, 200):
        drawn = draw_bar(np.random.default_rng(22), table_of("grey"), UPRIGHT, ground=(level,) * 3)
        found = find_bar(drawn.screen, drawn.disc)
        assert found is not None
        assert found.place.height == pytest.approx(drawn.rectangle[3], abs=4)


def test_of_bars_of_all_shapes_the_place_is_exact() -> None:
    off = []
    for number in range(12):
        rng = np.random.default_rng(60 + number)
        shape = replace(draw_shape(rng, 300), frame=(255, 255, 255))
        drawn = draw_bar(rng, table_of("turbo"), shape)
        found = find_bar(drawn.screen, drawn.disc)
        assert found is not None
        place = found.place
        told = (place.x, place.y, place.width, place.height)
        off.append(max(abs(one - other) for one, other in zip(told, drawn.rectangle, strict=True)))
    assert max(off) <= 2
