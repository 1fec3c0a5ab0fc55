"""Find the polar map on a report screen: one circle, lit, on a dark ground.

The search runs on a reduced screen and is refined on the full one, so its cost hardly grows with
the screen. Everything is deterministic: the random draws of the fit have a fixed seed.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.errors import InputRefused
from edgecad.polarmap.objections import Objections
from edgecad.polarmap.search.circle import (
    WANTED,
    Disc,
    is_straight,
    longest_gap,
    moved,
    points_on_rays,
    robust_circle,
)
from edgecad.polarmap.search.pixels import block_means, brightest_channel

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

SEARCH_SIDE = 512
"""Longest side of the reduced screen, pixels."""
DARK_GROUND = 40
"""Brightest grey level (median at the border) that still counts as a dark ground."""
LIT = 24
"""Grey levels above the ground from which a pixel belongs to a picture."""
MIN_DIAMETER = 128
"""Smallest disc, pixels: below, the 7 x 7 cells of a heat map have too few pixels behind them."""
MIN_RIM_SHARE = 0.8
"""Least share of the circle along which a rim must be seen; a severe defect may darken the rest."""
RIM_TOLERANCE = 0.005
"""How far the rim may lie from the circle, in radii: an ellipse of 1.02 or a polygon of 16 sides is no circle."""
MAX_LIT_OUTSIDE = 0.3
"""Largest lit area outside the disc (text, a colour bar), in areas of the disc."""
SECOND_PICTURE = 0.1
"""Side, in diameters of the disc, from which another compact picture counts as a second map."""
SLICE, SLICES = 0.045, 3
"""Side, in diameters, from which compact pictures count as slices, and how many of them are refused."""
REACH = 1.25
"""How much of the screen the rim is looked for on, in radii about the first guess: 1.08 twice, and room."""
STEP = 0.5
"""Of what is read along a ray, pixels."""
LETTER = 0.024
"""Height, in longer sides of the screen, up to which a shape is a letter of a text line."""


def disc_on_dark_ground(screen: Pixels, objections: Objections) -> Disc:
    """Find the one polar map on `screen`, `(height, width, 3)` uint8 RGB, whose ground is dark up to the border.

    Raises:
        InputRefused: `blank`, `no-disc`, `small`, `cut-off` or `several-maps`.
    """
    factor = -(-max(screen.shape[:2]) // SEARCH_SIDE)
    small = block_means(screen, factor)
    brightness = brightest_channel(small)
    ground = _ground_level(brightness)
    # Opening by one pixel drops text, whose strokes are thinner, before shapes are judged.
    lit = cv2.morphologyEx((brightness > ground + LIT).view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    coarse = _circle_of_largest_shape(lit)
    _object_to_other_pictures(lit, coarse, objections)
    # Block (i, j) has its centre at pixel (i + 1/2) * factor - 1/2.
    guess = Disc((coarse.x + 0.5) * factor - 0.5, (coarse.y + 0.5) * factor - 0.5, coarse.radius * factor)
    return _refined(screen, guess, ground + LIT, objections)


def _ground_level(brightness: Pixels) -> int:
    border = np.concatenate([brightness[:2].ravel(), brightness[-2:].ravel(), brightness[:, :2].ravel(),
                             brightness[:, -2:].ravel()])  # fmt: skip
    level = int(np.median(border))
    if level > DARK_GROUND:
        raise InputRefused("no-disc", f"the screen's border is bright (grey level {level}); {WANTED}")
    return level


def _circle_of_largest_shape(lit: Pixels) -> Disc:
    contours, _ = cv2.findContours(lit, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        raise InputRefused("blank", f"the screen is blank; {WANTED}")
    largest = max(contours, key=lambda contour: float(cv2.contourArea(contour)))
    points = largest[:, 0, :].astype(np.float64)
    if len(points) < 24:
        raise InputRefused("no-disc", f"only text or specks are on the screen; {WANTED}")
    return robust_circle(points[:: max(1, len(points) // 360)])


def _object_to_other_pictures(lit: Pixels, disc: Disc, objections: Objections) -> None:
    outside = lit.copy()
    cv2.circle(outside, (round(disc.x), round(disc.y)), int(np.ceil(disc.radius * 1.04)) + 1, 0, -1)
    contours, _ = cv2.findContours(outside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    sides = [compact_side(contour) for contour in contours]
    pictures = [side / (2 * disc.radius) for side in sides if side > LETTER * max(lit.shape)]
    if any(side > SECOND_PICTURE for side in pictures) or sum(side > SLICE for side in pictures) >= SLICES:
        objections.against("several-maps", f"other pictures stand beside the disc; {WANTED}, alone")
    share = float(outside.sum()) / (np.pi * disc.radius**2)
    if share > MAX_LIT_OUTSIDE:
        objections.against("several-maps", f"pictures beside the disc cover {share:.0%} of its area; {WANTED}, alone")


def compact_side(contour: NDArray[np.int32]) -> float:
    """Shorter side of a shape that is compact as a picture is, pixels; 0 for lines of text and colour bars."""
    _, _, width, height = cv2.boundingRect(contour)
    filled = float(cv2.contourArea(contour)) / (width * height)
    return float(min(width, height)) if max(width, height) < 2.5 * min(width, height) and filled > 0.4 else 0.0


def _refined(screen: Pixels, guess: Disc, threshold: int, objections: Objections) -> Disc:
    """Fit the circle again, to the rim seen along 360 rays of the full screen."""
    left, top = (max(int(centre - REACH * guess.radius), 0) for centre in (guess.x, guess.y))
    right, bottom = (int(centre + REACH * guess.radius) for centre in (guess.x, guess.y))
    brightness = brightest_channel(screen[top:bottom, left:right])
    guess = moved(guess, -left, -top)
    rim = _rim_along_rays(brightness, guess, threshold, inner=0.9)
    seen = np.isfinite(rim)
    if seen.sum() < 180:
        raise InputRefused("no-disc", f"what is on the screen has no round rim; {WANTED}")
    on_part = robust_circle(points_on_rays(guess, rim)[seen])
    disc = moved(on_part, left, top)
    if 2 * disc.radius < MIN_DIAMETER:
        objections.against(
            "small", f"the disc is {2 * disc.radius:.0f} pixels wide; at least {MIN_DIAMETER} are wanted"
        )
    _object_to_border(screen, disc, objections)
    _object_to_rim(brightness, on_part, threshold, objections)
    return disc


def _object_to_border(screen: Pixels, disc: Disc, objections: Objections) -> None:
    height, width = screen.shape[:2]
    room = min(disc.x, disc.y, width - 1 - disc.x, height - 1 - disc.y) - disc.radius
    if room < -max(objections.finest, 0.005 * disc.radius):
        objections.against("cut-off", f"the disc is cut off by the screen's edge; {WANTED}, whole")


def _object_to_rim(brightness: Pixels, disc: Disc, threshold: int, objections: Objections) -> None:
    rim = _rim_along_rays(brightness, disc, threshold, inner=0.3)
    on_circle = np.abs(np.nan_to_num(rim, nan=0.0) - disc.radius) < max(objections.finest, RIM_TOLERANCE * disc.radius)
    share = float(on_circle.mean())
    start, length = longest_gap(on_circle)
    # A chord leaves most of the rim where it was; a square leaves none and is no disc at all.
    if share >= 0.5 and length >= 12 and is_straight(points_on_rays(disc, rim), start, length, disc.radius):
        objections.against("cut-off", f"the disc is cut off along a straight line; {WANTED}, whole")
    if share < MIN_RIM_SHARE:
        objections.against(
            "no-disc",
            f"a round rim is seen along {share:.0%} of the circle, at least {MIN_RIM_SHARE:.0%} wanted; {WANTED}",
        )


def _rim_along_rays(brightness: Pixels, disc: Disc, threshold: int, inner: float) -> Floats:
    """Radius at which each of 360 rays, coming from outside, first stays lit for two pixels; NaN if never."""
    outer = disc.radius * 1.08
    steps = max(int(outer / STEP), 8)
    # What lies beyond the screen is dark.
    along = cv2.warpPolar(brightness, (steps, 360), (disc.x, disc.y), outer, cv2.INTER_NEAREST | cv2.WARP_FILL_OUTLIERS)
    radii = np.arange(steps) * (outer / steps)
    first_inside = int(np.searchsorted(radii, disc.radius * inner))
    lit = along[:, first_inside:][:, ::-1] > threshold
    if lit.shape[1] < 5:  # a spot of a few pixels
        return np.full(360, np.nan)
    steady = lit[:, :-4] & lit[:, 1:-3] & lit[:, 2:-2] & lit[:, 3:-1] & lit[:, 4:]
    first = steady.argmax(axis=1)
    return np.where(steady[np.arange(360), first], radii[::-1][first], np.nan)
