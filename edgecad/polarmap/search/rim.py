"""Is a circle on a screen the rim of a disc that stands on an even ground? What 360 rays across it say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.errors import InputRefused
from edgecad.polarmap.search.circle import WANTED, Disc, points_on_rays, robust_circle
from edgecad.polarmap.search.grounds import EVEN, Colour
from edgecad.polarmap.search.outline import without_outline
from edgecad.polarmap.search.rays import RAYS, STEP, Rays, rays_across

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

ALIKE = 12
"""Grey levels, in any channel, below which a colour of the map cannot be told from the ground's."""
NOISE = 4
"""Grey levels that JPEG adds to an even ground beside a picture."""
DRAWN = 24
"""Grey levels from the ground from which something is drawn there."""
SHARP = 36
"""Grey levels within 3 pixels by which something ends at an edge; a map fades into the ground's colour slowly."""
TOLERANCE = 0.005
"""How far the rim may lie from the circle, in radii: an ellipse of 1.02 or a polygon of 16 sides is no circle."""
LEAST_SEEN, LEAST_RIGHT = 0.5, 0.8
"""Share of the circle along which a rim is seen where it must be; and its share of all rays that say where it is."""
MOST_COVERED = 0.3
"""Share of the circle beside which text, a colour bar or a frame may stand in place of the ground."""
POINTER = 24
"""Width of what may lie over the rim, pixels: a pointer, a line with its words."""
LEAST_EVEN = 0.5
"""Share of what is beside the rim that has the ground's colour exactly; text, lines and noise stand there too."""
MOST_CUT, CUT_WITHIN = 10, 32
"""Rays, among so many beside one another, along which the disc may end inside its circle."""


def rim_along(rays: Rays, radius: float) -> Floats:
    """Radius at which each ray first stays on the ground for two pixels, coming from inside; NaN if never.

    It is where half the way from the map's colour to the ground's is gone, which no blur of the edge moves. NaN also
    where the map has the ground's colour, and nothing is drawn along the rim.
    """
    off, radii = rays.off_ground, rays.radii
    inside = np.median(off[:, (radii > 0.945 * radius) & (radii < 0.985 * radius)], axis=1)
    start = np.full(RAYS, int(np.searchsorted(radii, 0.955 * radius)))
    about = (radii > 0.97 * radius) & (radii < 1.03 * radius)
    outline = np.where(about, off, 0)
    drawn = (inside < ALIKE) & (outline.max(axis=1) > DRAWN)
    start[drawn] = outline.argmax(axis=1)[drawn]
    level = np.where(drawn, outline.max(axis=1), inside)
    ground = off < np.clip(level / 2, ALIKE / 2, 60).astype(np.uint8)[:, None]
    steady = ground[:, :-3] & ground[:, 1:-2] & ground[:, 2:-1] & ground[:, 3:]
    steady &= np.arange(steady.shape[1]) >= start[:, None]
    first = steady.argmax(axis=1)
    seen = steady[np.arange(RAYS), first] & (level >= ALIKE) & (first > start)
    return np.where(seen, radii[first], np.nan)


@dataclass(frozen=True)
class Rim:
    """A circle whose rim was checked.

    Attributes:
        disc: the circle, up to the inner edge of an outline.
        off: how far the rim lies from the circle, pixels: median over 360 rays.
    """

    disc: Disc
    off: float


def rim_of(screen: Pixels, guess: Disc, ground: Colour, finest: float) -> Rim:
    """The circle through the rim about a first guess, checked.

    Raises:
        InputRefused: `no-disc` or `cut-off`: there is no such rim.
    """
    disc = guess
    _check_evenness(screen, guess, ground)
    for inner, outer in ((0.88, 1.14), (0.93, 1.08)):
        rim = rim_along(rays_across(screen, disc, ground, inner, outer), disc.radius)
        seen = np.isfinite(rim)
        if seen.mean() < 0.35:
            raise InputRefused("no-disc", f"what is on the screen has no round rim; {WANTED}")
        disc = robust_circle(points_on_rays(disc, rim)[seen])
        if not 0.85 < disc.radius / guess.radius < 1.18:
            raise InputRefused("no-disc", f"what is on the screen has no round rim; {WANTED}")
    bare = without_outline(screen, disc)
    return Rim(bare, _checked(screen, disc, ground, bare.radius, max(finest, TOLERANCE * disc.radius)))


