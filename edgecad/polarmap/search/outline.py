"""An outline that is drawn around a map, on its rim or just outside, is no part of the map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.search.circle import Disc
from edgecad.polarmap.search.rays import STEP, first_beyond, rays_across
from edgecad.polarmap.search.ring import within_ring

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

WIDEST = 7.0
"""Width of an outline at most, pixels."""
THINNEST, THINNEST_ALIKE = 0.75, 1.5
"""Widths that count as an outline, pixels, beyond the blur of the edge. The two halves of the map's own edge lie less
than half a pixel apart. Of an outline whose colour is near the map's, the edge has to be told by less than half."""
SOFT = 0.5
"""Blur of an edge that is not even smoothed, pixels."""
NEAR_MAP = 32
"""Grey levels, in any channel, by which such an outline differs from the map at least."""
ALL_AROUND, ALL_AROUND_ALIKE = 0.35, 0.5
"""Share of the rim along which such an outline of one width is seen: elsewhere it has the colours of the map."""
FAINT = 12
"""Grey levels, in any channel, that JPEG's noise may make."""
ON_RIM, MOST_ON_RIM = 0.25, 0.75
"""How much of an outline is given to the map, and how many pixels at most. None of it is the map's where it was drawn
outside, half of it if on the rim; what is drawn on a rim is 3 pixels wide at most."""
OUTSIDE = 1.25
"""Pixels from the map's own edge to the circle that was found, from which the circle is the outline's. A circle about
a bare map lies up to a pixel outside its edge."""
GROUND_BESIDE = 4.0
"""Pixels beside a circle in which the ground's colour is read."""


def map_alone(screen: Pixels, disc: Disc) -> Disc:
    """The map of `disc` without its outline and without rings around it, on `screen` `(height, width, 3)` uint8 RGB."""
    inner = within_ring(screen, disc)
    if inner is None:
        return without_outline(screen, disc)
    return without_outline(screen, inner.disc, min(inner.room, GROUND_BESIDE))


def without_outline(screen: Pixels, disc: Disc, room: float = GROUND_BESIDE) -> Disc:
    """`disc` without its outline on `screen` `(height, width, 3)` uint8 RGB; as it is where there is none.

    Args:
        room: how much ground lies beside the circle, pixels.

    Along each ray the map's colour ends half the way to the ground's, and the ground's begins half the way to the
    map's. That is the same place on a bare map, and two places where something is drawn between them.
    """
    widest = min(WIDEST, 0.06 * disc.radius)
    inner, outer = disc.radius - widest - 3, disc.radius + room
    rays = rays_across(screen, disc, (0, 0, 0), inner / disc.radius, outer / disc.radius)
    colours = rays.colours[::4].astype(np.float32)
    of_map, of_ground = colours[:, :4].mean(axis=1), colours[:, -2:].mean(axis=1)
    half = np.maximum(np.abs(of_ground - of_map).max(axis=1) / 2, FAINT)
    last = colours.shape[1] - 1
    ground_begins = last - _leaves(colours[:, ::-1], of_ground, half)
    faint = np.minimum(half, NEAR_MAP)
    # JPEG smears colours over two pixels, into the ground as far as into the map.
    blur = STEP * float(np.median(last - _leaves(colours[:, ::-1], of_ground, faint) - ground_begins))
    for level, thinnest, inwards, around in (
        (half, THINNEST + max(blur - SOFT, 0), 0.0, ALL_AROUND),
        (faint, THINNEST_ALIKE + blur, blur, ALL_AROUND_ALIKE),
    ):
        map_ends = _leaves(colours, of_map, level)
        widths = STEP * (ground_begins - map_ends)
        usual = _most_frequent(widths[(widths >= thinnest) & (widths <= widest + 1)])
        alike = np.abs(widths - usual) <= max(0.75, 0.2 * usual)
        if usual and alike.mean() >= around:
            edge = rays.radii[0] + STEP * float(np.median(map_ends[alike])) + inwards
            return _up_to(disc, edge, usual - inwards)
    # An outline with a colour near the ground's, here and there: the map ends at its inner edge all around.
    map_ends = STEP * _leaves(colours, of_map, half)
    edge = rays.radii[0] + float(np.median(map_ends))
    at_edge = np.abs(map_ends - np.median(map_ends)) <= OUTSIDE / 2
    beyond = disc.radius - edge
    return _up_to(disc, edge, beyond) if beyond > OUTSIDE and at_edge.mean() >= 1 - ALL_AROUND else disc


def _up_to(disc: Disc, edge: float, width: float) -> Disc:
    return replace(disc, radius=float(edge + min(ON_RIM * width, MOST_ON_RIM)))


def _most_frequent(widths: Floats) -> float:
    """The width that most rays see, to half a pixel; 0 if there is none."""
    if not len(widths):
        return 0.0
    counts = np.convolve(np.bincount(np.rint(widths / STEP).astype(np.intp)), [1, 1, 1], "same")
    return float(counts.argmax() * STEP)


def _leaves(colours: NDArray[np.float32], start: NDArray[np.float32], by: NDArray[np.float32]) -> Floats:
    """Index, between steps, at which each ray `(m, n, 3)` first differs from its `start` by so much; n if never."""
    return first_beyond(np.abs(colours - start[:, None]).max(axis=2), by)
