"""Whole screens on which no round map stands, or not one, or not all of it."""

from __future__ import annotations

import cv2
import numpy as np

from edgecad.colourtables import ColourTable
from edgecad_train.phantoms.imitations import ImitatedLayout, render_layout
from edgecad_train.phantoms.nonmaps.canvas import FONT, Field, Rng, moved, plane
from edgecad_train.phantoms.nonmaps.kind import family_in_tables
from edgecad_train.phantoms.nonmaps.patients import phantom_map
from edgecad_train.phantoms.palettes import colours_from_percent

_WHITE = (255, 255, 255)


def _empty(rng: Rng, level: int = 0) -> Field:
    height = int(rng.integers(500, 1000))
    return np.full((height, int(height * rng.uniform(1.1, 1.7)), 3), level, np.uint8)


def _map_screen(rng: Rng, table: ColourTable) -> tuple[Field, int]:
    """A bare map in the middle of a screen, and the diameter of its disc."""
    diameter = int(rng.integers(240, 620))
    layout = ImitatedLayout("bare", "bare", diameter=diameter, room=(90, 90, 90, 90))
    return render_layout(phantom_map(rng), table, layout), diameter


def _put(screen: Field, percent: Field, table: ColourTable, x: float, y: float, mask: Field) -> None:
    """Colours of a square map on a screen, where the mask wants them; what does not fit is left out."""
    side = len(mask)
    picture = colours_from_percent(np.asarray(cv2.resize(np.asarray(percent, np.float32), (side, side))), table)
    left, top = round(x), round(y)
    part = screen[max(top, 0) : top + side, max(left, 0) : left + side]
    own = (slice(max(-top, 0), max(-top, 0) + part.shape[0]), slice(max(-left, 0), max(-left, 0) + part.shape[1]))
    part[mask[own]] = picture[own][mask[own]]


def _disc(side: int) -> Field:
    off = np.arange(side) - (side - 1) / 2
    return np.asarray(np.hypot(off[:, None], off[None]) <= side / 2)


def _cropped(rng: Rng, table: ColourTable) -> Field:
    """The screen's edge cuts a part of the map off."""
    screen, diameter = _map_screen(rng, table)
    free = (screen.shape[1] - diameter) // 2
    cut = free + round(rng.uniform(0.06, 0.5) * diameter)
    return np.ascontiguousarray(np.rot90(screen[:, cut:], int(rng.integers(4))))


def _cut_straight(rng: Rng, table: ColourTable) -> Field:
    """A straight line cuts a part of the map off."""
    screen, diameter = _map_screen(rng, table)
    rows, columns = np.mgrid[: screen.shape[0], : screen.shape[1]]
    turn = rng.uniform(0, 7)
    away = (columns - screen.shape[1] / 2) * np.cos(turn) + (rows - screen.shape[0] / 2) * np.sin(turn)
    screen[away > rng.uniform(0, 0.88) * diameter / 2] = 0
    return screen


def _unwrapped(rng: Rng, table: ColourTable) -> Field:
    """Angles to the right, radius downwards."""
    x, y, _, _ = plane()
    whole = moved(phantom_map(rng), *((y + 1) / 2 * wave(np.pi * x) for wave in (np.cos, np.sin)))
    screen = _empty(rng)
    height, width = round(rng.uniform(0.35, 0.6) * screen.shape[0]), round(rng.uniform(0.6, 0.9) * screen.shape[1])
    small = np.asarray(cv2.resize(np.asarray(whole, np.float32), (width, height)))
    screen[60 : 60 + height, 30 : 30 + width] = colours_from_percent(small, table)
    return screen


def _ellipse(rng: Rng, table: ColourTable) -> Field:
    screen, _ = _map_screen(rng, table)
    narrow = 1 / rng.uniform(1.12, 2)
    sides = (narrow, 1.0) if rng.random() < 0.5 else (1.0, narrow)
    return np.asarray(cv2.resize(screen, None, fx=sides[0], fy=sides[1], interpolation=cv2.INTER_AREA))