def _check_evenness(screen: Pixels, disc: Disc, ground: Colour) -> None:
    """The ground is one colour; what has many colours beside a circle is a picture, or the map itself."""
    near, far = (1 + max(share, pixels / disc.radius) for share, pixels in ((0.03, 4), (0.08, 12)))
    beside = rays_across(screen, disc, ground, near, far, max(1.0, 0.01 * disc.radius)).off_ground
    if (beside <= EVEN + NOISE).mean() < LEAST_EVEN:
        raise InputRefused("no-disc", f"the ground beside a round rim is not even; {WANTED}")


def _checked(screen: Pixels, disc: Disc, ground: Colour, bare: float, tolerance: float) -> float:
    """How far the rim lies from the circle, pixels, where that is near; `bare` is the radius within an outline."""
    rays = rays_across(screen, disc, ground, min(0.93, (bare - tolerance - 3) / disc.radius), 1.08)
    rim = rim_along(rays, disc.radius)
    off = np.abs(np.nan_to_num(rim, nan=0.0) - disc.radius)
    right = off < tolerance
    covered = ~right & _covered(rays, disc.radius, tolerance)
    edged = covered & _edged(rays, bare - tolerance + 0.5, disc.radius + tolerance - 0.5)
    faded = ~right & ~covered
    if faded.any():
        faded &= _fades(screen, disc, ground)
    wrong = ~right & ~edged & ~faded
    most = max(MOST_CUT, np.degrees(POINTER / disc.radius))
    if _most_beside(wrong) >= most and right.mean() >= LEAST_SEEN:
        raise InputRefused("cut-off", f"the disc is cut off along a line; {WANTED}, whole")
    share = float(right.sum() / max(right.sum() + wrong.sum(), 1))
    if right.mean() < LEAST_SEEN or share < LEAST_RIGHT or covered.mean() > MOST_COVERED:
        raise InputRefused(
            "no-disc",
            f"a round rim is seen along {right.mean():.0%} of the circle, at least {LEAST_RIGHT:.0%} wanted; {WANTED}",
        )
    return float(np.median(off))


def _covered(rays: Rays, radius: float, tolerance: float) -> Mask:
    """Where something stands beside the circle in place of the ground."""
    beside = (rays.radii > radius + tolerance) & (rays.radii < radius + tolerance + 3)
    return np.asarray(np.median(rays.off_ground[:, beside], axis=1) > ALIKE)


def _edged(rays: Rays, inner: float, outer: float) -> Mask:
    """Where the map, or an outline around it, ends at the circle beside something that is not ground."""
    step = max(1, round(2 / STEP))
    change = np.abs(rays.colours[:, step:].astype(np.int16) - rays.colours[:, :-step]).max(axis=2)
    middles = rays.radii[:-step] + 1
    at_circle = change[:, (middles >= inner) & (middles <= outer)]
    return np.asarray(at_circle.max(axis=1, initial=0) > DRAWN)


def _most_beside(marked: Mask) -> int:
    """Most of the marked among `CUT_WITHIN` rays that lie beside one another."""
    around = np.concatenate([marked, marked[:CUT_WITHIN]]).astype(np.intp).cumsum()
    return int((around[CUT_WITHIN:] - around[:-CUT_WITHIN]).max())


def _fades(screen: Pixels, disc: Disc, ground: Colour) -> Mask:
    """Where the map comes out of the ground's colour slowly: it has that colour at the rim, and is not cut."""
    rays = rays_across(screen, disc, ground, 0.3, 1.0 - max(1.5 / disc.radius, TOLERANCE), 1.0)
    off = rays.off_ground[:, ::-1]
    stays = (off[:, :-1] > ALIKE) & (off[:, 1:] > ALIKE)
    first = stays.argmax(axis=1)
    deeper = np.minimum(first + 3, off.shape[1] - 1)
    before = np.maximum(first - 1, 0)
    every = np.arange(RAYS)
    rise = off[every, deeper].astype(np.float64) - off[every, before]
    return np.asarray(stays[every, first] & (rise < SHARP * max(1.0, 128 / disc.radius)))
