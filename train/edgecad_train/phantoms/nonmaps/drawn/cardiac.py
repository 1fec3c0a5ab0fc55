"""Cardiac pictures that are no perfusion polar map."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from edgecad.polarmap.segments import segment_map
from edgecad_train.phantoms.nonmaps.canvas import (
    SIDE,
    Field,
    Rng,
    blank,
    blob,
    blurred,
    branches,
    circle,
    counted,
    levels,
    moved,
    oval,
    pair,
    plane,
    polygon,
    rounded,
    segment,
    soft,
    spectral,
    write,
)
from edgecad_train.phantoms.nonmaps.kind import family
from edgecad_train.phantoms.nonmaps.patients import phantom_map


def _uneven(rng: Rng, strength: float = 0.3) -> Field:
    """How the wall varies around: a defect or two and smooth unevenness, 0 to about 1.3."""
    angle = plane()[3]
    wall = 1 + 0.1 * np.cos(angle + rng.uniform(0, 7)) + 0.05 * np.cos(2 * angle + rng.uniform(0, 7))
    if rng.random() < 0.6:
        off = (angle - rng.uniform(0, 2 * np.pi) + np.pi) % (2 * np.pi) - np.pi
        wall = wall - rng.uniform(strength, 0.7) * np.exp(-0.5 * (off / rng.uniform(0.25, 0.7)) ** 2)
    return np.asarray(wall)


def _wall(inner: float, outer: float, edge: float) -> Field:
    radius = plane()[2]
    return soft(radius - outer, edge) * soft(inner - radius, edge)


def _short_axis(rng: Rng) -> Field:
    """A slice with the body around it: the wall is a ring in the middle, the right ventricle faint."""
    outer = rng.uniform(0.35, 0.6)
    wall = _wall(outer * rng.uniform(0.35, 0.55), outer, rng.uniform(0.08, 0.2)) * _uneven(rng)
    right = 0.3 * _wall(0, 0.8, 0.3) * oval(-outer - 0.12, 0.1, 0.25, 0.4)
    liver = rng.uniform(0, 0.6) * blob(-0.5, 0.9, 0.35)
    x, y = rng.uniform(-0.15, 0.15, 2)
    moved_wall = moved(wall + right, plane()[0] - x, plane()[1] - y)
    return levels(rng, moved_wall + liver + 0.05 + 0.02 * rounded(rng, 24), (0, 15))


def _short_axis_filling(rng: Rng) -> Field:
    """A slice that fills the circle: the wall reaches the rim, the cavity is warm with blood and blur."""
    wall = _wall(rng.uniform(0.15, 0.5), rng.uniform(0.9, 1.15), rng.uniform(0.15, 0.5)) * _uneven(rng)
    return levels(rng, wall + rng.uniform(0, 0.3) + 0.02 * rounded(rng, 16), (5, 50))


def _apical_slice(rng: Rng) -> Field:
    wall = oval(*pair(rng, -0.1, 0.1), rng.uniform(0.4, 0.8), rng.uniform(0.4, 0.8), 0, rng.uniform(0.2, 0.6))
    return levels(rng, wall * _uneven(rng) + 0.03 * rounded(rng, 20), (0, 30))


def _horseshoe(rng: Rng, turn: float) -> Field:
    """A long-axis slice: two walls and the apex between them, open at the base."""
    x, y, _, _ = plane()
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    half, thick = rng.uniform(0.3, 0.6), rng.uniform(0.09, 0.2)
    top = rng.uniform(-0.35, 0)
    away = np.where(v < top, np.hypot(u, (v - top) * rng.uniform(0.7, 1.2)), np.abs(u))
    wall = soft(np.abs(away - half) - thick, 0.15) * soft(v - rng.uniform(0.5, 0.85), 0.2)
    return levels(rng, wall * (1 + 0.15 * rounded(rng, 5)) + 0.05 + 0.02 * rounded(rng, 24), (0, 25))


def _phase(rng: Rng) -> Field:
    """Phase of each point of the wall, 0 to 360 degrees: it wraps."""
    angle, radius = plane()[3], plane()[2]
    spread = rng.uniform(0.3, 2)
    delay = spread * np.cos(angle - rng.uniform(0, 7)) * radius + 0.6 * spread * rounded(rng, int(rng.integers(3, 8)))
    return levels(rng, (delay + rng.uniform(0, 2 * np.pi)) % (2 * np.pi), (0, 20))


def _phase_narrow(rng: Rng) -> Field:
    """Phase of a heart in step: nearly one level, with a sector that is late."""
    angle, radius = plane()[3], plane()[2]
    off = (angle - rng.uniform(0, 2 * np.pi) + np.pi) % (2 * np.pi) - np.pi
    late = rng.uniform(25, 60) * np.exp(-0.5 * (off / 0.5) ** 2) * np.minimum(radius / 0.5, 1)
    return np.clip(rng.uniform(20, 45) + late + 3 * rounded(rng, 8), 0, 100)


def _motion(rng: Rng) -> Field:
    """Wall motion: hardly any at the apex and the septum, much at the lateral base."""
    _, _, radius, angle = plane()
    moving = radius ** rng.uniform(0.6, 1.5) * (1 + rng.uniform(0.3, 0.7) * np.cos(angle + rng.normal(0, 0.3)))
    return levels(rng, moving + 0.1 * rounded(rng, 6), (0, 30))


def _thickening(rng: Rng) -> Field:
    """Thickening: most at the apex, uneven."""
    _, _, radius, _ = plane()
    return levels(rng, np.exp(-radius / rng.uniform(0.4, 1.2)) + rng.uniform(0.05, 0.2) * rounded(rng, 7), (0, 40))


def _washout(rng: Rng) -> Field:
    """Percent that left the wall between two images: noise about a low mean."""
    noise = rng.uniform(6, 14) * blurred(rounded(rng, int(rng.integers(8, 22))), 6)
    return np.clip(rng.uniform(15, 50) + noise + 8 * rounded(rng, 3), 0, 100)


def _difference(rng: Rng) -> Field:
    """Rest less stress around the middle of the table."""
    apart = phantom_map(rng) - phantom_map(rng)
    return np.clip(50 + rng.uniform(0.8, 2) * apart, 0, 100)


def _deviations(rng: Rng) -> Field:
    """Standard deviations below normal: nearly nought everywhere but in a defect."""
    below = np.clip(85 - phantom_map(rng), 0, 60) + 3 * np.abs(rounded(rng, 10))
    return np.clip(below * rng.uniform(1, 2.2), 0, 100)


def _extent(rng: Rng) -> Field:
    """The defect alone, all of one level, on an even wall."""
    limit = float(np.quantile(phantom_map(rng), rng.uniform(0.1, 0.3)))
    low, high = rng.uniform(0, 35), rng.uniform(70, 100)
    return np.asarray(np.where(phantom_map(rng) < limit, low, high))


def _segment_scores(rng: Rng) -> Field:
    """A reader's scores, 0 to 4, in the 17 segments."""
    scores = rng.choice(5, 18, p=(0.5, 0.2, 0.12, 0.1, 0.08))
    return np.asarray(100 - 25.0 * scores[segment_map(SIDE)])


