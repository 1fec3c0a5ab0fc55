"""Screens as hospitals have them: maps on grounds of any colour, in windows and panels, with outlines and pointers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap import Disc
from edgecad_train.phantoms import PALETTES, draw_patient, percent_map
from edgecad_train.phantoms.palettes import colours_from_percent, palette_named

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

GROUNDS: tuple[Colour, ...] = (
    (0, 0, 0), (24, 24, 24), (64, 64, 64), (128, 128, 128), (192, 192, 192), (240, 240, 240), (255, 255, 255),
    (10, 30, 90), (0, 0, 48), (212, 208, 200), (58, 110, 165), (20, 60, 50),
)  # fmt: skip
OUTLINES: tuple[Colour, ...] = ((255, 255, 255), (128, 128, 128), (0, 0, 0), (0, 255, 255), (255, 255, 0))


@dataclass(frozen=True)
class Look:
    """How a screen looks; all that is left out is not drawn."""

    width: int = 1280
    height: int = 960
    diameter: int = 420
    maps: int = 1
    ground: Colour = (0, 0, 0)
    desktop: Colour | None = None
    """Around the panel; None: the ground goes up to the screen's border."""
    frame: int = 0
    """Lines around the panel, pixels."""
    title: bool = False
    tasks: bool = False
    outline: Colour | None = None
    outline_width: int = 1
    outside: bool = True
    """The outline is drawn just outside of the rim, or on it."""
    apart: float = 0.0
    """How much ground lies between rim and outline, pixels."""
    lines: Colour | None = None
    """Of the 17 segments, reaching over the rim."""
    pointer: bool = False
    bar: str = ""
    """`apart`, `touching` or empty."""
    text: bool = False
    slices: int = 0
    room: float = 0.4
    """Between disc and panel, in radii."""
    quality: int = 0
    """Of the JPEG that the screen was; 0: none."""
    palette: str = "warm"
    patient: int = 0
    lowered: int = 0
    """How much lower each next map stands, pixels."""
    shrinks: float = 1.0
    """How much smaller each next map is."""


@cache
def uptake_of(patient: int) -> NDArray[np.float32]:
    return percent_map(draw_patient(77, patient), 512)


