"""Circles along the borders of even colours: first guesses of where discs are, on a reduced screen."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.search.circle import Disc, circles_through, least_squares_circle, near_circles
from edgecad.polarmap.search.grounds import Colour, distance_to

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

OFF_GROUND = (14, 7)
"""Grey levels from the ground's colour, in any channel, from which a pixel belongs to something else: first by as much
as JPEG's noise, then, where maps are still missing, by less, as where a grey map stands on grey."""
DRAWS = 96
LEAST_ARC = 0.14
"""Share of a circle that a border must follow: a disc that touches a frame leaves four borders of an eighth or more."""
MOST_ON_ONE_BORDER = 6
CIRCLES_A_POINT = 400
"""Points of a border that are looked at, at most."""


def circles_beside(
    small: Pixels, ground: Colour, least_radius: float, known: list[Disc], off_ground: int
) -> list[Disc]:
    """Circles that borders of what is not `ground` follow, in pixels of `small` `(height, width, 3)` uint8 RGB.

    Borders inside of discs that are `known` belong to these.
    """
    size = 3 if max(small.shape[:2]) < 2 * 205 or min(small.shape[:2]) < 400 else 5
    off = cv2.threshold(distance_to(small, ground), off_ground, 255, cv2.THRESH_BINARY)[1]
    # Opening drops text, lines and pointers, whose strokes are thin: they would join the disc to what is beside it.
    shapes = cv2.morphologyEx(off, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    contours, _ = cv2.findContours(shapes, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    found: list[Disc] = []
    for contour in contours:
        if len(contour) >= 2 * np.pi * least_radius * LEAST_ARC and not _lies_in(contour, known):
            found += _circles_on(contour[:, 0, :].astype(np.float64), least_radius, max(small.shape[:2]) / 2)
    return found


def _lies_in(contour: NDArray[np.int32], known: list[Disc]) -> bool:
    left, top, width, height = cv2.boundingRect(contour)
    return any(
        np.hypot(left + width / 2 - disc.x, top + height / 2 - disc.y) + max(width, height) / 2 <= 1.05 * disc.radius
        for disc in known
    )


def _circles_on(points: Floats, least_radius: float, most_radius: float) -> list[Disc]:
    """Circles that parts of one border `(n, 2)` follow, the one that holds most of it first."""
    draw = np.random.default_rng(0)
    step = max(1, len(points) // CIRCLES_A_POINT)
    left = points[::step]
    found: list[Disc] = []
    while (
        len(left) * step >= 2 * np.pi * least_radius * LEAST_ARC and len(left) >= 9 and len(found) < MOST_ON_ONE_BORDER
    ):
        centres, radii = circles_through(_neighbouring_triples(left, draw))
        radii = np.where((radii >= 0.9 * least_radius) & (radii <= most_radius), radii, np.nan)
        votes = near_circles(left[:: max(1, len(left) // 100)], centres, radii, np.maximum(1.0, 0.012 * radii))
        best = int(votes.sum(axis=1).argmax())
        on = near_circles(left, centres[[best]], radii[[best]], np.maximum(1.2, 0.015 * radii[[best]]))[0]
        if on.sum() < 9:
            break
        disc = least_squares_circle(left[on])
        on = near_circles(left, np.array([[disc.x, disc.y]]), np.array([disc.radius]), np.array([1.5]))[0]
        if on.sum() * step >= LEAST_ARC * 2 * np.pi * disc.radius and 0.9 * least_radius <= disc.radius <= most_radius:
            found.append(disc)
        elif len(found) == 0 or on.sum() < 9:
            break
        left = left[~on]
    return found


def _neighbouring_triples(points: Floats, draw: np.random.Generator) -> Floats:
    """Triples of points that follow one another on the border `(n, 2)`, near and far: `(draws, 3, 2)`."""
    count = len(points)
    first = draw.integers(0, count, DRAWS)
    apart = (count * draw.uniform(0.02, 0.33, DRAWS)).astype(np.intp).clip(2)
    triples: Floats = points[np.stack([first, first + apart, first + 2 * apart], axis=1) % count]
    return triples
