"""Screens with one smooth map and a colour bar beside it, or with what is no bar; all drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.colourtables import ColourTable
from edgecad.polarmap import Disc

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Rng = np.random.Generator
Place = Literal["right", "left", "below", "above"]
End = Literal["bottom", "top", "left", "right"]
SCREENS = ((1640, 1068), (1280, 960), (1024, 768))
GROUNDS = ((0, 0, 0), (0, 0, 0), (0, 0, 0), (30, 30, 30), (96, 96, 96), (235, 235, 235), (20, 24, 60))
FRAMES = (None, None, (255, 255, 255), (120, 120, 120), (70, 70, 70))
FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class BarShape:
    """How a bar is drawn: lengths in pixels.

    Attributes:
        place: beside the disc.
        length: along it, without its frame.
        thickness: across it, without its frame.
        gap: between the disc's square and the bar.
        frame: its colour; None: none.
        numbers: how many labels stand beside it, from 0 to 100; 0: none.
        low: the end at which 0 stands.
    """

    place: Place
    length: int
    thickness: int
    gap: int
    frame: tuple[int, int, int] | None
    frame_width: int
    numbers: int
    low: End


@dataclass(frozen=True)
class BarDrawing:
    """A screen, and what is on it: the disc, the bar's rectangle (x, y, width, height), the map's uptake in percent."""

    screen: Pixels
    disc: Disc
    rectangle: tuple[int, int, int, int]
    uptake: Floats
    shape: BarShape


def smooth_uptake(rng: Rng, side: int) -> Floats:
    """A smooth square of percents, the middle one from 60 to 85, as perfusion has it."""
    coarse = rng.normal(0, 1, (6, 6)).astype(np.float32)
    field = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.float64)
    field = (field - np.median(field)) / (field.max() - np.median(field))
    middle = rng.uniform(62, 84)
    return np.asarray(np.clip(middle + (100 - middle) * field, 5, 100))


def coloured(table: ColourTable, percent: Floats) -> Pixels:
    """Levels as a workstation draws them, uint8 RGB."""
    return np.rint(table.colours_at(percent)).astype(np.uint8)


def draw_shape(rng: Rng, radius: float, *, touching: bool | None = None) -> BarShape:
    """Some bar beside a disc of that radius."""
    place: Place = ("right", "right", "left", "below", "above")[rng.integers(5)]
    close = rng.random() < 0.3 if touching is None else touching
    upright = place in ("right", "left")
    low: End = "bottom" if upright else "left"
    return BarShape(
        place=place,
        length=int(radius * rng.uniform(0.7, 1.9)),
        thickness=int(max(10, radius * rng.uniform(0.04, 0.14))),
        gap=int(rng.integers(2, 5)) if close else int(rng.integers(12, 50)),
        frame=FRAMES[rng.integers(len(FRAMES))],
        frame_width=int(rng.integers(1, 3)),
        numbers=int((0, 2, 6)[rng.integers(3)]),
        low=low,
    )


def draw_bar(
    rng: Rng,
    table: ColourTable,
    shape: BarShape | None = None,
    *,
    quality: int | None = None,
    ground: tuple[int, int, int] | None = None,
) -> BarDrawing:
    """One map in a table, and the table's bar; `quality` of JPEG (4:2:0), None: none; `ground`, None: some."""
    screen, disc, uptake = draw_map(rng, table, ground=ground)
    shape = shape or draw_shape(rng, disc.radius)
    x, y, width, height = _rectangle(screen, disc, shape)
    levels = (
        np.linspace(100, 0, shape.length) if shape.low in ("bottom", "right") else np.linspace(0, 100, shape.length)
    )
    line = coloured(table, levels)
    screen[y : y + height, x : x + width] = line[:, None] if shape.place in ("right", "left") else line[None]
    if shape.frame is not None:
        for out in range(1, shape.frame_width + 1):
            cv2.rectangle(screen, (x - out, y - out), (x + width - 1 + out, y + height - 1 + out), shape.frame, 1)
    _number(screen, shape, (x, y, width, height))
    return BarDrawing(as_jpeg(screen, quality), disc, (x, y, width, height), uptake, shape)


