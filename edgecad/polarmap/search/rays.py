"""What is seen of a screen along rays across a circle."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.search.circle import Disc
from edgecad.polarmap.search.grounds import Colour, distance_to

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

RAYS = 360
STEP = 0.5
"""Of what is read along a ray, pixels."""


@dataclass(frozen=True)
class Rays:
    """What is seen along m rays across a circle: distance to the ground's colour, `(m, n)`, at n rising radii."""

    radii: Floats
    off_ground: Pixels
    colours: Pixels


def rays_across(
    screen: Pixels, disc: Disc, ground: Colour, inner: float, outer: float, step: float = STEP, every: int = 1
) -> Rays:
    """Read `screen` along rays from `inner` to `outer`, in radii; what lies beyond it is ground.

    Args:
        step: of what is read along a ray, pixels.
        every: of 360 rays only each so many.
    """
    radii = np.arange(inner * disc.radius, outer * disc.radius + step, step)
    points = np.radians(np.arange(0, RAYS, every, dtype=np.float64))[:, None]
    x = (disc.x + np.cos(points) * radii).astype(np.float32)
    y = (disc.y + np.sin(points) * radii).astype(np.float32)
    colours = cv2.remap(screen, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=ground)
    return Rays(radii, distance_to(np.asarray(colours), ground), np.asarray(colours))


def first_beyond(values: NDArray[np.floating], by: NDArray[np.floating]) -> Floats:
    """Index, between steps, at which each row of `(m, n)` values first lies beyond its own `by` `(m,)`; n if never."""
    beyond = values > by[:, None]
    first = beyond.argmax(axis=1)
    every, before = np.arange(len(values)), np.maximum(first - 1, 0)
    rise = np.maximum(values[every, first] - values[every, before], 1e-3)
    exact = first - ((values[every, first] - by) / rise).clip(0, 1)
    found: Floats = np.where(beyond.any(axis=1), exact, values.shape[1]).astype(np.float64)
    return found
