"""The contact sheet: screens as they came and as the network would see them, and those that were refused."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgecad.contract import Preparation
from edgecad.errors import EdgecadError
from edgecad.images import read_screen
from edgecad.system.folders import write_whole
from edgecad_train.classes import CLASSES
from edgecad_train.data.colours import ColourTables
from edgecad_train.data.duplicates import NearDuplicate
from edgecad_train.data.input.seen import seen_words
from edgecad_train.data.labelled import Refusal
from edgecad_train.data.prepared import PreparedData
from edgecad_train.data.reading import says_phantom

Pixels = NDArray[np.uint8]

SHOWN, COLUMNS = 12, 3
"""Most scans, pairs or refused ones on the page, and how many stand in a row."""
ROW, GAP = 2.35, 0.5
"""Height of a row and what a title takes, inches."""
THUMBNAIL = 360
"""Longest side of a screen on the page, pixels."""
WARNING = "contains patient screens: do not share"
PHANTOM_WARNING = "PHANTOM screens"


@dataclass(frozen=True)
class _Entry:
    """One place on the page: a picture, perhaps a second one beside it, and what is said below."""

    left: Pixels | None
    """None: it cannot be read."""
    right: Pixels | None
    title: str
    text: str


@dataclass(frozen=True)
class _Block:
    """Entries below a title; `total` is how many there are in all."""

    title: str
    entries: tuple[_Entry, ...]
    total: int

    @property
    def height(self) -> float:
        """Inches."""
        return GAP + ROW * -(-len(self.entries) // COLUMNS)


def draw_sheet(data: PreparedData, tables: ColourTables, pairs: Sequence[NearDuplicate], path: Path) -> None:
    """Draw scans of every colour table and class before and after preparation, pairs that look the same, refused ones.

    Writes a PNG of 1500 pixels width. Screens are shown whole, with what is written on them.
    """
    blocks = [block for block in _blocks(data, tables, pairs) if block.entries]
    figure = Figure(figsize=(15, 0.9 + sum(block.height for block in blocks)), dpi=100)
    height = figure.get_figheight()
    figure.text(0.02, 1 - 0.35 / height, _heading(data), fontsize=15, weight="bold", va="center", color="#a03000")
    top = 0.75
    for block in blocks:
        title = f"{block.title} ({len(block.entries)} of {block.total})"
        figure.text(0.02, 1 - (top + 0.15) / height, title, fontsize=13)
        _draw_entries(figure, block.entries, top + 0.35)
        top += block.height
    content = io.BytesIO()
    figure.savefig(content, format="png", facecolor="white")
    write_whole(path, content.getvalue())


def _blocks(data: PreparedData, tables: ColourTables, pairs: Sequence[NearDuplicate]) -> tuple[_Block, ...]:
    rows = {case.path: row for row, case in enumerate(data.cases)}
    kept = tuple(_kept(data, row, tables) for row in chosen_rows(data, tables))
    alike = tuple(_pair(data, rows, pair) for pair in pairs[:SHOWN])
    refused = tuple(_refused(entry, data.preparation) for entry in data.refused[:SHOWN])
    return (
        _Block(
            f"kept: the screen, and what the network would see: {seen_words(data.preparation)}", kept, len(data.cases)
        ),
        _Block("of two patients, and look the same", alike, len(pairs)),
        _Block("left out", refused, len(data.refused)),
    )


def chosen_rows(data: PreparedData, tables: ColourTables) -> list[int]:
    """Scans for the page: from each colour table and class in turn, the rare ones as well, in the order of the data."""
    groups = [
        [row for row in np.flatnonzero(tables.group == table) if data.cases[row].label == label]
        for table in np.unique(tables.group)
        for label in CLASSES
    ]
    turns = [group[turn] for turn in range(SHOWN) for group in groups if turn < len(group)]
    return sorted(int(row) for row in turns[:SHOWN])


def _heading(data: PreparedData) -> str:
    refused = [entry.path for entry in data.refused if entry.path.is_file()]
    phantoms = data.origin == "phantom" and all(says_phantom(path) for path in refused)
    return PHANTOM_WARNING if phantoms else WARNING


def _kept(data: PreparedData, row: int, tables: ColourTables) -> _Entry:
    case, table = data.cases[row], int(tables.group[row])
    text = f"{case.label}, patient {case.patient}" + (f", {_table(data, row, tables)}" if table >= 0 else "")
    return _Entry(_screen(case.path, data.preparation), data.images[row], case.path.name, text)


def _table(data: PreparedData, row: int, tables: ColourTables) -> str:
    number = int(tables.group[row])
    if not data.readings:
        return f"colour {tables.words(number)}"
    steps = data.readings[row].steps
    return f"colour table {tables.words(number)}" + (f" in {steps} steps" if steps else "")


def _pair(data: PreparedData, rows: Mapping[Path, int], pair: NearDuplicate) -> _Entry:
    first, second = pair.first, pair.second
    title = f"{first.path.name}, {second.path.name}"
    text = f"{first.label}, patient {first.patient}; {second.label}, patient {second.patient}"
    return _Entry(data.images[rows[first.path]], data.images[rows[second.path]], title, text)


def _refused(refusal: Refusal, preparation: Preparation) -> _Entry:
    screen = _screen(refusal.path, preparation)
    return _Entry(screen, None, refusal.path.name, f"{refusal.reason}: {refusal.message}")


def _screen(path: Path, preparation: Preparation) -> Pixels | None:
    """A file's screen, made small, with the region framed; None if it cannot be read."""
    try:
        screen = read_screen(path).pixels
    except EdgecadError:
        return None
    scale = min(1.0, THUMBNAIL / max(screen.shape[:2]))
    size = (max(1, round(screen.shape[1] * scale)), max(1, round(screen.shape[0] * scale)))
    small = np.asarray(cv2.resize(screen, size, interpolation=cv2.INTER_AREA))
    region = preparation.region
    if region is not None and screen.shape[:2] == (region.screen_height, region.screen_width):
        corners = np.array([region.x, region.y, region.x + region.width, region.y + region.height]) * scale
        left, top, right, bottom = (int(value) for value in np.rint(corners))
        cv2.rectangle(small, (left, top), (right - 1, bottom - 1), (255, 176, 59), 2)
    return small


