"""An outline that is drawn around a map, on its rim or just outside, is no part of the map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.search.circle import Disc
from edgecad.polarmap.search.rim import RAYS, rays_across

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

STANDS_OUT = 45
"""Grey levels, in any channel, by which an outline differs from the map beside it: a map changes by 3 a pixel."""
THINNEST, WIDEST = 1.6, 7.0
"""Width that counts as an outline, pixels; below, it may be the soft edge of the map itself."""
ALL_AROUND = 0.6
"""Share of the rim along which an outline is seen: elsewhere it has the colours of the map."""


def without_outline(screen: Pixels, disc: Disc) -> Disc:
    """`disc` up to the inner edge of its outline on `screen` `(height, width, 3)` uint8 RGB; as it is without one."""
    widest = min(WIDEST, 0.06 * disc.radius)
    inner, outer = disc.radius - widest - 3, disc.radius + 4
    rays = rays_across(screen, disc, (0, 0, 0), inner / disc.radius, outer / disc.radius)
    colours = rays.colours.astype(np.float32)
    # Both edges as seen from within: where the map's colour ends, and where the ground's begins.
    from_map = _leaves(colours, colours[:, :4].mean(axis=1), STANDS_OUT)
    change = np.abs(colours[:, -1] - colours[:, :4].mean(axis=1)).max(axis=1)
    outwards = colours[:, ::-1]
    from_ground = colours.shape[1] - 1 - _leaves(outwards, colours[:, -1], np.clip(change / 2, 12, 60))
    width = (from_ground - from_map) * 0.5
    middle = float(np.median(width))
    if middle < THINNEST or (np.abs(width - middle) <= 1.0).mean() < ALL_AROUND:
        return disc
    return replace(disc, radius=float(rays.radii[0] + 0.5 * np.median(from_map)))


def _leaves(colours: NDArray[np.float32], start: NDArray[np.float32], by: float | NDArray[np.float32]) -> Floats:
    """Index at which each ray `(360, n, 3)` first differs from its `start` in a channel for two steps; n if never."""
    differs = np.abs(colours - start[:, None]).max(axis=2) > np.broadcast_to(by, (RAYS,))[:, None]
    steady = differs[:, :-1] & differs[:, 1:]
    first: Floats = np.where(steady.any(axis=1), steady.argmax(axis=1), colours.shape[1]).astype(np.float64)
    return first