def _segment_strain(rng: Rng) -> Field:
    """Strain in the 17 segments, red to blue, values written in them."""
    strain = rng.normal(-16, 6, 18)[segment_map(SIDE)]
    share = np.clip((strain + 25) / 40, 0, 1)[..., None]
    picture = (1 - share) * np.array((200, 20, 30)) + share * np.array((30, 60, 220))
    picture = np.ascontiguousarray(picture.astype(np.uint8))
    for radius, count in ((0.85, 6), (0.6, 6), (0.33, 4)):
        for number in range(count):
            turn = 2 * np.pi * number / count
            place = float(radius * np.cos(turn)), float(radius * np.sin(turn))
            write(picture, str(int(rng.integers(-28, 2))), *place, 0.08, (255, 255, 255))
    return picture


def _volume_curve(rng: Rng) -> Field:
    """Volume against time: axes and a curve."""
    field = blank(rng.uniform(0, 20))
    segment(field, (-0.7, 0.6), (0.75, 0.6), 100, 0.012)
    segment(field, (-0.7, -0.6), (-0.7, 0.6), 100, 0.012)
    depth, phase = rng.uniform(0.3, 0.5), rng.uniform(0.8, 1.4)
    times = np.linspace(0, 1, 17)
    heights = 0.4 - depth * (1 + np.cos(2 * np.pi * times * phase)) + rng.normal(0, 0.02, 17)
    points = [(-0.65 + 1.3 * float(t), float(h)) for t, h in zip(times, heights, strict=True)]
    for start, end in pairwise(points):
        segment(field, start, end, rng.uniform(60, 95), rng.uniform(0.01, 0.04))
    write(field, f"EF {rng.integers(25, 80)} %", 0.2, -0.75, 0.1, 100)
    return field


def _projection(rng: Rng) -> Field:
    """One planar view: the heart's horseshoe, the liver, counts."""
    heart = blob(0.25, -0.05, 0.22, 0.18) - 0.6 * blob(0.27, -0.03, 0.09)
    body = oval(0, 0, 1.1, 0.95, 0, 0.4) * 0.25 + rng.uniform(0.5, 1.2) * blob(-0.45, 0.65, 0.35, 0.22)
    return levels(rng, counted(rng, heart + body, rng.uniform(15, 120), rng.uniform(0, 4)), (0, 15))


def _bloodpool(rng: Rng) -> Field:
    pools = blob(0.3, 0.2, 0.25, 0.32, 0.5) + rng.uniform(0.6, 1) * blob(-0.3, 0.2, 0.22, 0.3, -0.4)
    vessels = 0.7 * blob(0.05, -0.55, 0.3, 0.18) + 0.3 * oval(0, 0, 1, 1, 0, 0.5)
    return levels(rng, counted(rng, pools + vessels, rng.uniform(20, 150), 3), (0, 25))


