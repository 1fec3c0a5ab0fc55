"""Round drawings, signs and graphs."""

from __future__ import annotations

import colorsys
from itertools import pairwise

import cv2
import numpy as np

from edgecad_train.phantoms.nonmaps.canvas import (
    SIDE,
    Field,
    Rng,
    blank,
    blurred,
    circle,
    on_ring,
    plane,
    polygon,
    segment,
    soft,
    write,
)
from edgecad_train.phantoms.nonmaps.kind import family


def _ground(rng: Rng) -> Field:
    return blank(float(rng.uniform(5, 95)))


def _ink(rng: Rng, ground: Field) -> float:
    """A level that is seen on a ground."""
    return float(rng.uniform(70, 100) if ground[0, 0] < 50 else rng.uniform(0, 25))


def _clock(rng: Rng) -> Field:
    field = _ground(rng)
    ink = _ink(rng, field)
    for hour in range(12):
        turn = np.pi / 2 - hour * np.pi / 6
        write(field, str(hour or 12), *on_ring(0.8, turn), 0.12, ink)
        segment(field, on_ring(0.92, turn), on_ring(0.98, turn), ink, 0.02)
    for length, width in ((0.45, 0.06), (0.7, 0.035)):
        segment(field, (0, 0), on_ring(length, rng.uniform(0, 7)), ink, width)
    return field


def _pie(rng: Rng, field: Field, colours: list[object]) -> Field:
    shares = rng.dirichlet(np.full(len(colours), 2.0))
    starts = rng.uniform(0, 7) + 2 * np.pi * np.concatenate([[0], np.cumsum(shares)])
    for start, end, colour in zip(starts, starts[1:], colours, strict=False):
        corners = [(0.0, 0.0), *(on_ring(1.05, turn) for turn in np.linspace(start, end, 40))]
        polygon(field, corners, colour)
    return field


def _pie_in_a_table(rng: Rng) -> Field:
    return _pie(rng, blank(), [float(level) for level in rng.uniform(15, 100, int(rng.integers(3, 8)))])


def _bright(rng: Rng) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.5, 1), rng.uniform(0.6, 1))
    return int(255 * red), int(255 * green), int(255 * blue)


def _pie_in_colours(rng: Rng) -> Field:
    return _pie(rng, np.zeros((SIDE, SIDE, 3), np.uint8), [_bright(rng) for _ in range(rng.integers(3, 8))])


