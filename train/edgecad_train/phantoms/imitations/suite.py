"""A suite of layouts, each kind several times: the same on every machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, product

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
    Side,
    Window,
)

GREY: Colour = (128, 128, 128)
INKS: dict[str, Colour] = {"black": BLACK, "white": WHITE, "grey": GREY}
GROUNDS: dict[str, Colour] = {
    "dim": (36, 36, 36), "dark-grey": (64, 64, 64), "grey": GREY, "light-grey": (192, 192, 192), "white": WHITE,
    "dark-blue": (0, 0, 96), "blue-grey": (70, 88, 110), "beige": (236, 233, 216), "dark-green": (0, 48, 24),
    "teal": (0, 96, 96),
}  # fmt: skip
SIDES: tuple[Side, ...] = ("left", "right", "above", "below")
DIAMETERS = (440, 320, 600, 240, 520, 380, 860, 280)
LARGEST_ROW = 1400
"""Sum of the diameters of several maps: three of 860 pixels would be wider than any screen."""
QUALITIES = (92, None, 75, 85, 95, 60, 90, 80)
WORDS = ("PHANTOM", "STRESS AC", "2024-03-11 10:42", "SPECT/CT 16", "LV PERFUSION")
WINDOWS: dict[str, Window] = {
    "frame": Window(border=8, title=0),
    "thin-frame": Window(border=2, title=0, colour=(90, 90, 90)),
    "title": Window(),
    "dark-title": Window(border=1, title=32, colour=(48, 48, 48), bars=(32, 32, 32)),
    "taskbar": Window(border=0, title=0, taskbar=40, bars=(24, 32, 56)),
    "title-and-taskbar": Window(border=4, title=24, taskbar=36),
    "panel-left": Window(panel=170),
    "panel-right": Window(panel=220, panel_side="right", taskbar=36),
    "dark-panel": Window(border=1, panel=190, colour=(56, 60, 66), bars=(30, 34, 40)),
    "light-panel": Window(border=3, title=30, panel=200, colour=(240, 240, 240), bars=(210, 220, 235)),
}

_Some = Iterator[tuple[str, ImitatedLayout]]


def layout_suite() -> tuple[ImitatedLayout, ...]:
    """More than a hundred layouts, named by kind and by what is special about them.

    Diameters and files go round within a kind, unless the kind is about them.
    """
    found = []
    turns: dict[str, Iterator[int]] = {}
    for kinds in (_plain(), _over(), _bars(), _around(), _several(), _mixed()):
        for words, layout in kinds:
            turn = next(turns.setdefault(layout.kind, count(len(turns))))
            found.append(replace(_sized(layout, turn), name=f"{layout.kind}-{words}"))
    return tuple(found)


def _sized(layout: ImitatedLayout, turn: int) -> ImitatedLayout:
    if layout.kind == "file":
        return layout
    quality = QUALITIES[turn % len(QUALITIES)]
    if layout.kind == "bare":
        return replace(layout, quality=quality)
    diameter = DIAMETERS[(turn + turn // len(DIAMETERS)) % len(DIAMETERS)]
    return replace(layout, diameter=min(diameter, LARGEST_ROW // layout.count), quality=quality)


def _of(kind: str) -> ImitatedLayout:
    return ImitatedLayout(name=kind, kind=kind)


def _plain() -> _Some:
    for diameter in (140, 180, 240, 320, 440, 600, 740, 880):
        yield str(diameter), replace(_of("bare"), diameter=diameter, room=(diameter // 3, 0, diameter // 3, 0))
    for quality, diameter in product((None, 95, 85, 75, 60), (220, 620)):
        name = f"{'png' if quality is None else quality}-{diameter}"
        yield name, replace(_of("file"), quality=quality, diameter=diameter, words=WORDS[:2])
    for name, ground in {"black": BLACK, "grey": GREY, "white": WHITE}.items():
        yield f"smooth-on-{name}", replace(_of("rim"), smooth_rim=True, ground=ground)


def _over() -> _Some:
    for (name, ink), width, smooth in product(INKS.items(), (1, 2), (True, False)):
        lines = SegmentLines(ink, width, smooth)
        yield f"{name}-{width}-{'smooth' if smooth else 'sharp'}", replace(_of("lines"), lines=lines)
    for (name, ink), signs, drawn in product(INKS.items(), ("numbers", "percent"), (True, False)):
        lines = SegmentLines(ink, 1, True, "numbers" if signs == "numbers" else "percent", drawn=drawn)
        yield f"{name}-{signs}-{'lines' if drawn else 'bare'}", replace(_of("values"), lines=lines)
    for name, lines in {
        "black-on-white-lines": SegmentLines(WHITE, 1, True, "numbers", BLACK),
        "white-on-black-lines": SegmentLines(BLACK, 2, False, "percent", WHITE),
    }.items():
        yield name, replace(_of("values"), lines=lines)
    for (name, ink), (x, y) in product({"white": WHITE, "black": BLACK}.items(), ((0.3, -0.2), (-0.7, 0.1), (0, 0.6))):
        yield f"{name}-arrow-at-{x}-{y}", replace(_of("pointer"), pointer=Pointer("arrow", x, y, ink))
    for name, ink in {"white": WHITE, "green": (0, 255, 0), "yellow": (255, 255, 0)}.items():
        yield f"{name}-crosshair", replace(_of("pointer"), pointer=Pointer("crosshair", -0.15, 0.25, ink))
    for (name, ink), width, outside in product(INKS.items(), (1, 2), (0, 6)):
        place = f"{outside}-outside" if outside else "on-the-rim"
        outline = RimOutline(ink if outside == 0 or ink != BLACK else (90, 160, 220), width, outside)
        yield f"{name}-{width}-{place}", replace(_of("outline"), outline=outline)


def _bars() -> _Some:
    for side, framed in product(SIDES, (None, GREY, WHITE)):
        name = f"{side}-{'bare' if framed is None else 'framed-grey' if framed == GREY else 'framed-white'}"
        bar = DrawnBar(framed=framed, ticks=framed != GREY)
        yield name, replace(_of("bar-apart"), bar=replace(bar, side=side))
        touching = replace(bar, gap=0 if framed is None else 1, length=1.0, ticks=framed == WHITE)
        yield name, replace(_of("bar-touching"), bar=replace(touching, side=side))
    for name, bar in {
        "thin": DrawnBar(thickness=9), "thick": DrawnBar(thickness=48, side="left"), "short": DrawnBar(length=0.4),
        "long": DrawnBar(length=1.0, side="below"), "upside-down": DrawnBar(upside_down=True, framed=GREY),
        "right-to-left": DrawnBar(side="below", upside_down=True),
    }.items():  # fmt: skip
        yield name, replace(_of("bar-odd"), bar=bar)


def _around() -> _Some:
    for name, ground in GROUNDS.items():
        yield name, replace(_of("ground"), ground=ground)
    for name, window in WINDOWS.items():
        yield name, replace(_of("window"), window=window)
    for side in SIDES:
        yield side, replace(_of("words"), words=WORDS, words_at=side)
    for name, ground in {"black": BLACK, "light-grey": GROUNDS["light-grey"]}.items():
        yield f"walls-on-{name}", replace(_of("words"), walls=True, ground=ground)


def _several() -> _Some:
    for place in ("1/2", "2/2", "1/3", "2/3", "3/3"):
        number, of = map(int, place.split("/"))
        several = replace(_of("maps"), maps=MapPlace(number=number, count=of))
        yield f"row-{number}-of-{of}", several
        yield f"column-{number}-of-{of}", replace(several, columns=1, labels=False)
    one = replace(_of("maps"), maps=MapPlace(number=1, count=3))
    yield "bar", replace(one, bar=DrawnBar())
    yield "lines-and-values", replace(one, lines=SegmentLines(WHITE, 1, True, "numbers"))
    yield "window-and-grey", replace(one, window=WINDOWS["title-and-taskbar"], ground=GROUNDS["dark-grey"])
    yield "two-above-one", replace(one, columns=2, words=WORDS[:3])


def _mixed() -> _Some:
    lines = SegmentLines(WHITE, 1, True, "numbers")
    bar = DrawnBar(framed=GREY)
    window = WINDOWS["panel-left"]
    mixed = _of("mixed")
    yield from {
        "lines-bar": replace(mixed, lines=lines, bar=bar),
        "lines-bar-words": replace(mixed, lines=lines, bar=bar, words=WORDS),
        "window-lines-bar": replace(mixed, window=window, lines=lines, bar=bar),
        "window-grey-bar": replace(mixed, window=window, ground=GROUNDS["dark-grey"], bar=bar),
        "white-black-lines": replace(mixed, ground=WHITE, lines=SegmentLines(BLACK, 1, True), walls=True),
        "blue-outline-lines": replace(
            mixed, ground=GROUNDS["dark-blue"], outline=RimOutline(WHITE, 1), lines=SegmentLines(WHITE, 1, False)
        ),
        "outline-lines-pointer": replace(mixed, outline=RimOutline(WHITE, 2), lines=lines, pointer=Pointer()),
        "panel-bar-below-walls": replace(
            mixed, window=WINDOWS["dark-panel"], bar=DrawnBar(side="below", gap=12), walls=True
        ),
        "light-panel-white-ground": replace(mixed, window=WINDOWS["light-panel"], ground=WHITE, words=WORDS),
        "taskbar-bar-left-touching": replace(
            mixed, window=WINDOWS["taskbar"], bar=DrawnBar(side="left", gap=0, ticks=False), words=WORDS[:2]
        ),
        "crosshair-values": replace(mixed, pointer=Pointer("crosshair", colour=(0, 255, 0)), lines=lines),
        "smooth-rim-grey-lines": replace(
            mixed, smooth_rim=True, ground=GREY, lines=SegmentLines(GREY, 2, True), outline=RimOutline(BLACK, 2)
        ),
    }.items()
