"""Maps with something over them: windows, words, shadows."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from edgecad.colourtables import ColourTable
from edgecad_train.phantoms.nonmaps.canvas import (
    SIDE,
    Field,
    Rng,
    blob,
    circle,
    grain,
    on_ring,
    oval,
    pair,
    plane,
    polygon,
    rounded,
    segment,
    soft,
    write,
)
from edgecad_train.phantoms.nonmaps.kind import family_in_tables
from edgecad_train.phantoms.nonmaps.patients import phantom_map
from edgecad_train.phantoms.palettes import colours_from_percent

NAMES = ("PHANTOM, MARIA", "PHANTOM JOHN", "P. PHANTOM 1948", "PHANTOM-NGUYEN", "ANNA PHANTOM")


def _map(rng: Rng, table: ColourTable) -> Field:
    return np.ascontiguousarray(colours_from_percent(phantom_map(rng), table))


def _mixed(picture: Field, colour: tuple[int, int, int], share: Field) -> Field:
    """A colour over a picture, as opaque as `share` says at each pixel."""
    mixed = picture * (1 - share[..., None]) + np.array(colour) * share[..., None]
    return np.asarray(np.rint(mixed).clip(0, 255), np.uint8)


def _grey(rng: Rng, low: int, high: int) -> tuple[int, int, int]:
    shade = int(rng.integers(low, high))
    return shade, shade, shade


def _rectangle(rng: Rng, least: float = 0.5, most: float = 1.1) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a box over the disc."""
    x, y = rng.uniform(-0.4, 0.4, 2)
    wide, high = rng.uniform(least, most), rng.uniform(least, most) * 0.7
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


def _within(box: tuple[float, float, float, float]) -> Field:
    x, y, _, _ = plane()
    left, top, right, bottom = box
    return ((x > left) & (x < right) & (y > top) & (y < bottom)).astype(np.float64)


def _half_transparent_window(rng: Rng, table: ColourTable) -> Field:
    colour = (255, 255, 255) if rng.random() < 0.5 else _grey(rng, 0, 200)
    return _mixed(_map(rng, table), colour, rng.uniform(0.25, 0.75) * _within(_rectangle(rng)))


def _dialog(rng: Rng, table: ColourTable) -> Field:
    box = _rectangle(rng, 0.5, 0.9)
    picture = _mixed(_map(rng, table), _grey(rng, 190, 250), _within(box))
    write(picture, "Save?", (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, 0.09, (10, 10, 10))
    return picture


def _name(rng: Rng, table: ColourTable) -> Field:
    """A name across the map, in bold letters."""
    picture = _map(rng, table)
    ink = (255, 255, 255) if rng.random() < 0.6 else _grey(rng, 0, 150)
    write(
        picture, NAMES[rng.integers(5)], 0, rng.uniform(-0.4, 0.4), rng.uniform(0.06, 0.15), ink, rng.uniform(0.15, 0.3)
    )
    return picture


def _name_in_shade(rng: Rng, table: ColourTable) -> Field:
    """A name that lets the map shine through."""
    picture = _map(rng, table)
    words = np.zeros((SIDE, SIDE), np.float32)
    write(words, NAMES[rng.integers(5)], 0, rng.uniform(-0.4, 0.4), rng.uniform(0.1, 0.16), 1.0, rng.uniform(0.15, 0.3))
    return _mixed(picture, (255, 255, 255) if rng.random() < 0.5 else _grey(rng, 0, 150), words * rng.uniform(0.3, 0.6))


def _watermark(rng: Rng, table: ColourTable) -> Field:
    words = np.zeros((SIDE, SIDE), np.float32)
    write(words, ("COPY", "DEMO", "SAMPLE")[rng.integers(3)], 0, 0, rng.uniform(0.25, 0.4), 1.0, 0.25)
    turned = cv2.warpAffine(words, cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), rng.uniform(10, 45), 1), (SIDE, SIDE))
    return _mixed(_map(rng, table), (255, 255, 255), rng.uniform(0.12, 0.4) * np.asarray(turned))


def _soft_shadow(rng: Rng, table: ColourTable) -> Field:
    x, y = rng.uniform(-0.8, 0.8, 2)
    return _mixed(_map(rng, table), (0, 0, 0), rng.uniform(0.4, 0.85) * oval(x, y, *pair(rng, 0.3, 0.8), 0, 0.5))


def _glare(rng: Rng, table: ColourTable) -> Field:
    """Light that a screen throws back into a camera."""
    x, y = rng.uniform(-0.6, 0.6, 2)
    share = rng.uniform(0.4, 0.95) * blob(x, y, *pair(rng, 0.1, 0.4), rng.uniform(0, 3))
    return _mixed(_map(rng, table), (255, 255, 255), share)


def _veil(rng: Rng, table: ColourTable) -> Field:
    """Everything under a pale veil, as of a window that has no focus."""
    return _mixed(_map(rng, table), _grey(rng, 100, 256), np.full((SIDE, SIDE), rng.uniform(0.25, 0.6)))


def _crosshair_panel(rng: Rng, table: ColourTable) -> Field:
    picture = _map(rng, table)
    x, y = rng.uniform(-0.4, 0.4, 2)
    segment(picture, (-1, y), (1, y), (255, 255, 0), 0.006)
    segment(picture, (x, -1), (x, 1), (255, 255, 0), 0.006)
    box = (x + 0.04, y + 0.04, x + 0.55, y + 0.35)
    picture = _mixed(picture, _grey(rng, 0, 60), _within(box) * rng.uniform(0.7, 1))
    write(picture, f"{rng.integers(40, 100)} %", x + 0.28, y + 0.2, 0.08, (255, 255, 255))
    return picture