def _wall_thickness(rng: Rng) -> Field:
    """A slice's outlines and the spokes along which the wall is measured."""
    field = blank(rng.uniform(10, 50))
    inner, outer, level = rng.uniform(0.3, 0.45), rng.uniform(0.55, 0.85), rng.uniform(70, 100)
    circle(field, 0, 0, outer, level, 0.02)
    circle(field, 0, 0, inner, level, 0.02)
    for turn in np.arange(0, 2 * np.pi, np.pi / int(rng.integers(6, 20))):
        own = inner + rng.uniform(0, 0.05), outer - rng.uniform(0, 0.05)
        start, end = ((float(r * np.cos(turn)), float(r * np.sin(turn))) for r in own)
        segment(field, start, end, level * 0.9, 0.01)
    return field


def _angiogram(rng: Rng) -> Field:
    """Coronary arteries, dark on grey, with the spine behind."""
    field = np.asarray(70 + 8 * rounded(rng, 4), np.float32)
    start = (rng.uniform(-0.5, -0.2), rng.uniform(-0.7, -0.4))
    for heading in rng.uniform(-2.2, 0.3, int(rng.integers(2, 5))):
        branches(rng, field, start, float(heading), rng.uniform(0.05, 0.09), float(rng.uniform(5, 25)))
    return levels(rng, blurred(field, 2) + 1.5 * spectral(rng, 0.5), (0, 25))


def _slices_in_a_ring(rng: Rng) -> Field:
    """Several small slices beside one another."""
    count = int(rng.integers(2, 5))
    step = SIDE // count
    field = np.zeros((SIDE, SIDE))
    for row in range(count):
        for column in range(count):
            small = cv2.resize(np.asarray(_short_axis(rng), np.float32), (step, step), interpolation=cv2.INTER_AREA)
            field[row * step : (row + 1) * step, column * step : (column + 1) * step] = small
    return field


def _surface(rng: Rng) -> Field:
    """The ventricle as a lit surface, its uptake on it."""
    x, y, _, _ = plane()
    shape = np.clip(1 - (x / rng.uniform(0.6, 0.9)) ** 2 - (y / rng.uniform(0.75, 0.97)) ** 2, 0, 1)
    lit = np.sqrt(shape) * (0.5 + 0.5 * np.clip(-x * rng.uniform(0.2, 0.7) - y * 0.4 + 0.6, 0, 1))
    return levels(rng, lit * phantom_map(rng), (0, 10))


def _infarct_mri(rng: Rng) -> Field:
    """Late enhancement: blood grey, the wall black, the scar white."""
    scar = np.clip(1 - _uneven(rng, 0.5), 0, 1)
    outer = rng.uniform(0.45, 0.75)
    wall, pool = _wall(outer * 0.65, outer, 0.05), soft(plane()[2] - outer * 0.65, 0.05)
    around = 0.4 * (1 - soft(plane()[2] - outer, 0.05)) * (1 + 0.4 * rounded(rng, 7))
    return levels(rng, 0.55 * pool + wall * (0.08 + scar) + around + 0.03 * spectral(rng, 0), (0, 25))


def _valve(rng: Rng) -> Field:
    """A three-leaflet valve seen from above."""
    _, _, radius, angle = plane()
    turn = rng.uniform(0, 2)
    leaf = np.abs(np.cos(1.5 * (angle + turn)))
    field = 60 + 25 * leaf * (1 - radius) + 4 * rounded(rng, 6)
    picture = np.asarray(field, np.float32)
    for number in range(3):
        away = -turn + (2 * number + 1) * np.pi / 3
        segment(picture, (0, 0), (0.9 * float(np.cos(away)), -0.9 * float(np.sin(away))), 15, rng.uniform(0.02, 0.08))
    polygon(picture, [(float(0.2 * np.cos(a)), float(0.2 * np.sin(a))) for a in np.arange(3) * 2.1 + turn], 5)
    return levels(rng, blurred(picture, 3), (0, 30))


CARDIAC = family("cardiac", {
    "short-axis": _short_axis, "short-axis-filling-the-circle": _short_axis_filling, "apical-slice": _apical_slice,
    "horizontal-long-axis": lambda rng: _horseshoe(rng, rng.normal(0, 0.2)),
    "vertical-long-axis": lambda rng: _horseshoe(rng, np.pi / 2 + rng.normal(0, 0.2)),
    "phase": _phase, "phase-in-step": _phase_narrow, "wall-motion": _motion, "wall-thickening": _thickening,
    "washout": _washout, "difference": _difference, "standard-deviations": _deviations, "extent": _extent,
    "segment-scores": _segment_scores, "segment-strain": _segment_strain, "volume-curve": _volume_curve,
    "heart-projection": _projection, "blood-pool": _bloodpool, "wall-thickness": _wall_thickness,
    "coronary-angiogram": _angiogram, "slices-side-by-side": _slices_in_a_ring, "ventricle-surface": _surface,
    "late-enhancement": _infarct_mri, "valve": _valve,
})  # fmt: skip
