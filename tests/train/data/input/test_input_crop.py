"""The words of --crop, and the region that they become on the screens at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from edgecad.contract import Preparation, Region
from edgecad.errors import UsageError
from edgecad_train.data import Case, parse_input, preparation_for, prepare_cases, read_cases
from edgecad_train.data.input.crop import CropRequest, Rectangle, parse_crop
from edgecad_train.options import InputOptions

Some = Callable[[int], list[Case]]


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("polar-map", CropRequest()),
        ("none", CropRequest(rule="none")),
        ("820,0,820,1068", CropRequest(rectangle=Rectangle(x=820, y=0, width=820, height=1068))),
        ("1, 2, 300, 400", CropRequest(rectangle=Rectangle(x=1, y=2, width=300, height=400))),
    ],
)
def test_three_ways_to_say_what_is_looked_at(text: str, request_: CropRequest) -> None:
    assert parse_crop(text) == request_
    assert parse_crop(str(request_)) == request_


@pytest.mark.parametrize("text", ["", "circle", "None", "1,2,3", "1,2,3,4,5", "-1,0,50,50", "1.5,0,50,50", "a,b,c,d"])
def test_other_words_say_what_was_seen_and_wanted(text: str) -> None:
    with pytest.raises(UsageError, match="wanted: polar-map, none, or a rectangle") as caught:
        parse_crop(text)
    assert repr(text) in str(caught.value)


def test_without_a_rectangle_no_scan_is_read() -> None:
    nowhere = [Case(Path("nowhere.jpg"), "CAD", "a")]
    assert preparation_for(parse_input(InputOptions(input="rgb")), 224, nowhere) == Preparation(
        size=224, halve_jpeg=True
    )
    assert preparation_for(parse_input(InputOptions("none", "rgb")), 224, nowhere) == Preparation(size=224, crop="none")


def test_a_rectangle_becomes_a_region_of_the_first_readable_screen(some: Some) -> None:
    cases = some(10)
    cases[0].path.write_bytes(b"no picture")
    cases[1].path.unlink()
    preparation = preparation_for(parse_input(InputOptions("5,6,1600,1000", "rgb")), 64, cases)
    region = Region(x=5, y=6, width=1600, height=1000, screen_width=1640, screen_height=1068)
    assert preparation == Preparation(size=64, region=region)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("900,0,800,1068", "900,0,800,1068 does not lie inside a screen of 1640x1068"),
        ("0,69,1640,1000", "does not lie inside"),
        ("0,0,20,1000", "20x1000; 32 pixels a side wanted"),
    ],
)
def test_a_rectangle_beyond_the_screen_is_a_usage_error(some: Some, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        preparation_for(parse_input(InputOptions(text, "rgb")), 64, some(10))


def test_a_rectangle_without_any_readable_scan_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none of 1 scans can be read"):
        preparation_for(parse_input(InputOptions("0,0,50,50", "rgb")), 64, [Case(tmp_path / "gone.jpg", "CAD", "a")])


def _enlarged(path: Path) -> None:
    cv2.imwrite(str(path), cv2.resize(cv2.imread(str(path)), (1800, 1172), interpolation=cv2.INTER_AREA))


def test_screens_of_another_size_are_refused_and_counted(some: Some) -> None:
    cases = some(20)
    preparation = preparation_for(parse_input(InputOptions("0,0,1640,1060", "rgb")), 64, cases)
    _enlarged(cases[4].path)
    prepared = prepare_cases(cases, preparation)
    assert [(entry.path, entry.reason) for entry in prepared.refused] == [(cases[4].path, "screen-size")]
    assert "1800x1172" in prepared.refused[0].message
    _enlarged(cases[5].path)
    with pytest.raises(UsageError, match="2 of 20 scans were refused"):
        prepare_cases(cases, preparation)
    assert read_cases(cases, preparation).preparation.region == preparation.region


def test_uptake_is_read_inside_of_the_rectangle(some: Some) -> None:
    cases = some(4)
    data = read_cases(cases, preparation_for(parse_input(InputOptions("5,6,1600,1050")), 64, cases))
    whole = read_cases(cases, preparation_for(parse_input(InputOptions()), 64, cases))
    assert data.preparation.region is not None
    assert data.preparation.tables == whole.preparation.tables
    assert [one.table for one in data.readings] == [one.table for one in whole.readings]
    assert len(data.readings) == 4
