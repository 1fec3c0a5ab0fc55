"""Screens that are no single polar map, fifteen kinds of them, each drawn anew from a seed."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Rng = np.random.Generator


def screen(rng: Rng, level: int = 0) -> Pixels:
    """An empty screen of some size, 600 to 1100 pixels high."""
    height = int(rng.integers(600, 1100))
    return np.full((height, int(height * rng.uniform(1.0, 1.7)), 3), level, np.uint8)


def uptake(rng: Rng, side: int) -> Pixels:
    """A smooth picture through one colour table, as a map's inside is."""
    coarse = rng.uniform(60, 255, (5, 5)).astype(np.float32)
    scalar = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC).clip(40, 255)
    table = (cv2.COLORMAP_HOT, cv2.COLORMAP_JET, cv2.COLORMAP_BONE, cv2.COLORMAP_INFERNO)[rng.integers(4)]
    return np.asarray(cv2.applyColorMap(scalar.astype(np.uint8), table))


def disc_on(canvas: Pixels, x: float, y: float, radius: float, inside: Pixels) -> Pixels:
    """The canvas with a disc cut from the middle of a square picture."""
    side = 2 * int(radius) + 1
    picture = cv2.resize(inside, (side, side))
    left, top = round(x - radius), round(y - radius)
    rows, columns = np.mgrid[0:side, 0:side] - radius
    mask = rows**2 + columns**2 <= radius**2
    part = canvas[top : top + side, left : left + side]
    part[mask[: part.shape[0], : part.shape[1]]] = picture[: part.shape[0], : part.shape[1]][
        mask[: part.shape[0], : part.shape[1]]
    ]
    return canvas


def centred(rng: Rng, inside: Pixels, ground: int = 0) -> Pixels:
    canvas = screen(rng, ground)
    height, width = canvas.shape[:2]
    return disc_on(canvas, width / 2, height / 2, rng.uniform(0.25, 0.45) * height, inside)


def blank(rng: Rng) -> Pixels:
    canvas = screen(rng, int(rng.integers(256)))
    return np.asarray((canvas + rng.normal(0, rng.uniform(0, 3), canvas.shape)).clip(0, 255), np.uint8)


def noise(rng: Rng) -> Pixels:
    canvas = screen(rng)
    return rng.integers(0, int(rng.integers(40, 256)), canvas.shape, dtype=np.uint8)


def page(rng: Rng) -> Pixels:
    paper = int(rng.choice([0, 255]))
    canvas = screen(rng, paper)
    size = rng.uniform(0.5, 1.4)
    for y in range(40, canvas.shape[0] - 10, int(34 * size) + 6):
        words = " ".join("".join(chr(97 + c) for c in rng.integers(0, 26, rng.integers(2, 9))) for _ in range(12))
        cv2.putText(canvas, words, (20, y), cv2.FONT_HERSHEY_SIMPLEX, size, (255 - paper,) * 3, 2, cv2.LINE_AA)
    return canvas


def photograph(rng: Rng) -> Pixels:
    """Three channels that vary each for itself, over the whole screen or inside a disc."""
    cells = int(rng.integers(6, 24))
    picture = cv2.resize(
        rng.integers(0, 256, (cells, cells, 3)).astype(np.uint8), (700, 700), interpolation=cv2.INTER_CUBIC
    )
    if rng.random() < 0.5:
        return centred(rng, picture)
    canvas = screen(rng)
    return np.asarray(cv2.resize(picture, (canvas.shape[1], canvas.shape[0])))


def two_maps(rng: Rng) -> Pixels:
    canvas = screen(rng)
    height, width = canvas.shape[:2]
    first = rng.uniform(0.16, 0.22) * width
    second = rng.uniform(0.5, 1.0) * first
    disc_on(canvas, 0.25 * width, height / 2, first, uptake(rng, 256))
    return disc_on(canvas, 0.75 * width, height / 2, second, uptake(rng, 256))


def cut_off(rng: Rng) -> Pixels:
    """A map beyond the screen's edge, or cut by a straight line."""
    whole = centred(rng, uptake(rng, 512))
    height, width = whole.shape[:2]
    lit = np.flatnonzero(whole.any(axis=2).any(axis=0))
    span = lit[-1] - lit[0]
    if rng.random() < 0.5:
        return np.ascontiguousarray(whole[:, int(lit[0] + rng.uniform(0.04, 0.5) * span) :])
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[0:height, 0:width]
    at = rng.uniform(0.1, 0.92) * span / 2
    beyond = (columns - width / 2) * np.cos(angle) + (rows - height / 2) * np.sin(angle) > at
    whole[beyond] = 0
    return whole