def _big_arrow(rng: Rng, table: ColourTable) -> Field:
    """Wider than any line that is painted over."""
    picture, turn = _map(rng, table), rng.uniform(0, 7)
    ink = (255, 255, 255) if rng.random() < 0.6 else _grey(rng, 0, 60)
    segment(picture, on_ring(0.8, turn), on_ring(0.35, turn), ink, rng.uniform(0.12, 0.2))
    polygon(picture, [on_ring(0.05, turn), on_ring(0.45, turn + 0.5), on_ring(0.45, turn - 0.5)], ink)
    return picture


def _region_filled(rng: Rng, table: ColourTable) -> Field:
    """A reader's region, filled with a colour that lets the map through."""
    share = rng.uniform(0.25, 0.6) * oval(*pair(rng, -0.4, 0.4), *pair(rng, 0.2, 0.5), rng.uniform(0, 3), 0.02)
    colour = ((255, 0, 0), (0, 255, 0), (0, 120, 255))[rng.integers(3)]
    return _mixed(_map(rng, table), colour, share)


def _heat_over(rng: Rng, table: ColourTable) -> Field:
    """Another program's explanation over the map, in rainbow colours."""
    heat = np.clip(rounded(rng, 6) * 0.3 + 0.5, 0, 1)
    colours = np.asarray(cv2.applyColorMap((255 * heat).astype(np.uint8), cv2.COLORMAP_JET))[..., ::-1]
    share = rng.uniform(0.3, 0.6)
    return np.asarray(np.rint((1 - share) * _map(rng, table) + share * colours), np.uint8)


def _sticker(rng: Rng, table: ColourTable) -> Field:
    picture = _map(rng, table)
    place, size = on_ring(rng.uniform(0, 0.6), rng.uniform(0, 7)), rng.uniform(0.15, 0.4)
    circle(picture, *place, size, _grey(rng, 0, 256))
    write(picture, str(rng.integers(1, 10)), *place, 0.8 * size, (200, 30, 30), 0.15)
    return picture


def _scribble(rng: Rng, table: ColourTable) -> Field:
    """A pen's thick line to and fro."""
    picture, ink = _map(rng, table), (255, 255, 255) if rng.random() < 0.5 else (0, 0, 0)
    spots = rng.uniform(-0.7, 0.7, (int(rng.integers(6, 16)), 2))
    for start, end in pairwise(spots):
        segment(picture, tuple(start), tuple(end), ink, rng.uniform(0.06, 0.1))
    return picture


def _bands(rng: Rng, table: ColourTable) -> Field:
    """A screen filmed by a camera: dark bands roll over it."""
    _, y, _, _ = plane()
    dark = 0.5 + 0.5 * np.sin(rng.uniform(4, 14) * y + rng.uniform(0, 7))
    return _mixed(_map(rng, table), (0, 0, 0), rng.uniform(0.25, 0.6) * dark)


def _moire(rng: Rng, table: ColourTable) -> Field:
    x, y, _, _ = plane()
    wave, turn = rng.uniform(60, 180), rng.uniform(0.02, 0.2)
    grid = np.sin(wave * x) * np.sin(wave * (x * np.cos(turn) + y * np.sin(turn)))
    grid = grid * np.sin(wave * (y * np.cos(turn) - x * np.sin(turn)))
    light = 1 + rng.uniform(0.3, 0.6) * grid[..., None] * (1 + 0.3 * np.array((1, -1, 1)) * np.sin(9 * y)[..., None])
    return np.asarray((_map(rng, table) * light * 0.9).clip(0, 255), np.uint8)


def _dust(rng: Rng, table: ColourTable) -> Field:
    """Noise of a camera on all three colours."""
    noise = np.stack([grain(rng, 1.5) for _ in range(3)], axis=2)
    return np.asarray((_map(rng, table) + rng.uniform(14, 40) * noise).clip(0, 255), np.uint8)


def _vignette(rng: Rng, table: ColourTable) -> Field:
    radius = plane()[2]
    return _mixed(_map(rng, table), (0, 0, 0), rng.uniform(0.5, 0.9) * np.clip(radius, 0, 1) ** rng.uniform(1.5, 3))


def _coronary_tree(rng: Rng, table: ColourTable) -> Field:
    """Arteries drawn over the map, thick."""
    picture = _map(rng, table)
    for turn in rng.uniform(0, 2 * np.pi, int(rng.integers(3, 6))):
        way = [on_ring(r, turn + 0.3 * np.sin(5 * r)) for r in np.linspace(1, 0.15, 15)]
        for start, end in pairwise(way):
            segment(picture, start, end, (180, 0, 0), rng.uniform(0.05, 0.09))
    return picture


def _tint(rng: Rng, table: ColourTable) -> Field:
    """Half of the screen in another light."""
    x, y, _, _ = plane()
    side = soft(x * np.cos(turn := rng.uniform(0, 7)) + y * np.sin(turn), 0.05)
    return _mixed(_map(rng, table), tuple(int(v) for v in rng.integers(0, 256, 3)), rng.uniform(0.25, 0.6) * side)  # type: ignore[arg-type]


LAID_OVER = family_in_tables("laid over a map", {
    "half-transparent-window": _half_transparent_window, "dialog": _dialog, "name-in-bold": _name,
    "name-in-shade": _name_in_shade, "watermark": _watermark, "soft-shadow": _soft_shadow, "glare": _glare,
    "veil": _veil, "crosshair-with-panel": _crosshair_panel, "big-arrow": _big_arrow, "region-filled": _region_filled,
    "heat-over-it": _heat_over, "sticker": _sticker, "scribble": _scribble, "dark-bands": _bands, "moire": _moire,
    "camera-noise": _dust, "vignette": _vignette, "coronary-tree": _coronary_tree, "tinted-half": _tint,
})  # fmt: skip
