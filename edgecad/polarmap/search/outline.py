"""An outline that is drawn around a map, on its rim or just outside, is no part of the map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.search.circle import Disc
from edgecad.polarmap.search.rim import RAYS, STEP, rays_across

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

THINNEST, WIDEST = 0.75, 7.0
"""Width that counts as an outline, pixels: the two halves of the map's own edge lie less than half a pixel apart."""
ALL_AROUND = 0.35
"""Share of the rim along which an outline of one width is seen: elsewhere it has the colours of the map."""
FAINT = 12
"""Grey levels, in any channel, that JPEG's noise may make."""
ON_RIM = 0.25
"""How much of an outline is given to the map: none of it is where it was drawn outside, half of it if on the rim."""


def without_outline(screen: Pixels, disc: Disc) -> Disc:
    """`disc` without its outline on `screen` `(height, width, 3)` uint8 RGB; as it is where there is none.

    Along each ray the map's colour ends half the way to the ground's, and the ground's begins half the way to the
    map's. That is the same place on a bare map, and two places where something is drawn between them.
    """
    widest = min(WIDEST, 0.06 * disc.radius)
    inner, outer = disc.radius - widest - 3, disc.radius + 4
    rays = rays_across(screen, disc, (0, 0, 0), inner / disc.radius, outer / disc.radius)
    colours = rays.colours.astype(np.float32)
    of_map, of_ground = colours[:, :4].mean(axis=1), colours[:, -2:].mean(axis=1)
    half = np.maximum(np.abs(of_ground - of_map).max(axis=1) / 2, FAINT)
    map_ends = _leaves(colours, of_map, half)
    ground_begins = colours.shape[1] - 1 - _leaves(colours[:, ::-1], of_ground, half)
    widths = STEP * (ground_begins - map_ends)
    usual = _most_frequent(widths[(widths >= THINNEST) & (widths <= widest + 1)])
    of_usual = np.abs(widths - usual) <= max(0.75, 0.2 * usual)
    if not usual or of_usual.mean() < ALL_AROUND:
        return disc
    edge = float(rays.radii[0] + STEP * np.median(map_ends[of_usual]))
    return replace(disc, radius=edge + ON_RIM * usual)


def _most_frequent(widths: Floats) -> float:
    """The width that most rays see, to half a pixel; 0 if there is none."""
    if not len(widths):
        return 0.0
    counts = np.convolve(np.bincount(np.rint(widths / STEP).astype(np.intp)), [1, 1, 1], "same")
    return float(counts.argmax() * STEP)


def _leaves(colours: NDArray[np.float32], start: NDArray[np.float32], by: NDArray[np.float32]) -> Floats:
    """Index, between steps, at which each ray `(360, n, 3)` first differs from its `start` by so much; n if never."""
    away = np.abs(colours - start[:, None]).max(axis=2)
    differs = away > by[:, None]
    first = differs.argmax(axis=1)
    every, before = np.arange(RAYS), np.maximum(first - 1, 0)
    rise = np.maximum(away[every, first] - away[every, before], 1e-3)
    exact = first - ((away[every, first] - by) / rise).clip(0, 1)
    found: Floats = np.where(differs.any(axis=1), exact, colours.shape[1]).astype(np.float64)
    return found