def _sheared(rng: Rng, table: ColourTable) -> Field:
    screen, _ = _map_screen(rng, table)
    height, width = screen.shape[:2]
    lean = rng.uniform(0.15, 0.6) * rng.choice((-1, 1))
    way = np.array([[1, lean, -lean * height / 2], [0, 1, 0]])
    return np.asarray(cv2.warpAffine(screen, way, (width, height), flags=cv2.INTER_LINEAR))


def _leaning_screen(rng: Rng, table: ColourTable) -> Field:
    """A photograph of a screen from the side."""
    screen, _ = _map_screen(rng, table)
    height, width = screen.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    lean = rng.uniform(0.18, 0.3)
    seen = corners * (1, 1) + np.array([(0, 0), (0, lean * height), (0, -lean * height), (0, 0)])
    way = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    return np.asarray(cv2.warpPerspective(screen, way, (width, height), flags=cv2.INTER_LINEAR))


def _overlapping(rng: Rng, table: ColourTable) -> Field:
    """Two maps, one partly behind the other."""
    screen = _empty(rng)
    side = round(rng.uniform(0.45, 0.62) * screen.shape[0])
    apart = rng.uniform(0.2, 0.8) * side
    x, y = (screen.shape[1] - side - apart) / 2, (screen.shape[0] - side) / 2
    for number in range(2):
        _put(screen, phantom_map(rng), table, x + number * apart, y, _disc(side))
    return screen


def _two_maps(rng: Rng, table: ColourTable) -> Field:
    """Two maps beside one another, the second often smaller, without a word which one is meant."""
    screen = _empty(rng)
    side = round(rng.uniform(0.3, 0.44) * screen.shape[1])
    for number, own in enumerate((side, round(side * rng.uniform(0.5, 1)))):
        middle = (0.26 + 0.48 * number) * screen.shape[1]
        _put(screen, phantom_map(rng), table, middle - own / 2, (screen.shape[0] - own) / 2, _disc(own))
    return screen


def _square(rng: Rng, table: ColourTable) -> Field:
    screen = _empty(rng)
    side = round(rng.uniform(0.4, 0.8) * screen.shape[0])
    _put(
        screen,
        phantom_map(rng),
        table,
        (screen.shape[1] - side) / 2,
        (screen.shape[0] - side) / 2,
        np.ones((side,) * 2, bool),
    )
    return screen


def _many_sided(rng: Rng, table: ColourTable) -> Field:
    screen = _empty(rng)
    side, corners = round(rng.uniform(0.5, 0.85) * screen.shape[0]), int(rng.integers(3, 8))
    turns = rng.uniform(0, 7) + np.arange(corners) * 2 * np.pi / corners
    mask = np.zeros((side, side), np.uint8)
    points = np.stack([side / 2 * (1 + np.cos(turns)), side / 2 * (1 + np.sin(turns))], axis=1)
    cv2.fillPoly(mask, [points.astype(np.int32)], 1)
    _put(screen, phantom_map(rng), table, (screen.shape[1] - side) / 2, (screen.shape[0] - side) / 2, mask > 0)
    return screen


def _star(rng: Rng, table: ColourTable) -> Field:
    """The disc with bites out of its rim."""
    screen = _empty(rng)
    side, bites = round(rng.uniform(0.5, 0.85) * screen.shape[0]), int(rng.integers(3, 12))
    along = (np.arange(side) - (side - 1) / 2) / (side / 2)
    angle = np.arctan2(along[:, None], along[None])
    edge = 1 - rng.uniform(0.06, 0.25) * (1 + np.cos(bites * angle)) / 2
    mask = np.hypot(along[:, None], along[None]) < edge
    _put(screen, phantom_map(rng), table, (screen.shape[1] - side) / 2, (screen.shape[0] - side) / 2, mask)
    return screen


def _half_loaded(rng: Rng, table: ColourTable) -> Field:
    """The picture ends before it is whole, as of a file cut short."""
    screen, _ = _map_screen(rng, table)
    screen[round(rng.uniform(0.3, 0.75) * len(screen)) :] = 128
    return screen