def draw_map(
    rng: Rng, table: ColourTable, *, ground: tuple[int, int, int] | None = None
) -> tuple[Pixels, Disc, Floats]:
    """A screen with a line of text and one map; the map's uptake in percent, NaN around it."""
    width, height = SCREENS[rng.integers(len(SCREENS))]
    screen = np.full((height, width, 3), ground or GROUNDS[rng.integers(len(GROUNDS))], np.uint8)
    radius = int(height * rng.uniform(0.22, 0.37))
    x, y = int(width * rng.uniform(0.42, 0.58)), int(height * rng.uniform(0.47, 0.53))
    side = 2 * radius + 1
    uptake = smooth_uptake(rng, side)
    rows, columns = np.mgrid[0:side, 0:side] - radius
    inside = rows**2 + columns**2 <= radius**2
    screen[y - radius : y + radius + 1, x - radius : x + radius + 1][inside] = coloured(table, uptake)[inside]
    cv2.putText(screen, "STRESS AC  12:31", (24, 34), FONT, 0.6, ink_on(screen), 1, cv2.LINE_AA)
    return screen, Disc(float(x), float(y), radius + 0.5), np.where(inside, uptake, np.nan)


def ink_on(screen: Pixels) -> tuple[int, int, int]:
    """White on a dark ground, black on a bright one."""
    return (255, 255, 255) if int(screen[0, 0].max()) < 128 else (0, 0, 0)


def as_jpeg(screen: Pixels, quality: int | None) -> Pixels:
    """What a JPEG of that quality leaves of a screen."""
    if quality is None:
        return screen
    _, data = cv2.imencode(".jpg", cv2.cvtColor(screen, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))


def _rectangle(screen: Pixels, disc: Disc, shape: BarShape) -> tuple[int, int, int, int]:
    """Where the bar stands: beside the disc's square, somewhere along its middle."""
    reach = int(disc.radius) + shape.gap + shape.frame_width + 1
    x, y = int(disc.x), int(disc.y)
    if shape.place in ("right", "left"):
        left = x + reach if shape.place == "right" else x - reach - shape.thickness
        return left, y - shape.length // 2, shape.thickness, shape.length
    top = y + reach if shape.place == "below" else y - reach - shape.thickness
    return x - shape.length // 2, max(top, 2 + shape.frame_width), shape.length, shape.thickness


def _number(screen: Pixels, shape: BarShape, rectangle: tuple[int, int, int, int]) -> None:
    """Ticks and numbers on the far side of the bar."""
    if not shape.numbers:
        return
    x, y, width, height = rectangle
    ink, out = ink_on(screen), shape.frame_width + 1 if shape.frame else 1
    for number in range(shape.numbers):
        share = number / (shape.numbers - 1)
        at = share if shape.low in ("top", "left") else 1 - share
        text = str(round(100 * share))
        (wide, high), _ = cv2.getTextSize(text, FONT, 0.4, 1)
        if shape.place in ("right", "left"):
            middle = y + round(at * (height - 1))
            edge, way = (x + width + out, 1) if shape.place == "right" else (x - out, -1)
            cv2.line(screen, (edge, middle), (edge + 4 * way, middle), ink, 1)
            left = edge + 7 if way > 0 else edge - 7 - wide
            cv2.putText(screen, text, (left, middle + high // 2), FONT, 0.4, ink, 1, cv2.LINE_AA)
        else:
            middle = x + round(at * (width - 1))
            edge, way = (y + height + out, 1) if shape.place == "below" else (y - out, -1)
            cv2.line(screen, (middle, edge), (middle, edge + 4 * way), ink, 1)
            base = edge + 7 + high if way > 0 else edge - 7
            cv2.putText(screen, text, (middle - wide // 2, base), FONT, 0.4, ink, 1, cv2.LINE_AA)