def _dartboard(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    odd = (np.floor((angle + rng.uniform(0, 1)) * 10 / np.pi) % 2).astype(bool)
    ring = ((radius > 0.55) & (radius < 0.63)) | ((radius > 0.9) & (radius < 0.98))
    dark, light = rng.uniform(5, 35), rng.uniform(60, 95)
    field = np.where(odd ^ ring, dark, light)
    return np.asarray(np.where(radius < 0.08, 100, field))


def _gauge(rng: Rng) -> Field:
    field = _ground(rng)
    ink = _ink(rng, field)
    for number, turn in enumerate(np.linspace(1.25 * np.pi, -0.25 * np.pi, 11)):
        segment(field, on_ring(0.78, turn), on_ring(0.93, turn), ink, 0.02)
        write(field, str(10 * number), *on_ring(0.64, turn), 0.07, ink)
    segment(field, (0, 0), on_ring(0.75, rng.uniform(-0.7, 3.8)), ink, 0.04)
    circle(field, 0, 0, 0.1, ink)
    write(field, ("km/h", "bar", "rpm", "%")[rng.integers(4)], 0, 0.45, 0.1, ink)
    return field


def _colour_wheel(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    hue = ((np.degrees(angle) + rng.uniform(0, 360)) % 360 / 2).astype(np.uint8)
    full = (255 * np.clip(radius, 0, 1) ** rng.uniform(0, 1)).astype(np.uint8)
    value = np.full_like(hue, int(rng.integers(150, 256)))
    return np.asarray(cv2.cvtColor(np.stack([hue, full, value], axis=2), cv2.COLOR_HSV2RGB))


def _target(rng: Rng) -> Field:
    count = int(rng.integers(3, 11))
    shades = rng.uniform(5, 100, count + 1) if rng.random() < 0.5 else np.resize((15.0, 90.0), count + 1)
    return np.asarray(shades[np.clip(plane()[2] * count, 0, count).astype(int)])


def _chess(rng: Rng) -> Field:
    count, turn = int(rng.integers(4, 14)), rng.uniform(0, 1.5)
    x, y, _, _ = plane()
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    odd = (np.floor(u * count / 2) + np.floor(v * count / 2)) % 2
    return np.asarray(np.where(odd > 0, rng.uniform(60, 100), rng.uniform(0, 40)))


def _code(rng: Rng) -> Field:
    """Square modules with three corners, as of a two-dimensional bar code."""
    count = int(rng.integers(21, 34))
    cells = rng.integers(0, 2, (count, count)).astype(np.float32)
    for row, column in ((3, 3), (3, count - 10), (count - 10, 3)):
        cells[row : row + 7, column : column + 7] = 0
        cells[row + 1 : row + 6, column + 1 : column + 6] = 1
        cells[row + 2 : row + 5, column + 2 : column + 5] = 0
    return np.asarray(5 + 90 * cv2.resize(cells, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST))


def _text(rng: Rng) -> Field:
    field = _ground(rng)
    ink, high = _ink(rng, field), rng.uniform(0.04, 0.12)
    for y in np.arange(-0.9, 0.95, 2.2 * high):
        word = " ".join("".join(chr(97 + c) for c in rng.integers(0, 26, rng.integers(2, 9))) for _ in range(9))
        write(field, word[: int(2.2 / high)], 0, float(y), high, ink)
    return field


def _numbers(rng: Rng) -> Field:
    field = _ground(rng)
    for y in np.arange(-0.75, 0.9, 0.25):
        for x in np.arange(-0.75, 0.9, 0.38):
            write(field, f"{rng.uniform(0, 100):.1f}", float(x), float(y), 0.07, _ink(rng, field))
    return field


def _bars(rng: Rng) -> Field:
    field = _ground(rng)
    ink, count = _ink(rng, field), int(rng.integers(4, 9))
    for number in range(count):
        left, high = -0.65 + 1.3 * number / count, rng.uniform(0.2, 1.2)
        right = left + 0.9 / count
        polygon(
            field, [(left, 0.6), (left, 0.6 - high), (right, 0.6 - high), (right, 0.6)], float(rng.uniform(20, 100))
        )
    segment(field, (-0.7, 0.6), (0.7, 0.6), ink, 0.015)
    return field


def _spider(rng: Rng) -> Field:
    field = _ground(rng)
    ink, count = _ink(rng, field), int(rng.integers(5, 11))
    turns = np.arange(count) * 2 * np.pi / count
    polygon(field, [on_ring(rng.uniform(0.3, 0.9), turn) for turn in turns], float(rng.uniform(30, 80)))
    for ring in (0.3, 0.6, 0.9):
        corners = [on_ring(ring, turn) for turn in turns]
        for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
            segment(field, start, end, ink, 0.008)
    for turn in turns:
        segment(field, (0, 0), on_ring(0.9, turn), ink, 0.008)
    return field


def _logo(rng: Rng) -> Field:
    field = _ground(rng)
    circle(field, 0, 0, 0.85, _ink(rng, field), 0.06)
    letters = "".join(chr(65 + c) for c in rng.integers(0, 26, rng.integers(1, 4)))
    write(field, letters, 0, 0, rng.uniform(0.4, 0.7), _ink(rng, field), rng.uniform(0.15, 0.3))
    return field


def _compass(rng: Rng) -> Field:
    field, turn = _ground(rng), rng.uniform(0, 7)
    ink = _ink(rng, field)
    for arm in range(8):
        length = 0.85 if arm % 2 == 0 else 0.45
        for side, shade in ((-0.35, ink), (0.35, 50.0)):
            away = turn + arm * np.pi / 4
            polygon(field, [(0, 0), on_ring(0.18, away + side), on_ring(length, away)], shade)
    for number, word in enumerate("ENWS"):
        write(field, word, *on_ring(0.92, turn + number * np.pi / 2), 0.1, ink)
    return field


def _yin_yang(rng: Rng) -> Field:
    x, y, _, _ = plane()
    dark, light = rng.uniform(0, 30), rng.uniform(70, 100)
    white = np.where(np.hypot(x, y + 0.5) < 0.5, True, np.where(np.hypot(x, y - 0.5) < 0.5, False, x > 0))
    white = np.where(np.hypot(x, y + 0.5) < 0.15, False, np.where(np.hypot(x, y - 0.5) < 0.15, True, white))
    return blurred(np.where(white, light, dark), 1)


def _sign(rng: Rng) -> Field:
    field = blank(float(rng.uniform(85, 100)))
    circle(field, 0, 0, 0.9, float(rng.uniform(20, 50)), 0.18)
    write(field, str(10 * rng.integers(2, 13)), 0, 0, 0.45, 5, 0.2)
    return field


def _sunburst(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    rays, sharp = int(rng.integers(6, 30)), rng.uniform(0.5, 5)
    return np.asarray(55 + 40 * np.tanh(sharp * np.sin(rays * angle + rng.uniform(0, 7))) * soft(0.15 - radius, 0.1))


def _maze(rng: Rng) -> Field:
    field = _ground(rng)
    ink = _ink(rng, field)
    for ring in np.arange(0.12, 1, 0.11):
        gap = rng.uniform(0, 7)
        way = [on_ring(float(ring), turn) for turn in np.linspace(gap + 0.25, gap + 6.0, 60)]
        for start, end in pairwise(way):
            segment(field, start, end, ink, 0.02)
        turn = rng.uniform(0, 7)
        segment(field, on_ring(float(ring), turn), on_ring(float(ring) + 0.11, turn), ink, 0.02)
    return field


def _progress(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    share = rng.uniform(0.15, 0.9)
    ring = soft(np.abs(radius - 0.75) - 0.13, 0.02)
    done = (angle / (2 * np.pi)) < share
    field = np.asarray(15 + ring * np.where(done, 80, 25), np.float32)
    write(field, f"{share:.0%}", 0, 0, 0.25, 95, 0.15)
    return field


def _scatter(rng: Rng) -> Field:
    field = _ground(rng)
    ink = _ink(rng, field)
    segment(field, (-0.65, 0.6), (0.65, 0.6), ink, 0.012)
    segment(field, (-0.65, -0.6), (-0.65, 0.6), ink, 0.012)
    for x in rng.uniform(-0.6, 0.6, int(rng.integers(20, 90))):
        circle(field, x, 0.5 * x * -1 + rng.normal(0, 0.15), 0.02, ink)
    return field


def _smile(rng: Rng) -> Field:
    field = blank(float(rng.uniform(65, 100)))
    for side in (-1, 1):
        circle(field, side * 0.35, -0.25, rng.uniform(0.07, 0.15), 5)
    way = [on_ring(rng.uniform(0.55, 0.56), turn) for turn in np.linspace(np.pi * 1.15, np.pi * 1.85, 30)]
    for start, end in pairwise(way):
        segment(field, start, end, 5, 0.06)
    return field


def _network(rng: Rng) -> Field:
    field = _ground(rng)
    ink = _ink(rng, field)
    spots = [on_ring(rng.uniform(0.1, 0.9), rng.uniform(0, 7)) for _ in range(rng.integers(8, 20))]
    for start in spots:
        segment(field, start, spots[int(rng.integers(len(spots)))], ink, 0.01)
    for spot in spots:
        circle(field, *spot, rng.uniform(0.03, 0.1), float(rng.uniform(30, 100)))
    return field


DRAWINGS = family("drawings", {
    "clock": _clock, "pie-in-a-table": _pie_in_a_table, "pie-in-colours": _pie_in_colours, "dartboard": _dartboard,
    "gauge": _gauge, "colour-wheel": _colour_wheel, "target": _target, "chess-board": _chess, "square-code": _code,
    "text": _text, "numbers": _numbers, "bar-chart": _bars, "spider-chart": _spider, "logo": _logo,
    "compass-rose": _compass, "yin-yang": _yin_yang, "road-sign": _sign, "sunburst": _sunburst, "maze": _maze,
    "progress-ring": _progress, "scatter-plot": _scatter, "smile": _smile, "network-graph": _network,
})  # fmt: skip
