"""What `--crop` asks for, and the region of screens that it becomes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

from edgecad.contract import Crop, Region
from edgecad.errors import InputRefused, UsageError
from edgecad.frozen import Frozen
from edgecad.images import read_screen, size_of
from edgecad.system.words import did_you_mean
from edgecad_train.data.labelled import Case

WANTED = "wanted: polar-map, none, or a rectangle x,y,width,height in pixels of the screen"


class Rectangle(Frozen, frozen=True, kw_only=True):
    """Left upper corner and size, pixels of a screen whose size is not known yet."""

    x: int
    y: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.width},{self.height}"


class CropRequest(Frozen, frozen=True, kw_only=True):
    """Where to look, and what to take from there."""

    rule: Crop = "polar-map"
    rectangle: Rectangle | None = None

    def __str__(self) -> str:
        return self.rule if self.rectangle is None else str(self.rectangle)


def parse_crop(text: str) -> CropRequest:
    """Read the words of `--crop`: `polar-map`, `none` or `x,y,width,height`; a rectangle must hold one polar map.

    Raises:
        UsageError: it is none of these.
    """
    if text == "polar-map":
        return CropRequest()
    if text == "none":
        return CropRequest(rule="none")
    match = re.fullmatch(r"(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})", text.replace(" ", ""))
    if match is None:
        raise UsageError(f"--crop {text!r}{did_you_mean(text, get_args(Crop))}; {WANTED}, for example 820,0,820,1068")
    x, y, width, height = map(int, match.groups())
    return CropRequest(rectangle=Rectangle(x=x, y=y, width=width, height=height))


def region_of_screens(cut: Rectangle, cases: Sequence[Case]) -> Region:
    """The rectangle on screens of the size of the first one that can be read.

    Raises:
        UsageError: the rectangle is not inside the screen, or no scan can be read.
    """
    width, height = _first_screen_size(cases)
    try:
        return Region(x=cut.x, y=cut.y, width=cut.width, height=cut.height, screen_width=width, screen_height=height)
    except ValueError as error:
        raise UsageError(f"--crop {cut}: {error}; {WANTED}, inside of the screen") from error


def _first_screen_size(cases: Sequence[Case]) -> tuple[int, int]:
    """Width and height of the first scan that can be read, pixels."""
    for case in cases:
        try:
            return size_of(read_screen(case.path))
        except InputRefused:
            continue
    raise UsageError(f"none of {len(cases)} scans can be read, so --crop has no screen to cut; see edgecad infer FILE")
