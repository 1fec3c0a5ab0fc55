"""What drawings of non-maps share: coordinates of a square, soft shapes, noise, levels.

A field is `(SIDE, SIDE)`, a level at each pixel; its inscribed disc is what a screen shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
Field = NDArray[Any]
"""Levels `(SIDE, SIDE)`, or a picture `(SIDE, SIDE, 3)` uint8 RGB."""

SIDE = 512
FONT = cv2.FONT_HERSHEY_SIMPLEX
_FINE = 4


@lru_cache(maxsize=1)
def plane() -> tuple[Field, Field, Field, Field]:
    """x to the right, y down, radius and angle of each pixel: the rim is at radius 1, angles run from 0 to 2 pi."""
    along = (np.arange(SIDE) - (SIDE - 1) / 2) / (SIDE / 2)
    x, y = np.meshgrid(along, along)
    found = x, y, np.hypot(x, y), np.arctan2(-y, x) % (2 * np.pi)
    for each in found:
        each.flags.writeable = False  # it is kept between calls
    return found


def soft(distance: Field, width: float) -> Field:
    """1 where a distance is below nought, 0 beyond, with an edge `width` wide."""
    return 1 / (1 + np.exp(np.clip(4 * distance / width, -40, 40)))


def blob(x: float, y: float, wide: float, high: float | None = None, turn: float = 0.0) -> Field:
    """A Gaussian of height 1, its standard deviations in shares of the radius, turned by radians."""
    across, down, _, _ = plane()
    u = (across - x) * np.cos(turn) + (down - y) * np.sin(turn)
    v = -(across - x) * np.sin(turn) + (down - y) * np.cos(turn)
    return np.exp(-0.5 * ((u / wide) ** 2 + (v / (high or wide)) ** 2))


def oval(x: float, y: float, wide: float, high: float, turn: float = 0.0, edge: float = 0.06) -> Field:
    """An ellipse of level 1 with half axes in shares of the radius, and a soft edge."""
    across, down, _, _ = plane()
    u = (across - x) * np.cos(turn) + (down - y) * np.sin(turn)
    v = -(across - x) * np.sin(turn) + (down - y) * np.cos(turn)
    return soft((np.hypot(u / wide, v / high) - 1) * min(wide, high), edge)


def rounded(rng: Rng, cells: int) -> Field:
    """Smooth noise, mean 0 and deviation about 1, of so many cells across."""
    coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.float64)


def spectral(rng: Rng, power: float) -> Field:
    """Noise whose amplitude falls with frequency to a power: 0 white, 1 to 3 clouds."""
    waves = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None, :])
    waves[0, 0] = 1
    noise = np.fft.irfft2(np.fft.rfft2(rng.normal(0, 1, (SIDE, SIDE))) / waves**power, s=(SIDE, SIDE))
    return np.asarray((noise - noise.mean()) / noise.std())


def grain(rng: Rng, size: float) -> Field:
    """Noise of deviation 1 with grains of that standard deviation in pixels."""
    noise = rng.normal(0, 1, (SIDE, SIDE))
    smooth = blurred(noise, size)
    return smooth / smooth.std()


def blurred(field: Field, pixels: float) -> Field:
    """Gaussian blur; its standard deviation in pixels."""
    return np.asarray(cv2.GaussianBlur(np.asarray(field, np.float32), (0, 0), pixels), np.float64)


def counted(rng: Rng, field: Field, most: float, blur: float = 0.0) -> Field:
    """Poisson counts on a grid of 128, at most `most` in the mean, as a camera has them, then filtered."""
    small = np.asarray(cv2.resize(np.asarray(field, np.float32), (128, 128), interpolation=cv2.INTER_AREA))
    counts = rng.poisson(most * np.clip(small / small.max(), 0, 1)).astype(np.float32)
    large = cv2.resize(counts, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return blurred(large, blur) if blur else np.asarray(large, np.float64)


def levels(rng: Rng, field: Field, low: tuple[float, float] = (0, 45)) -> Field:
    """A field as percent: its least level within the disc somewhere in `low`, its highest at 96 to 100."""
    inside = field[plane()[2] < 0.99]
    least, most = (float(value) for value in np.quantile(inside, (0.002, 0.998)))
    share = np.clip((field - least) / max(most - least, 1e-9), 0, 1)
    bottom = rng.uniform(*low)
    return bottom + share * (rng.uniform(96, 100) - bottom)


def pair(rng: Rng, low: float, high: float) -> tuple[float, float]:
    """Two numbers between two limits: a place, or two sides."""
    return float(rng.uniform(low, high)), float(rng.uniform(low, high))


def either(rng: Rng, field: Field) -> Field:
    """The field or its negative: a screen may show either."""
    return field if rng.random() < 0.5 else -field


def pixels_of(x: float, y: float) -> tuple[int, int]:
    """A place in shares of the radius as pixels of the square, in OpenCV's fractions."""
    return round((x + 1) * SIDE / 2 * 2**_FINE), round((y + 1) * SIDE / 2 * 2**_FINE)


