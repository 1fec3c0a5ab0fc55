"""The 17 segments of the left ventricle on a polar map.

Anterior wall on top, septum left, inferior wall at the bottom, lateral wall right. Angles are degrees
counter-clockwise from 3 o'clock, radii are shares of the disc's radius (0 apex, 1 base).

Source: Cerqueira et al., Circulation 2002;105:539-542 (segments and territories).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

Territory = Literal["LAD", "RCA", "LCx"]
TERRITORIES: tuple[Territory, ...] = ("LAD", "RCA", "LCx")

RING_RADII = (0.2, 0.467, 0.733, 1.0)
"""Outer radius of the apex, the apical, the mid and the basal ring."""


@dataclass(frozen=True)
class Segment:
    """One segment: number 1 to 17, radii as shares of the disc, angles in degrees."""

    number: int
    name: str
    inner: float
    outer: float
    start: float
    span: float
    territory: Territory


_WALLS = ("anterior", "anteroseptal", "inferoseptal", "inferior", "inferolateral", "anterolateral")
_APICAL_WALLS = ("anterior", "septal", "inferior", "lateral")
_WALL_TERRITORIES: tuple[Territory, ...] = ("LAD", "LAD", "RCA", "RCA", "LCx", "LCx")
_APICAL_TERRITORIES: tuple[Territory, ...] = ("LAD", "LAD", "RCA", "LCx")


def _six(first: int, ring: str, inner: float, outer: float) -> tuple[Segment, ...]:
    walls = zip(_WALLS, _WALL_TERRITORIES, strict=True)
    return tuple(
        Segment(first + i, f"{ring} {wall}", inner, outer, (60.0 + 60.0 * i) % 360, 60.0, territory)
        for i, (wall, territory) in enumerate(walls)
    )


def _four(first: int, inner: float, outer: float) -> tuple[Segment, ...]:
    walls = zip(_APICAL_WALLS, _APICAL_TERRITORIES, strict=True)
    return tuple(
        Segment(first + i, f"apical {wall}", inner, outer, (45.0 + 90.0 * i) % 360, 90.0, territory)
        for i, (wall, territory) in enumerate(walls)
    )


SEGMENTS: tuple[Segment, ...] = (
    *_six(1, "basal", RING_RADII[2], RING_RADII[3]),
    *_six(7, "mid", RING_RADII[1], RING_RADII[2]),
    *_four(13, RING_RADII[0], RING_RADII[1]),
    Segment(17, "apex", 0.0, RING_RADII[0], 0.0, 360.0, "LAD"),
)


def segments_of(territory: Territory) -> tuple[int, ...]:
    """Return the numbers of the segments that an artery supplies."""
    return tuple(segment.number for segment in SEGMENTS if segment.territory == territory)


def segment_at(radius: npt.NDArray[np.float64], angle: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Return segment numbers (0 outside the disc), in the broadcast shape of both arguments.

    `radius` is a share of the disc's radius, `angle` in degrees (any turn).
    """
    radius, angle = np.broadcast_arrays(radius, angle)
    numbers = np.zeros(radius.shape, np.uint8)
    for segment in SEGMENTS:
        # The rim itself belongs to the basal ring: no pixel of the disc is without a segment.
        below = radius <= segment.outer if segment.outer == RING_RADII[-1] else radius < segment.outer
        turn = np.mod(angle - segment.start, 360.0) < segment.span
        numbers[(radius >= segment.inner) & below & turn] = segment.number
    return numbers


@lru_cache(maxsize=8)
def disc_coordinates(size: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return radius (share) and angle (degrees, 0 to 360) of each pixel of a `(size, size)` square.

    The disc touches the square's sides; pixel centres are the points. Read-only: it is kept between calls.
    """
    axis = (np.arange(size) - (size - 1) / 2) / (size / 2)
    x, y = np.meshgrid(axis, -axis)
    radius, angle = np.hypot(x, y), np.degrees(np.arctan2(y, x)) % 360.0
    radius.flags.writeable = angle.flags.writeable = False
    return radius, angle


@lru_cache(maxsize=8)
def segment_map(size: int) -> npt.NDArray[np.uint8]:
    """Return the segment number of each pixel, `(size, size)`, 0 outside the disc; kept between calls, read-only."""
    numbers = segment_at(*disc_coordinates(size))
    numbers.flags.writeable = False
    return numbers


def segment_means(disc: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the mean of a `(size, size)` map in segments 1 to 17, `(17,)`, in the map's unit.

    Pixels that are NaN count nowhere; a segment of nothing else is NaN.
    """
    known = np.isfinite(disc)
    numbers = segment_map(disc.shape[0])[known]
    counts = np.bincount(numbers, minlength=18)[1:]
    sums = np.bincount(numbers, weights=disc[known].astype(np.float64), minlength=18)[1:]
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
