"""A circle on a screen, and how one is fitted to points of which some lie elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecad.errors import InputRefused

Floats = NDArray[np.float64]

WANTED = "one polar map, a disc on an even ground, is wanted"


@dataclass(frozen=True)
class Disc:
    """A circle on the screen: centre and radius in pixels, x to the right, y down."""

    x: float
    y: float
    radius: float


def robust_circle(points: Floats) -> Disc:
    """Fit a circle to contour `points` `(n, 2)`, of which up to half may lie elsewhere (RANSAC)."""
    draw = np.random.default_rng(0)
    triples = points[draw.integers(0, len(points), (128, 3))]
    centres, radii = circles_through(triples)
    # A triple that is nearly straight gives a circle of any size, to which everything is near.
    extent = float(np.ptp(points, axis=0).max())
    tolerances = np.where(radii < extent, np.maximum(1.0, 0.01 * radii), 0.0)
    # A hundred points are enough to tell the best triple.
    votes = near_circles(points[:: max(1, len(points) // 100)], centres, radii, tolerances).sum(axis=1)
    best = slice(int(votes.argmax()), int(votes.argmax()) + 1)
    near = near_circles(points, centres[best], radii[best], tolerances[best])[0]
    if near.sum() < 12:
        raise InputRefused("no-disc", f"what is on the screen is not round; {WANTED}")
    return least_squares_circle(points[near])


def near_circles(points: Floats, centres: Floats, radii: Floats, tolerances: Floats) -> NDArray[np.bool_]:
    """Which of `(n, 2)` points lie on each of m circles within its tolerance, `(m, n)`."""
    x, y = points[None, :, 0] - centres[:, :1], points[None, :, 1] - centres[:, 1:]
    return np.abs(np.sqrt(x * x + y * y) - radii[:, None]) < tolerances[:, None]


def circles_through(triples: Floats) -> tuple[Floats, Floats]:
    """Circumscribed circles of `(n, 3, 2)` triples; degenerate ones become points far away."""
    a, b, c = triples[:, 0], triples[:, 1] - triples[:, 0], triples[:, 2] - triples[:, 0]
    cross = 2.0 * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
    flat = np.abs(cross) < 1e-6
    cross[flat] = 1.0
    bb, cc = (b**2).sum(axis=1), (c**2).sum(axis=1)
    offset = np.stack([c[:, 1] * bb - b[:, 1] * cc, b[:, 0] * cc - c[:, 0] * bb], axis=1) / cross[:, None]
    offset[flat] = 1e9
    return a + offset, np.linalg.norm(offset, axis=1)


def least_squares_circle(points: Floats) -> Disc:
    """Algebraic least-squares circle (Kasa 1976) through `(n, 2)` points."""
    x, y = points[:, 0], points[:, 1]
    design = np.stack([2 * x, 2 * y, np.ones_like(x)], axis=1)
    (cx, cy, c), *_ = np.linalg.lstsq(design, x**2 + y**2, rcond=None)
    return Disc(float(cx), float(cy), float(np.sqrt(max(c + cx**2 + cy**2, 0.0))))


def moved(disc: Disc, x: int, y: int) -> Disc:
    """The same disc where the screen begins at (-x, -y)."""
    return replace(disc, x=disc.x + x, y=disc.y + y)


def points_on_rays(disc: Disc, radii: Floats) -> Floats:
    """Points `(360, 2)` at `radii` `(360,)` from the centre of `disc`, one for each degree."""
    angles = np.radians(np.arange(360.0))
    return np.stack([disc.x + np.cos(angles) * radii, disc.y + np.sin(angles) * radii], axis=1)


def longest_gap(on_circle: NDArray[np.bool_]) -> tuple[int, int]:
    """Start and length, in rays, of the longest run of False around the circle."""
    doubled = np.concatenate([on_circle, on_circle])
    best_start, best_length, start = 0, 0, 0
    for index, seen in enumerate(doubled):
        if seen:
            start = index + 1
        elif index + 1 - start > best_length:
            best_start, best_length = start, index + 1 - start
    return best_start % 360, min(best_length, 360)


def is_straight(points: Floats, start: int, length: int, radius: float) -> bool:
    """Whether a run of `(360, 2)` points on rays lies on a line, to a hundredth of `radius`."""
    run = points[np.arange(start, start + length) % 360]
    run = run[np.isfinite(run).all(axis=1)]
    if len(run) < 8:
        return False
    centred = run - run.mean(axis=0)
    normal = np.linalg.svd(centred, full_matrices=False)[2][1]
    return float(np.quantile(np.abs(centred @ normal), 0.9)) < max(1.0, 0.01 * radius)