def _draw_entries(figure: Figure, entries: Sequence[_Entry], top: float) -> None:
    """Draw entries from `top` on, inches from the upper edge."""
    width, height = figure.get_size_inches()
    for number, entry in enumerate(entries):
        row, column = divmod(number, COLUMNS)
        left, upper = 0.3 + column * 4.9, top + ROW * row
        _draw(_axes(figure, left, upper, 2.75, 1.75), entry.left)
        if entry.right is not None:
            _axes(figure, left + 2.85, upper, 1.75, 1.75).imshow(entry.right)
        below = 1 - (upper + 1.85) / height
        figure.text(left / width, below, _short(entry.title, 56), fontsize=9, weight="bold", va="top")
        figure.text(left / width, below - 0.17 / height, _wrapped(entry.text), fontsize=8, va="top")


def _axes(figure: Figure, left: float, upper: float, across: float, down: float) -> Axes:
    width, height = figure.get_size_inches()
    axes = figure.add_axes((left / width, 1 - (upper + down) / height, across / width, down / height))
    axes.set_axis_off()
    return axes


def _draw(axes: Axes, picture: Pixels | None) -> None:
    if picture is None:
        axes.text(0.5, 0.5, "cannot be read", ha="center", va="center", fontsize=10, color="#777777")
    else:
        axes.imshow(picture)


def _short(text: str, length: int) -> str:
    """A text as a page can show it: plain signs, and no longer than `length`."""
    plain = "".join(sign if sign.isprintable() and sign.isascii() else "?" for sign in text).replace("$", r"\$")
    return plain if len(plain) <= length else f"{plain[: length - 3]}..."


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(_short(text, 150), 74)[:2])
