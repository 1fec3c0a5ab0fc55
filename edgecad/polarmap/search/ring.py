"""A ring that stands apart from a map: ground lies between the two, and the map ends within."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.search.circle import Disc, points_on_rays, robust_circle
from edgecad.polarmap.search.rays import RAYS, first_beyond, rays_across

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

INNERMOST, BEYOND = 0.8, 8.0
"""Where a ring's map may end, in radii of the ring; and how far outside the ground is looked at, pixels."""
FINEST = 256
"""Steps along a radius at most, each half a pixel at least."""
EVERY = 4
"""Of 360 rays each so many are read."""
GROUND = 40
"""Grey levels, in any channel, up to which a narrow gap still has the ground's colour: JPEG smears its neighbours."""
ALL_AROUND = 0.8
"""Share of the rays that see ground from which it is a gap; and of those that see the map's edge within."""
LEAST_GAP, WIDEST = 1.0, 12.0
"""Width of a gap at least, and of a ring at most, pixels."""
ONE_COLOUR = 16
"""Grey levels, in any channel, by which half of a ring's rays differ at most from its usual colour."""
HALF_WAY = 2.0
"""Pixels from a gap within which the map's edge lies, and beyond which its own colour is read."""
SHARP = 0.7
"""Of the way from ground to map that an edge goes within twice so many pixels. A map whose base fades into the ground's
colour goes it slowly; what stands around that one is its own outline."""


@dataclass(frozen=True)
class WithinRing:
    """A map within a ring; `room` is how much ground lies beside it, pixels."""

    disc: Disc
    room: float


def within_ring(screen: Pixels, disc: Disc) -> WithinRing | None:
    """The map within the ring that `disc` was found by, on `screen` `(height, width, 3)` uint8 RGB; None: no ring.

    Of several rings the innermost counts.
    """
    step = max(0.5, disc.radius / FINEST)
    rays = rays_across(screen, disc, (0, 0, 0), INNERMOST, 1 + BEYOND / disc.radius, step, EVERY)
    colours = rays.colours.astype(np.int16)
    ground = np.median(colours[:, -max(2, round(2 / step)) :], axis=(0, 1))
    off = np.abs(colours - ground).max(axis=2)
    runs = _runs((off <= GROUND).mean(axis=0) >= ALL_AROUND)
    gaps = (
        run
        for run, further in pairwise(runs)
        if len(run) * step >= LEAST_GAP
        and run.start * step > 3 * HALF_WAY
        and rays.radii[run.stop - 1] < disc.radius + 1
        and _is_ring(colours[:, run.stop : further.start], step)
    )
    gap = next(gaps, None)
    if gap is None:
        return None
    edges = np.full(RAYS, np.nan)
    edges[::EVERY] = _edges(off, rays.radii, gap, step)
    seen = np.isfinite(edges)
    if seen.sum() < ALL_AROUND * len(off):
        return None
    inner = robust_circle(points_on_rays(disc, edges)[seen])
    room = float(rays.radii[gap.stop - 1] - inner.radius)
    apart = float(np.hypot(inner.x - disc.x, inner.y - disc.y))
    return WithinRing(inner, room) if apart < (1 - INNERMOST) * disc.radius else None


def _runs(marked: Mask) -> list[range]:
    changes = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return [range(start, stop) for start, stop in zip(changes[::2], changes[1::2], strict=True)]


def _is_ring(colours: NDArray[np.int16], step: float) -> bool:
    """Whether what lies between two runs of ground `(m, n, 3)` is narrow and has one colour all around."""
    middle = colours[:, colours.shape[1] // 2]
    usual = np.abs(middle - np.median(middle, axis=0)).max(axis=1)
    return colours.shape[1] * step <= WIDEST and float(np.median(usual)) <= ONE_COLOUR


def _edges(off: NDArray[np.int16], radii: Floats, gap: range, step: float) -> Floats:
    """Radius `(m,)` at which each ray, coming out of the gap, is half the way to the map's colour; NaN if never.

    NaN also where the map fades into the gap.
    """
    reach = round(HALF_WAY / step)
    first = max(0, gap.start - 3 * reach)
    inwards = off[:, first : gap.start + max(1, len(gap) // 2)][:, ::-1].astype(np.float64)
    of_map = np.median(inwards[:, -reach:], axis=1)
    steps = first_beyond(inwards, of_map / 2)
    last = inwards.shape[1] - 1
    at, each = np.minimum(np.rint(steps).astype(np.intp), last), np.arange(len(off))
    rise = inwards[each, np.minimum(at + reach, last)] - inwards[each, np.maximum(at - reach, 0)]
    sharp = (of_map > GROUND) & (rise >= SHARP * of_map) & (steps <= last)
    return np.where(sharp, radii[first + last] - step * steps, np.nan)
