"""Screens with one map and no colour bar, but with what resembles one: eleven kinds, each drawn anew from a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from edgecad.colourtables import ColourTable
from edgecad.polarmap import Disc
from measures.bars.drawing import FONT, Pixels, Rng, as_jpeg, coloured, draw_map, ink_on

WORDS = ("Perfusion", "Stress AC", "Segment", "LAD", "RCA", "EF 61 %", "TPD 4", "Print", "Close", "Next", "2026-01-05")


@dataclass(frozen=True)
class BareScreen:
    """A screen without a bar, its map, and what stands there instead."""

    screen: Pixels
    disc: Disc
    kind: str


def draw_without(rng: Rng, table: ColourTable, number: int, *, quality: int | None = None) -> BareScreen:
    """One map, and what is no bar: kind `number` of `KINDS`, from their beginning again."""
    screen, disc, _ = draw_map(rng, table)
    draw = KINDS[number % len(KINDS)]
    draw(screen, disc, table, rng)
    return BareScreen(as_jpeg(screen, quality), disc, draw.__name__)


def nothing(screen: Pixels, disc: Disc, table: ColourTable, rng: Rng) -> None:
    """The map and a line of text."""


def text_lines(screen: Pixels, disc: Disc, table: ColourTable, rng: Rng) -> None:
    """Columns of words and numbers on both sides."""
    for x in (10, int(disc.x + disc.radius + 12)):
        for y in range(70, screen.shape[0] - 10, int(rng.integers(16, 34))):
            words = f"{WORDS[rng.integers(len(WORDS))]} {rng.integers(100)}"
            cv2.putText(screen, words, (x, y), FONT, 0.5, ink_on(screen), 1, cv2.LINE_AA)


def buttons(screen: Pixels, disc: Disc, table: ColourTable, rng: Rng) -> None:
    """A column of grey buttons with an edge of light and shade."""
    x, y, height = int(disc.x + disc.radius + 20), 60, int(rng.integers(22, 40))
    while y + height < screen.shape[0] - 20:
        level = int(rng.integers(90, 200))
        cv2.rectangle(screen, (x, y), (x + 90, y + height), (level,) * 3, -1)
        cv2.line(screen, (x, y), (x + 90, y), (level + 40,) * 3, 1)
        cv2.line(screen, (x, y + height), (x + 90, y + height), (level - 50,) * 3, 2)
        cv2.putText(screen, WORDS[rng.integers(len(WORDS))], (x + 5, y + height - 8), FONT, 0.4, (0, 0, 0), 1)
        y += height + int(rng.integers(2, 12))


def thin_lines(screen: Pixels, disc: Disc, table: ColourTable, rng: Rng) -> None:
    """Coloured lines beside the map, straight ones and curves, in the map's own colours as well."""
    x = int(disc.x + disc.radius + 15)
    for number in range(8):
        colour = tuple(int(value) for value in coloured(table, np.array([rng.uniform(10, 100)]))[0])
        cv2.line(
            screen, (x + 12 * number, 60), (x + 12 * number, screen.shape[0] - 60), colour, int(rng.integers(1, 4))
        )
    rows = np.arange(60, screen.shape[0] - 60)
    columns = np.clip(40 + 20 * np.sin(rows / rng.uniform(10, 60)), 2, screen.shape[1] - 3).astype(int)
    screen[rows, columns] = coloured(table, np.linspace(0, 100, len(rows)))


def photograph(screen: Pixels, disc: Disc, table: ColourTable, rng: Rng) -> None:
    """A long narrow picture in the map's own colours, which change both ways."""
    height, width = int(1.2 * disc.radius), int(rng.integers(30, 90))
    coarse = rng.uniform(0, 100, (8, 4)).astype(np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float64)
    x, y = int(disc.x + disc.radius + 15), int(disc.y - height / 2)
    room = screen[y : y + height, x : x + width]
    room[:] = coloured(table, field)[: room.shape[0], : room.shape[1]]


def small_maps(screen: Pixels, disc: Disc, table: ColourTable, rng: Rng) -> None:
    """A column of small discs in the map's table."""
    side = int(rng.integers(40, 80))
    y = 60
    while y + side < screen.shape[0] - 20:
        coarse = rng.uniform(30, 100, (4, 4)).astype(np.float32)
        field = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.float64)
        axis = np.arange(side) - (side - 1) / 2
        inside = axis[:, None] ** 2 + axis[None] ** 2 <= (side / 2) ** 2
        screen[y : y + side, 12 : 12 + side][inside] = coloured(table, field)[inside]
        y += side + 8


def title_bar(screen: Pixels, disc: Disc, table: ColourTable, rng: Rng) -> None:
    """A title whose blue fades from side to side, as windows have it."""
    shade = np.linspace(0, 1, screen.shape[1])[None, :, None]
    screen[: int(rng.integers(18, 30))] = np.rint((1 - shade) * (10, 36, 106) + shade * (166, 202, 240)).astype(
        np.uint8
    )


def swatches(screen: Pixels, disc: Disc, table: ColourTable, rng: Rng) -> None:
    """A legend: five boxes in colours of the table, with words."""
    x = int(disc.x + disc.radius + 20)
    for number, level in enumerate((10, 30, 50, 70, 90)):
        y = int(disc.y) - 90 + 30 * number
        colour = tuple(int(value) for value in coloured(table, np.array([float(level)]))[0])
        cv2.rectangle(screen, (x, y), (x + 18, y + 18), colour, -1)
        cv2.putText(screen, f"< {level + 10}", (x + 24, y + 14), FONT, 0.4, ink_on(screen), 1, cv2.LINE_AA)


def histogram(screen: Pixels, disc: Disc, table: ColourTable, rng: Rng) -> None:
    """Columns of unlike heights, each in a colour of the table."""
    base = int(min(disc.y + disc.radius - 10, screen.shape[0] - 20))
    for number in range(12):
        x = int(disc.x + disc.radius + 14 + 14 * number)
        colour = tuple(int(value) for value in coloured(table, np.array([number * 9.0]))[0])
        cv2.rectangle(screen, (x, base - int(rng.integers(10, 200))), (x + 10, base), colour, -1)


def other_bar(screen: Pixels, disc: Disc, table: ColourTable, rng: Rng) -> None:
    """A bar in green and violet: no map on this screen is drawn in it."""
    length = int(1.2 * disc.radius)
    x, y = int(disc.x + disc.radius + 25), int(disc.y - length / 2)
    shade = np.linspace(1, 0, length)[:, None, None]
    room = screen[y : y + length, x : x + 22]
    room[:] = np.rint(shade * (30, 255, 60) + (1 - shade) * (60, 0, 120)).astype(np.uint8)


def boxes(screen: Pixels, disc: Disc, table: ColourTable, rng: Rng) -> None:
    """A table of numbers in framed cells, long and narrow."""
    x, y = int(disc.x + disc.radius + 20), int(disc.y - 0.8 * disc.radius)
    for number in range(17):
        top = y + 20 * number
        cv2.rectangle(screen, (x, top), (x + 60, top + 20), ink_on(screen), 1)
        cv2.putText(screen, str(rng.integers(30, 100)), (x + 18, top + 15), FONT, 0.4, ink_on(screen), 1, cv2.LINE_AA)


Draw = Callable[[Pixels, Disc, ColourTable, Rng], None]
KINDS: tuple[Draw, ...] = (
    nothing, text_lines, buttons, thin_lines, photograph, small_maps, title_bar, swatches, histogram, other_bar, boxes,
)  # fmt: skip
