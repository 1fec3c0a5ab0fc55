"""Several maps on a screen: which one is meant, and how they are counted."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad.contract import MapPlace
from edgecad.errors import InputRefused, UsageError
from edgecad.polarmap import Disc, find_disc
from edgecad.polarmap.search.place import in_order, parse_map_place

from .hospital import Look, drawn, replace


@pytest.mark.parametrize(
    ("words", "number", "count"), [("1/1", 1, 1), ("2/3", 2, 3), ("16/16", 16, 16), (" 2 / 3", 2, 3)]
)
def test_a_place_is_read(words: str, number: int, count: int) -> None:
    place = parse_map_place(words)
    assert (place.number, place.count) == (number, count)
    assert parse_map_place(str(place)) == place


@pytest.mark.parametrize(
    "words", ["4/3", "0/2", "0/0", "a/b", "1", "1/", "/2", "1/2/3", "-1/2", "1.0/2", "1/17", "", "١/٢"]
)
def test_what_is_no_place_is_a_usage_error_of_one_line(words: str) -> None:
    with pytest.raises(UsageError, match="wanted") as caught:
        parse_map_place(words)
    assert "\n" not in str(caught.value)
    assert repr(words) in str(caught.value)


def screens(maps: int) -> list[Look]:
    base = Look(width=560 * maps + 80, height=900, diameter=360, maps=maps, quality=85)
    return [
        base,
        replace(base, ground=(128, 128, 128), lowered=4, shrinks=0.97),
        replace(base, ground=(0, 0, 0), desktop=(212, 208, 200), frame=2, title=True, text=True),
        replace(base, ground=(255, 255, 255), bar="apart", outline=(128, 128, 128), lines=(0, 0, 0), room=0.5),
        replace(base, ground=(10, 30, 90), slices=4),
    ]


@pytest.mark.parametrize("maps", [1, 2, 3])
@pytest.mark.parametrize("which", range(5))
def test_each_map_is_found_at_its_place(maps: int, which: int) -> None:
    screen, truth = drawn(screens(maps)[which])
    for number, wanted in enumerate(truth, start=1):
        found = find_disc(screen, place=MapPlace(number=number, count=maps))
        assert np.hypot(found.x - wanted.x, found.y - wanted.y) < 1.5
        assert abs(found.radius - wanted.radius) < 0.01 * wanted.radius


@pytest.mark.parametrize(("maps", "count"), [(1, 2), (2, 1), (2, 3), (3, 2)])
def test_another_number_of_maps_is_refused_with_both_numbers(maps: int, count: int) -> None:
    screen, _ = drawn(screens(maps)[0])
    with pytest.raises(InputRefused, match=f"{maps} map.*{count} wanted") as caught:
        find_disc(screen, place=MapPlace(number=1, count=count))
    assert caught.value.reason == "no-such-map"


@pytest.mark.parametrize("maps", [2, 3])
def test_several_maps_without_a_place_are_refused_with_the_next_step(maps: int) -> None:
    for look in screens(maps):
        with pytest.raises(InputRefused, match=f"--map 1/{maps}") as caught:
            find_disc(drawn(look)[0])
        assert caught.value.reason == "several-maps"


def test_rows_are_told_apart_where_maps_stand_a_little_lower() -> None:
    discs = [Disc(x, y, 100 + x % 3) for y in (300, 600) for x in (150, 420, 700)]
    shaken = [replace(disc, y=disc.y + 18 * (number % 2)) for number, disc in enumerate(discs)]
    assert in_order(shaken[::-1], lambda disc: disc) == shaken


def test_a_screen_without_a_map_has_none_at_any_place() -> None:
    even = np.full((600, 800, 3), 90, np.uint8)
    written_on = even.copy()
    written_on[300:310, 200:600] = 255
    for screen, reason in ((even, "blank"), (written_on, "no-disc")):
        with pytest.raises(InputRefused) as caught:
            find_disc(screen, place=MapPlace(number=1, count=2))
        assert caught.value.reason == reason