def blank(level: float = 0) -> Field:
    """An even field, for what is drawn by OpenCV."""
    return np.full((SIDE, SIDE), level, np.float32)


def segment(field: Field, start: tuple[float, float], end: tuple[float, float], level: Any, width: float) -> None:
    """Draw a straight line; places and width are shares of the radius."""
    cv2.line(field, pixels_of(*start), pixels_of(*end), level, max(1, round(width * SIDE / 2)), cv2.LINE_AA, _FINE)


def polygon(field: Field, corners: Sequence[tuple[float, float]], level: Any) -> None:
    """Fill a polygon; places are shares of the radius."""
    cv2.fillPoly(field, [np.array([pixels_of(*corner) for corner in corners], np.int32)], level, cv2.LINE_AA, _FINE)


def circle(field: Field, x: float, y: float, radius: float, level: Any, width: float = -1) -> None:
    """Draw a circle; filled unless a width is given."""
    thick = -1 if width < 0 else max(1, round(width * SIDE / 2))
    cv2.circle(field, pixels_of(x, y), round(radius * SIDE / 2 * 2**_FINE), level, thick, cv2.LINE_AA, _FINE)


def on_ring(radius: float, angle: float) -> tuple[float, float]:
    """A place by radius and angle in radians, counter-clockwise from the right."""
    return float(radius * np.cos(angle)), float(-radius * np.sin(angle))


def write(field: Field, text: str, x: float, y: float, high: float, level: Any, bold: float = 0.12) -> None:
    """Write a word with its middle at a place; its height in shares of the radius, strokes `bold` of the height."""
    scale = high * SIDE / 2 / 21
    thick = max(1, round(bold * high * SIDE / 2))
    (width, height), _ = cv2.getTextSize(text, FONT, scale, thick)
    origin = round((x + 1) * SIDE / 2 - width / 2), round((y + 1) * SIDE / 2 + height / 2)
    if field.dtype == np.uint8:
        cv2.putText(field, text, origin, FONT, scale, level, thick, cv2.LINE_AA)
        return
    # OpenCV writes on bytes alone.
    ink = np.zeros(field.shape, np.uint8)
    cv2.putText(ink, text, origin, FONT, scale, 255, thick, cv2.LINE_AA)
    field += (level - field) * (ink / np.float32(255))


def moved(field: Field, across: Field, down: Field) -> Field:
    """Take each pixel from elsewhere: places in shares of the radius."""
    x, y = ((each + 1) * SIDE / 2 - 0.5 for each in (across, down))
    return np.asarray(cv2.remap(
        np.asarray(field, field.dtype if field.dtype == np.uint8 else np.float32), x.astype(np.float32),
        y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    ))  # fmt: skip


def branches(rng: Rng, field: Field, start: tuple[float, float], heading: float, width: float, level: Any) -> None:
    """Draw a vessel that winds and branches."""
    place, length = start, 0.0
    while width > 0.008 and length < 2.2 and np.hypot(*place) < 1.1:
        heading += rng.normal(0, 0.22)
        step = rng.uniform(0.05, 0.1)
        end = place[0] + step * float(np.cos(heading)), place[1] - step * float(np.sin(heading))
        segment(field, place, end, level, width)
        place, length, width = end, length + step, width * 0.97
        if rng.random() < 0.16:
            turned = heading + rng.choice((-1, 1)) * rng.uniform(0.4, 0.9)
            branches(rng, field, place, turned, width * rng.uniform(0.5, 0.75), level)
