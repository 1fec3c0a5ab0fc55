"""Several maps on a screen: which one is meant, and how they are counted."""

from __future__ import annotations

import pytest

from edgecad.errors import UsageError
from edgecad.polarmap.search.place import parse_map_place


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