def _text_page(rng: Rng, table: ColourTable) -> Field:
    paper = int(rng.choice((0, 255)))
    screen = _empty(rng, paper)
    size = rng.uniform(0.5, 1.3)
    for y in range(40, len(screen) - 10, int(34 * size) + 6):
        words = " ".join("".join(chr(97 + c) for c in rng.integers(0, 26, rng.integers(2, 9))) for _ in range(12))
        cv2.putText(screen, words, (20, y), FONT, size, (255 - paper,) * 3, 2, cv2.LINE_AA)
    return screen


def _chart_page(rng: Rng, table: ColourTable) -> Field:
    screen = _empty(rng, int(rng.choice((0, 255))))
    height, width = screen.shape[:2]
    for x in range(60, width - 60, int(rng.integers(40, 100))):
        colour = tuple(int(value) for value in rng.integers(40, 256, 3))
        cv2.rectangle(screen, (x, int(rng.uniform(0.1, 0.9) * height)), (x + 30, height - 40), colour, -1)
    cv2.line(screen, (40, height - 40), (width - 20, height - 40), (128, 128, 128), 2)
    return screen


def _slices_page(rng: Rng, table: ColourTable) -> Field:
    """Rows of small slices, as on a page of a report."""
    screen = _empty(rng)
    step = int(rng.integers(90, 190))
    for y in range(step // 2, screen.shape[0] - step // 2, step):
        for x in range(step // 2, screen.shape[1] - step // 2, step):
            side = round(0.8 * step)
            _put(screen, phantom_map(rng), table, x - side / 2, y - side / 2, _disc(side))
    return screen


def _even(rng: Rng, table: ColourTable) -> Field:
    screen = _empty(rng, int(rng.integers(256)))
    return np.asarray((screen + rng.normal(0, rng.uniform(0, 3), screen.shape)).clip(0, 255), np.uint8)


def _photograph(rng: Rng, table: ColourTable) -> Field:
    """Colours that fill the whole screen, each channel for itself."""
    cells = rng.integers(0, 256, (*(2 * (int(rng.integers(6, 20)),)), 3)).astype(np.uint8)
    height, width = _empty(rng).shape[:2]
    return np.asarray(cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC))


def _bar_alone(rng: Rng, table: ColourTable) -> Field:
    """The colour bar, and no map."""
    screen = _empty(rng)
    height = round(0.7 * len(screen))
    levels = np.linspace(100, 0, height, dtype=np.float32)[:, None].repeat(30, axis=1)
    screen[60 : 60 + height, 80:110] = colours_from_percent(levels, table)
    cv2.putText(screen, "100", (120, 70), FONT, 0.5, _WHITE, 1, cv2.LINE_AA)
    return screen


def _halves(rng: Rng, table: ColourTable) -> Field:
    """The two halves of a map, a gap between them."""
    screen, diameter = _map_screen(rng, table)
    middle, gap = screen.shape[1] // 2, round(rng.uniform(0.05, 0.2) * diameter)
    black = np.zeros((len(screen), gap, 3), np.uint8)
    return np.concatenate([screen[:, :middle], black, screen[:, middle:]], axis=1)


WHOLE_SCREENS = family_in_tables("whole screens", {
    "cropped-by-the-screen": _cropped, "cut-by-a-line": _cut_straight, "unwrapped": _unwrapped, "ellipse": _ellipse,
    "sheared": _sheared, "leaning-screen": _leaning_screen, "two-maps-overlapping": _overlapping,
    "two-maps": _two_maps, "square-map": _square, "many-sided-map": _many_sided, "bitten-rim": _star,
    "half-loaded": _half_loaded, "page-of-text": _text_page, "page-of-bars": _chart_page,
    "page-of-small-maps": _slices_page, "even-screen": _even, "photograph-on-the-screen": _photograph,
    "bar-alone": _bar_alone, "halves-apart": _halves,
}, shows="screen")  # fmt: skip