def ellipse(rng: Rng) -> Pixels:
    whole = centred(rng, uptake(rng, 512))
    return np.asarray(cv2.resize(whole, None, fx=1, fy=1 / rng.uniform(1.06, 2), interpolation=cv2.INTER_AREA))


def polygon(rng: Rng) -> Pixels:
    """A rectangle, or a regular polygon of up to eight sides."""
    canvas = screen(rng)
    height, width = canvas.shape[:2]
    sides = int(rng.integers(3, 9))
    angles = rng.uniform(0, 2 * np.pi) + np.arange(sides) * 2 * np.pi / sides
    points = np.stack([width / 2 + 0.4 * height * np.cos(angles), height / 2 + 0.4 * height * np.sin(angles)], axis=1)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [points.astype(np.int32)], 1)
    picture = cv2.resize(uptake(rng, 512), (width, height))
    return np.asarray(np.where(mask[..., None] > 0, picture, 0), np.uint8)


def colour_wheel(rng: Rng) -> Pixels:
    rows, columns = np.mgrid[0:512, 0:512] - 255.5
    hue = ((np.degrees(np.arctan2(rows, columns)) + rng.uniform(0, 360)) % 360 / 2).astype(np.uint8)
    saturation = np.full_like(hue, int(rng.integers(150, 256)))
    value = np.full_like(hue, int(rng.integers(150, 256)))
    return centred(rng, np.asarray(cv2.cvtColor(np.stack([hue, saturation, value], axis=2), cv2.COLOR_HSV2RGB)))


def slice_of_ct(rng: Rng) -> Pixels:
    """A body in grey: a bright rim, soft tissue, organs and bones with edges."""
    picture = np.full((512, 512), int(rng.integers(80, 140)), np.uint8)
    for _ in range(int(rng.integers(5, 14))):
        centre = (int(rng.integers(90, 420)), int(rng.integers(90, 420)))
        axes = (int(rng.integers(12, 80)), int(rng.integers(12, 80)))
        cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, int(rng.integers(10, 256)), -1)
    grainy = picture + rng.normal(0, rng.uniform(2, 12), picture.shape)
    return centred(rng, np.repeat(np.asarray(grainy.clip(0, 255), np.uint8)[..., None], 3, axis=2))


def projection(rng: Rng) -> Pixels:
    """A nuclear-medicine projection: counts, Poisson noise, no rim."""
    side = 64
    rows, columns = np.mgrid[0:side, 0:side]
    counts = np.zeros((side, side))
    for _ in range(4):
        y, x = rng.uniform(15, 50, 2)
        counts += rng.uniform(5, 40) * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / rng.uniform(30, 200))
    noisy = rng.poisson(counts).astype(np.float64)
    grey = (255 * noisy / noisy.max()).astype(np.uint8)
    canvas = screen(rng)
    height = canvas.shape[0]
    large = cv2.resize(grey, (height, height), interpolation=cv2.INTER_NEAREST)
    canvas[:, : min(height, canvas.shape[1])] = large[:, : canvas.shape[1], None]
    return canvas


def slices(rng: Rng) -> Pixels:
    """Rows of small pictures, as on a page of slices."""
    canvas = screen(rng)
    step = int(rng.integers(110, 200))
    for y in range(step // 2, canvas.shape[0] - step // 2, step):
        for x in range(step // 2, canvas.shape[1] - step // 2, step):
            disc_on(canvas, x, y, 0.42 * step, uptake(rng, 64))
    return canvas


def chart(rng: Rng) -> Pixels:
    canvas = screen(rng, int(rng.choice([0, 255])))
    height, width = canvas.shape[:2]
    for x in range(60, width - 60, int(rng.integers(30, 90))):
        colour = tuple(int(value) for value in rng.integers(40, 256, 3))
        cv2.rectangle(canvas, (x, int(rng.uniform(0.1, 0.9) * height)), (x + 24, height - 40), colour, -1)
    cv2.line(canvas, (40, height - 40), (width - 20, height - 40), (128, 128, 128), 2)
    return canvas


def written_over(rng: Rng) -> Pixels:
    """A map under so many lines of text that little of it is left to see."""
    canvas = centred(rng, uptake(rng, 512))
    for y in range(0, canvas.shape[0], int(rng.integers(22, 36))):
        cv2.putText(
            canvas, "PATIENT REPORT " * 8, (0, y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (255, 255, 255), 3, cv2.LINE_AA
        )
    return canvas


def flat(rng: Rng) -> Pixels:
    return centred(rng, np.full((64, 64, 3), rng.integers(60, 256, 3), np.uint8))


KINDS: tuple[Callable[[Rng], Pixels], ...] = (
    blank, noise, page, photograph, two_maps, cut_off, ellipse, polygon, colour_wheel, slice_of_ct, projection, slices,
    chart, written_over, flat,
)  # fmt: skip
