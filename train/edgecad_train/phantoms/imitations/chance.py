"""Layouts by chance: the kinds of the suite in any mixture and size, for screens that no suite has listed."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from edgecad.contract import MapPlace
from edgecad_train.phantoms.imitations.layout import (
    BLACK,
    WHITE,
    Colour,
    DrawnBar,
    ImitatedLayout,
    Pointer,
    RimOutline,
    SegmentLines,
    Window,
)
from edgecad_train.phantoms.imitations.suite import GROUNDS, LARGEST_ROW, SIDES, WINDOWS, WORDS

DIAMETERS = (140, 880)
PARTS = ("lines", "bar", "window", "outline", "pointer", "maps", "walls", "words", "smooth_rim")
LINED_FROM, WIDE_FROM, VALUES_FROM = 180, 260, 300
"""Smallest discs over which lines, lines of two pixels, and values are drawn: on smaller ones little else is left."""


def layout_by_chance(rng: np.random.Generator) -> ImitatedLayout:
    """Draw a layout; every part is drawn by itself, and named in the layout's name."""
    maps = _maps(rng) if _chance(rng, 0.15) else None
    largest = min(DIAMETERS[1], LARGEST_ROW // (maps.count if maps else 1))
    diameter = round(float(np.exp(rng.uniform(np.log(DIAMETERS[0]), np.log(largest)))))
    layout = ImitatedLayout(
        name="chance",
        kind="chance",
        diameter=diameter,
        ground=_ground(rng) if _chance(rng, 0.5) else BLACK,
        lines=_lines(rng, diameter) if _chance(rng, 0.45) and diameter >= LINED_FROM else None,
        bar=_bar(rng) if _chance(rng, 0.4) else None,
        window=_window(rng) if _chance(rng, 0.35) else None,
        outline=_outline(rng) if _chance(rng, 0.15) else None,
        pointer=_pointer(rng) if _chance(rng, 0.15) else None,
        maps=maps,
        columns=int(rng.integers(1, 4)),
        labels=_chance(rng, 0.7),
        walls=_chance(rng, 0.15),
        words=WORDS[: rng.integers(1, len(WORDS) + 1)] if _chance(rng, 0.4) else (),
        words_at=SIDES[rng.integers(len(SIDES))],
        room=_room(rng, diameter),
        smooth_rim=_chance(rng, 0.3),
        quality=None if _chance(rng, 0.25) else int(rng.integers(60, 96)),
    )
    return replace(layout, name="-".join(("chance", *(part for part in PARTS if getattr(layout, part)))))


def least_diameter(layout: ImitatedLayout) -> int:
    """The smallest disc on which a layout's lines and values leave something to see."""
    if layout.lines is None:
        return DIAMETERS[0]
    if layout.lines.values != "none":
        return VALUES_FROM
    return LINED_FROM if layout.lines.width == 1 else WIDE_FROM


def _chance(rng: np.random.Generator, share: float) -> bool:
    return bool(rng.random() < share)


def _ground(rng: np.random.Generator) -> Colour:
    """One of the suite's, or any other dark one."""
    if _chance(rng, 0.5):
        return tuple(GROUNDS.values())[rng.integers(len(GROUNDS))]
    red, green, blue = (int(value) for value in rng.integers(0, 110, 3))
    return red, green, blue


def _ink(rng: np.random.Generator) -> Colour:
    shade = int(rng.integers(90, 190))
    return (BLACK, WHITE, (shade, shade, shade))[rng.integers(3)]


def _lines(rng: np.random.Generator, diameter: int) -> SegmentLines:
    kinds: tuple[Literal["none", "numbers", "percent"], ...] = ("none", "numbers", "percent")
    values = kinds[rng.integers(3)] if diameter >= VALUES_FROM else "none"
    return SegmentLines(
        colour=_ink(rng),
        width=int(rng.integers(1, 3)) if diameter >= WIDE_FROM else 1,
        smooth=_chance(rng, 0.5),
        values=values,
        text=_ink(rng) if _chance(rng, 0.3) else None,
        drawn=values == "none" or _chance(rng, 0.8),
    )


def _bar(rng: np.random.Generator) -> DrawnBar:
    shade = int(rng.integers(90, 256))
    return DrawnBar(
        side=SIDES[rng.integers(len(SIDES))],
        gap=int(rng.integers(0, 80)),
        thickness=int(rng.integers(9, 48)),
        length=float(rng.uniform(0.4, 1.0)),
        framed=(shade, shade, shade) if _chance(rng, 0.5) else None,
        ticks=_chance(rng, 0.6),
        upside_down=_chance(rng, 0.1),
    )


def _window(rng: np.random.Generator) -> Window:
    known = tuple(WINDOWS.values())
    look = known[rng.integers(len(known))]
    return Window(
        border=int(rng.integers(0, 10)),
        title=int(rng.integers(20, 36)) if _chance(rng, 0.7) else 0,
        taskbar=int(rng.integers(28, 48)) if _chance(rng, 0.5) else 0,
        panel=int(rng.integers(120, 260)) if _chance(rng, 0.5) else 0,
        panel_side="left" if _chance(rng, 0.5) else "right",
        colour=look.colour,
        bars=look.bars,
    )


def _outline(rng: np.random.Generator) -> RimOutline:
    outside = int(rng.integers(2, 12)) if _chance(rng, 0.5) else 0
    return RimOutline(_ink(rng), int(rng.integers(1, 3)), outside, _chance(rng, 0.5))


def _pointer(rng: np.random.Generator) -> Pointer:
    place = float(rng.uniform(-0.6, 0.6)), float(rng.uniform(-0.6, 0.6))
    if _chance(rng, 0.5):
        return Pointer("arrow", *place, WHITE if _chance(rng, 0.5) else BLACK)
    return Pointer("crosshair", *place, (WHITE, (0, 255, 0), (255, 255, 0), (255, 0, 0))[rng.integers(4)])


def _maps(rng: np.random.Generator) -> MapPlace:
    count = int(rng.integers(2, 4))
    return MapPlace(number=int(rng.integers(1, count + 1)), count=count)


def _room(rng: np.random.Generator, diameter: int) -> tuple[int, int, int, int]:
    left, above, right, below = (int(value) for value in rng.integers(0, diameter // 2 + 1, 4))
    return left, above, right, below