def drawn(look: Look) -> tuple[Pixels, list[Disc]]:
    """The screen, and where its maps are, from left to right."""
    screen = np.full((look.height, look.width, 3), look.desktop or look.ground, np.uint8)
    discs = places(look)
    if look.desktop is not None:
        _draw_panel(screen, look, discs)
    if look.title:
        cv2.rectangle(screen, (0, 0), (look.width, 28), (10, 36, 106), -1)
        cv2.putText(screen, "Cardiac - STRESS", (12, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255,) * 3, 1, cv2.LINE_AA)
        cv2.rectangle(screen, (look.width - 26, 5), (look.width - 8, 23), (200, 60, 50), -1)
    if look.tasks:
        cv2.rectangle(screen, (0, look.height - 36), (look.width, look.height), (60, 63, 70), -1)
        for x in range(20, 300, 60):
            cv2.rectangle(
                screen, (x, look.height - 30), (x + 24, look.height - 6), (40 + x // 2, 140, 220 - x // 2), -1
            )
    for number, disc in enumerate(discs):
        _draw_map(screen, look, disc, number)
        _draw_beside(screen, look, disc)
    for number in range(look.slices):
        x = 40 + 74 * number
        small = colours_from_percent(cv2.resize(uptake_of(look.patient), (64, 64)), palette_named(look.palette))
        screen[44:108, x : x + 64] = small
    return _as_jpeg(screen, look.quality), discs


def places(look: Look) -> list[Disc]:
    step = look.width / look.maps
    y = look.height / 2 + 6.3
    return [
        Disc(step * (number + 0.5) + 0.3, y + number * look.lowered, look.diameter / 2 * look.shrinks**number)
        for number in range(look.maps)
    ]


def _draw_panel(screen: Pixels, look: Look, discs: list[Disc]) -> None:
    radius = max(disc.radius for disc in discs)
    left, right = (int(disc.x + sign * radius * (1 + look.room)) for disc, sign in ((discs[0], -1), (discs[-1], 1)))
    top, bottom = (int(disc.y + sign * radius * (1 + look.room)) for disc, sign in ((discs[0], -1), (discs[-1], 1)))
    cv2.rectangle(screen, (left, top), (right, bottom), look.ground, -1)
    if look.frame:
        cv2.rectangle(screen, (left, top), (right, bottom), (90, 90, 90), look.frame)


def _draw_map(screen: Pixels, look: Look, disc: Disc, number: int) -> None:
    """Each pixel of the disc, at the rim by the part of it that is inside."""
    beyond = 4 + int(np.ceil(look.apart))
    left, top = (int(centre - disc.radius) - beyond for centre in (disc.x, disc.y))
    side = int(2 * disc.radius) + 2 * beyond + 1
    axis = np.arange(side, dtype=np.float32)
    u, v = ((axis + start - centre) / disc.radius * 255.5 + 255.5 for start, centre in ((left, disc.x), (top, disc.y)))
    map_x, map_y = np.meshgrid(u.astype(np.float32), v.astype(np.float32))
    percent = cv2.remap(uptake_of(look.patient + number), map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    colours = colours_from_percent(percent.astype(np.float32), palette_named(look.palette))
    away = np.hypot((map_x - 255.5), (map_y - 255.5)) / 255.5 * disc.radius
    part = screen[top : top + side, left : left + side].astype(np.float32)
    _blend(part, colours, (disc.radius - away + 0.5).clip(0, 1))
    if look.outline is not None:
        middle = disc.radius + look.apart + (look.outline_width / 2 if look.outside else 0)
        _blend(part, look.outline, (look.outline_width / 2 - np.abs(away - middle) + 0.5).clip(0, 1))
    screen[top : top + side, left : left + side] = np.rint(part)


def _blend(part: NDArray[np.float32], colours: object, share: NDArray[np.float32]) -> None:
    part += share[..., None] * (np.asarray(colours, np.float32) - part)


def _draw_beside(screen: Pixels, look: Look, disc: Disc) -> None:
    x, y, radius = disc.x, disc.y, disc.radius
    if look.lines is not None:
        _draw_segments(screen, look.lines, disc)
    if look.bar:
        at = int(x + radius + (1 if look.bar == "touching" else 0.15 * radius))
        levels = np.linspace(100, 0, int(radius)).astype(np.float32)[:, None]
        bar = colours_from_percent(np.repeat(levels, 18, axis=1), palette_named(look.palette))
        top = int(y - radius / 2)
        screen[top : top + bar.shape[0], at : at + 18] = bar
        cv2.rectangle(screen, (at - 1, top - 1), (at + 18, top + bar.shape[0]), (120, 120, 120), 1)
    if look.pointer:
        tip = np.array([x + 0.72 * radius, y + 0.66 * radius])
        arrow = np.array([(0, 0), (0, 30), (7, 23), (12, 34), (16, 32), (11, 21), (20, 21)]) + tip
        cv2.fillPoly(screen, [arrow.astype(np.int32)], (255, 255, 255))
        cv2.polylines(screen, [arrow.astype(np.int32)], True, (0, 0, 0), 1)
        cv2.line(
            screen,
            (int(x - 0.9 * radius), int(y - 0.3 * radius)),
            (int(x - 1.3 * radius), int(y - 0.5 * radius)),
            (255, 255, 0),
            1,
            cv2.LINE_AA,
        )
    if look.text:
        ink = (0, 0, 0) if sum(look.ground) > 380 else (255, 255, 255)
        for words, place in (
            ("ANT", (x - 18, y - radius - 3)),
            ("INF", (x - 18, y + radius + 15)),
            ("SEP", (x - radius - 42, y + 5)),
        ):
            cv2.putText(
                screen, words, (int(place[0]), int(place[1])), cv2.FONT_HERSHEY_SIMPLEX, 0.55, ink, 1, cv2.LINE_AA
            )
        cv2.putText(
            screen,
            "STRESS AC",
            (int(x - radius), int(y - radius + 14)),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.5,
            ink,
            1,
            cv2.LINE_AA,
        )


def _draw_segments(screen: Pixels, ink: Colour, disc: Disc) -> None:
    centre = (round(disc.x), round(disc.y))
    for share in (0.25, 0.5, 0.75):
        cv2.circle(screen, centre, round(share * disc.radius), ink, 1, cv2.LINE_AA)
    for degrees in range(0, 360, 60):
        way = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
        start, end = (np.array([disc.x, disc.y]) + reach * disc.radius * way for reach in (0.5, 1.05))
        cv2.line(screen, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), ink, 1, cv2.LINE_AA)


def _as_jpeg(screen: Pixels, quality: int) -> Pixels:
    if not quality:
        return screen
    content = cv2.imencode(".jpg", screen[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1])


def drawn_look(seed: int) -> Look:
    """A look drawn from a seed: every kind meets every other."""
    rng = np.random.default_rng(seed)
    maps = int(rng.choice([1, 1, 1, 2, 3]))
    diameter = int(rng.integers(140, (880, 760, 500)[maps - 1]))
    room = float(rng.uniform(0.06, 0.5))
    need = diameter * (1 + room) + 130
    ground = GROUNDS[rng.integers(len(GROUNDS))]
    desktop = GROUNDS[rng.integers(len(GROUNDS))] if rng.random() < 0.6 else None
    if desktop == ground:
        desktop = None
    return Look(
        width=int(max(need * maps + 40, rng.integers(640, 1700))),
        height=int(max(need, rng.integers(560, 1100))),
        diameter=diameter,
        maps=maps,
        ground=ground,
        desktop=desktop,
        frame=int(rng.choice([0, 1, 2, 4])),
        title=bool(rng.random() < 0.5),
        tasks=bool(rng.random() < 0.4),
        outline=OUTLINES[rng.integers(len(OUTLINES))] if rng.random() < 0.5 else None,
        outline_width=int(rng.integers(1, 4)),
        outside=bool(rng.random() < 0.6),
        lines=OUTLINES[rng.integers(3)] if rng.random() < 0.3 else None,
        pointer=bool(rng.random() < 0.2),
        bar=str(rng.choice(["", "", "apart", "touching"])) if room > 0.4 else "",
        text=bool(rng.random() < 0.4),
        room=room,
        quality=int(rng.choice([0, 60, 75, 85, 95])),
        palette=str(rng.choice(list(PALETTES))),
        patient=int(rng.integers(8)),
        lowered=int(rng.choice([0, 0, 3, -4])),
        shrinks=float(rng.choice([1.0, 1.0, 0.97])),
    )


__all__ = ["GROUNDS", "OUTLINES", "Look", "drawn", "drawn_look", "replace"]
