"""Tables of plain text: columns stand under one another, whatever is in them."""

from __future__ import annotations

import pytest

from edgecad.cli.table import table_lines


def test_columns_are_as_wide_as_their_longest_cell() -> None:
    rows = [("a long name", "1.5", "x"), ("b", "12345.5", "")]
    assert list(table_lines(("name", "value", "what"), rows, "lrl")) == [
        "  name           value  what",
        "  a long name      1.5  x",
        "  b            12345.5",
    ]


def test_a_remark_runs_on_and_widens_nothing() -> None:
    rows = [("one", "1", "2"), ("two", "nothing to say here, at length")]
    assert list(table_lines(("", "a", "b"), rows, "lrr")) == [
        "       a  b",
        "  one  1  2",
        "  two  nothing to say here, at length",
    ]


def test_titles_of_several_lines_stand_on_the_last_one() -> None:
    assert list(table_lines(("name", "largest\nvalue"), [("a", "1")], "lr")) == [
        "        largest",
        "  name    value",
        "  a           1",
    ]


def test_without_titles_there_is_no_line_of_them() -> None:
    assert list(table_lines((), [("a", "1"), ("bb", "22")], "lr")) == ["  a    1", "  bb  22"]
    assert list(table_lines((), [], "lr")) == []
    assert list(table_lines(("a", "b"), [], "lr")) == ["  a  b"]


def test_a_row_with_too_many_cells_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="more cells than the 2 columns"):
        list(table_lines((), [("a", "b", "c")], "ll"))
