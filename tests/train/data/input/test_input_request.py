"""The words of --crop, --input, --table and --map, and what of them the contract will hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, MapPlace, Preparation
from edgecad.errors import UsageError
from edgecad.frozen import json_from_struct
from edgecad_train.data import Case, parse_input, preparation_for
from edgecad_train.options import InputOptions

NOWHERE = [Case(Path("nowhere.jpg"), "CAD", "a")]


def asked(*words: str, **named: Any) -> Preparation:
    return preparation_for(parse_input(InputOptions(*words, **named)), 224, NOWHERE)  # type: ignore[arg-type]


def written(folder: Path, name: str, **other: Any) -> str:
    """A table's file: grey of another gamma, called `site`."""
    points = ((0, 0, 0, 0), (50, 100, 100, 100), (100, 255, 255, 255))
    table = msgspec.structs.replace(known_table("grey"), **{"name": "site", "points": points, **other})
    (folder / name).write_text(json_from_struct(table))
    return str(folder / name)


def test_uptake_is_what_a_network_sees_unless_colours_are_asked_for() -> None:
    assert asked() == Preparation(size=224, input="uptake", drawing=Drawing(), halve_jpeg=True)
    assert asked(input="rgb") == Preparation(size=224, halve_jpeg=True)


def test_a_whole_image_is_seen_in_its_colours() -> None:
    assert parse_input(InputOptions("none")) == parse_input(InputOptions("none", "rgb"))
    assert asked("none") == Preparation(size=224, crop="none")


def test_tables_are_named_by_a_name_or_a_file_each_once(tmp_path: Path) -> None:
    own = written(tmp_path, "ours.json")
    tables = asked(table=["jet", own, "jet"]).tables
    assert [table.name for table in tables] == ["jet", "site"]


@pytest.mark.parametrize("words", ["2/3", " 2 / 3 "])
def test_a_map_is_the_kth_of_n(words: str) -> None:
    assert asked(map=words).map == MapPlace(number=2, count=3)
    assert asked(input="rgb", map=words).map == MapPlace(number=2, count=3)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"crop": "none", "input": "uptake"}, "--crop none takes whole images.*give --input rgb"),
        ({"crop": "none", "map": "1/2"}, "--map 1/2 is looked for, and --crop none"),
        ({"crop": "none", "table": ["jet"]}, "--table is for uptake.*the input is rgb; leave it out$"),
        ({"input": "rgb", "table": ["jet"]}, "leave it out, or give --input uptake$"),
        ({"table": ["no-such"]}, "no colour table 'no-such' is known; known are warm, .*edgecad table list"),
        ({"table": ["gone.json"]}, "there is no colour table gone.json; make one with edgecad table learn"),
        ({"map": "4/3"}, "--map '4/3': map 4 of 3; 1/1 to 16/16 wanted"),
        ({"map": "0/3"}, "--map '0/3'"),
        ({"map": "1/99"}, "--map '1/99'"),
        ({"map": "second"}, "--map 'second'"),
        ({"map": ""}, "--map ''"),
        ({"map": "1/3/5"}, "wanted K/N, the map"),
    ],
)
def test_what_cannot_be_meant_is_one_line_with_the_next_step(words: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        parse_input(InputOptions(**words))
    assert "\n" not in str(caught.value)


def test_a_draft_is_no_scale_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"draft.json is a draft.*edgecad table learn"):
        parse_input(InputOptions(table=[written(tmp_path, "draft.json", draft=True)]))


def test_two_tables_of_one_name_are_refused(tmp_path: Path) -> None:
    other = written(tmp_path, "other.json", points=((0, 0, 0, 0), (50, 90, 90, 90), (100, 255, 255, 255)))
    with pytest.raises(UsageError, match="two different colour tables are called site; give one another name"):
        parse_input(InputOptions(table=[written(tmp_path, "ours.json"), other]))
