"""A bar in a rectangle that a person named, a picture that is a bar, and rectangles that are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from measures.bars.drawing import BarDrawing, BarShape, coloured, draw_bar
from measures.bars.measuring import level_error
from measures.bars.tables import table_of

from edgecad.errors import UsageError
from edgecad.polarmap.bar import BarPlace, find_strip, read_rectangle, table_from_rectangle

SHAPE = BarShape("right", 300, 30, 40, None, 1, 2, "bottom")


@pytest.fixture(scope="module")
def drawn() -> BarDrawing:
    return draw_bar(np.random.default_rng(5), table_of("inferno"), SHAPE, quality=90, ground=(0, 0, 0))


@pytest.mark.parametrize("spare", [-4, 0, 3])
def test_a_rectangle_may_be_drawn_by_hand(drawn: BarDrawing, spare: int) -> None:
    x, y, width, height = drawn.rectangle
    table = table_from_rectangle(
        drawn.screen, x - spare, y - max(spare, 0), width + 2 * spare, height + 2 * max(spare, 0), disc=drawn.disc
    )
    assert level_error(table, table_of("inferno"), drawn.uptake) < 0.7


def test_low_end_that_was_named_is_believed(drawn: BarDrawing) -> None:
    told, round_ = (table_from_rectangle(drawn.screen, *drawn.rectangle, low) for low in ("bottom", "top"))
    assert told.points[0][1:] == round_.points[-1][1:]
    assert sum(told.points[0][1:]) < sum(told.points[-1][1:])
    with pytest.raises(UsageError, match="ends at top and bottom, not left"):
        table_from_rectangle(drawn.screen, *drawn.rectangle, "left")


def test_without_a_map_rainbows_have_to_be_asked_about() -> None:
    jet = draw_bar(np.random.default_rng(6), table_of("jet"), replace(SHAPE, numbers=0))
    with pytest.raises(UsageError, match="--low top or --low bottom"):
        table_from_rectangle(jet.screen, *jet.rectangle)


def test_a_step_of_the_grounds_own_colour_counts_where_the_rectangle_has_it() -> None:
    pet = draw_bar(np.random.default_rng(7), table_of("pet-20-step"), SHAPE, ground=(0, 0, 0))
    table = table_from_rectangle(pet.screen, *pet.rectangle, disc=pet.disc)
    assert table.steps == 20
    assert table.points[0][1:] == (0, 0, 0)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("text", "is no colour bar"), ("flat", "colours that differ"), ("map", "lies on the map"),
        ("outside", "does not lie on the screen"), ("small", "too small"), ("noise", "is no colour bar"),
    ],
)  # fmt: skip
def test_rectangles_that_are_no_bar(drawn: BarDrawing, what: str, words: str) -> None:
    screen, disc = drawn.screen.copy(), drawn.disc
    height, width = screen.shape[:2]
    screen[height - 60 : height - 20, 20:220] = np.random.default_rng(0).integers(0, 255, (40, 200, 3))
    places = {
        "text": BarPlace(20, 18, 150, 20, False),
        "flat": BarPlace(20, 100, 20, 200, True),
        "map": BarPlace(int(disc.x) - 10, int(disc.y) - 100, 20, 200, True),
        "outside": BarPlace(width - 10, 100, 20, 200, True),
        "small": BarPlace(20, 100, 3, 10, True),
        "noise": BarPlace(20, height - 60, 200, 40, False),
    }
    with pytest.raises(UsageError, match=words):
        read_rectangle(screen, places[what], disc)


def test_another_tables_bar_is_refused_beside_a_map(drawn: BarDrawing) -> None:
    screen = drawn.screen.copy()
    screen[300:500, 10:40] = coloured(table_of("viridis"), np.linspace(100, 0, 200))[:, None]
    with pytest.raises(UsageError, match="not drawn in the colours at 10,300,30,200"):
        read_rectangle(screen, BarPlace(10, 300, 30, 200, True), drawn.disc)


@pytest.mark.parametrize("shape", [(256, 1), (256, 20), (20, 256), (1, 256), (300, 150)])
def test_a_picture_that_is_nothing_but_a_bar(shape: tuple[int, int]) -> None:
    height, width = shape
    upright = height >= width
    levels = np.linspace(100, 0, height) if upright else np.linspace(0, 100, width)
    line = coloured(table_of("hot"), levels)
    picture = np.ascontiguousarray(np.broadcast_to(line[:, None] if upright else line[None], (height, width, 3)))
    found = find_strip(picture)
    assert found is not None
    assert found.low == ("bottom" if upright else "left")
    table = found.table("read", found.low)
    percent = np.linspace(0, 100, 101)
    assert np.abs(table.colours_at(percent) - table_of("hot").colours_at(percent)).max() < 6


def test_a_strip_with_ground_around_it_and_none_on_an_empty_picture() -> None:
    picture = np.zeros((300, 120, 3), np.uint8)
    assert find_strip(picture) is None
    picture[20:276, 40:80] = coloured(table_of("hot"), np.linspace(100, 0, 256))[:, None]
    found = find_strip(picture)
    assert found is not None
    assert (found.place.x, found.place.y, found.place.width) == (40, 20, 40)
    assert found.place.height == pytest.approx(256, abs=3)
