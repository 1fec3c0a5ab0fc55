"""Other pictures of a gamma camera."""

from __future__ import annotations

import numpy as np

from edgecad_train.phantoms.nonmaps.canvas import (
    Field,
    Rng,
    blank,
    blob,
    blurred,
    circle,
    counted,
    levels,
    oval,
    pair,
    plane,
    rounded,
    segment,
    soft,
)
from edgecad_train.phantoms.nonmaps.kind import family


def _scan(
    rng: Rng, activity: Field, counts: tuple[float, float] = (10, 200), low: tuple[float, float] = (0, 20)
) -> Field:
    """Activity as the camera counts it, `(SIDE, SIDE)` percent."""
    most = float(np.exp(rng.uniform(*np.log(counts))))
    return levels(rng, counted(rng, np.clip(activity, 0, None) + 1e-3, most, rng.uniform(1, 8)), low)


def _lungs(rng: Rng) -> Field:
    sides = oval(-0.42, 0, 0.3, 0.75, 0.1, 0.2) + oval(0.42, 0, 0.3, 0.75, -0.1, 0.2) * (
        1 - 0.7 * blob(0.25, 0.35, 0.2)
    )
    for _ in range(rng.integers(0, 5)):
        sides = sides * (1 - rng.uniform(0.5, 1) * blob(*pair(rng, -0.7, 0.7), rng.uniform(0.06, 0.2)))
    return _scan(rng, sides * (1 + 0.1 * rounded(rng, 6)))


def _ventilation(rng: Rng) -> Field:
    sides = blob(-0.42, 0, 0.2, 0.4) + blob(0.42, 0, 0.2, 0.4) + rng.uniform(0.5, 2) * blob(0, -0.5, 0.06, 0.3)
    for _ in range(rng.integers(4, 15)):
        sides = sides + rng.uniform(0.3, 1.5) * blob(*pair(rng, -0.5, 0.5), rng.uniform(0.03, 0.07))
    return _scan(rng, sides)


def _bone(rng: Rng) -> Field:
    field = blank()
    segment(field, (0, -0.9), (0, 0.6), 80, 0.1)
    for y in np.arange(-0.8, 0.3, 0.14):
        for side in (-1, 1):
            segment(field, (0, y), (side * 0.6, y + 0.18), 45, 0.03)
    for side in (-1, 1):
        circle(field, side * 0.35, 0.65, 0.25, 70)
    for _ in range(rng.integers(0, 7)):
        circle(field, *pair(rng, -0.6, 0.7), rng.uniform(0.03, 0.07), 100)
    return _scan(rng, blurred(field, 6) + 8 * oval(0, 0, 0.8, 1.2, 0, 0.2))


def _thyroid(rng: Rng) -> Field:
    lean = rng.uniform(0.1, 0.3)
    lobes = oval(-0.25, 0, 0.17, 0.5, lean, 0.2) + rng.uniform(0.6, 1) * oval(0.25, 0, 0.17, 0.45, -lean, 0.2)
    nodule = rng.uniform(-0.9, 1.5) * blob(rng.choice((-0.25, 0.25)), rng.uniform(-0.3, 0.3), 0.1)
    return _scan(rng, lobes + 0.5 * blob(0, 0.3, 0.15, 0.08) + nodule * lobes + 0.06)


def _kidneys(rng: Rng) -> Field:
    both = sum(
        rng.uniform(0.4, 1)
        * (oval(side * 0.42, 0, 0.24, 0.45, -side * 0.2, 0.15) - 0.5 * blob(side * 0.3, 0, 0.1, 0.15))
        for side in (-1, 1)
    )
    return _scan(rng, both + rng.uniform(0, 0.6) * blob(0, 0.9, 0.2) + 0.08)


def _brain(rng: Rng) -> Field:
    x, y, _, _ = plane()
    edge = np.hypot(x / 0.75, y / 0.92)
    cortex = np.exp(-0.5 * ((edge - 0.82) / 0.12) ** 2) * (1 + 0.2 * rounded(rng, 9))
    deep = sum(0.9 * oval(side * 0.22, -0.05, 0.09, 0.2, side * 0.3, 0.1) for side in (-1, 1))
    ventricles = sum(0.5 * oval(side * 0.09, 0, 0.05, 0.25, 0, 0.1) for side in (-1, 1))
    return _scan(rng, cortex + deep - ventricles + 0.35 * soft(edge - 0.9, 0.1), (40, 300))


def _striatum(rng: Rng) -> Field:
    parts = sum(
        blob(side * 0.22, -0.2, 0.1) + rng.uniform(0, 1) * blob(side * 0.36, 0.1, 0.08, 0.2, -side * 0.5)
        for side in (-1, 1)
    )
    return _scan(rng, parts + rng.uniform(0.1, 0.35) * oval(0, 0, 0.75, 0.92, 0, 0.15), (20, 150))


def _sinogram(rng: Rng) -> Field:
    x, y, _, _ = plane()
    total = 0.25 * soft(np.abs(x) - 0.75, 0.1)
    for _ in range(rng.integers(2, 7)):
        turn, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.6)
        at = away * np.cos(np.pi * (y + 1) * rng.uniform(0.98, 1.02) + turn)
        total = total + rng.uniform(0.3, 1) * np.exp(-0.5 * ((x - at) / rng.uniform(0.04, 0.12)) ** 2)
    return _scan(rng, total)


def _flood(rng: Rng) -> Field:
    even = 1 + rng.uniform(0.01, 0.05) * rounded(rng, 8) + rng.uniform(-0.15, 0.15) * plane()[2] ** 2
    return _scan(rng, even, (30, 3000), (30, 85))


def _flood_with_tube(rng: Rng) -> Field:
    """A photomultiplier is dead or off its voltage."""
    even = 1 + 0.03 * rounded(rng, 8)
    for _ in range(rng.integers(1, 4)):
        even = even * (1 - rng.uniform(0.2, 0.9) * blob(*pair(rng, -0.7, 0.7), rng.uniform(0.08, 0.2)))
    return _scan(rng, even, (50, 2000), (5, 50))


def _tubes(rng: Rng) -> Field:
    """The photomultipliers' pattern shows, hexagons of spots."""
    x, y, _, _ = plane()
    wave = rng.uniform(12, 30)
    waves = sum(np.cos(wave * (x * np.cos(turn) + y * np.sin(turn))) for turn in np.arange(3) * np.pi / 3)
    return _scan(rng, 1 + rng.uniform(0.05, 0.3) * waves, (100, 2000), (10, 70))


def _bar_phantom(rng: Rng) -> Field:
    x, y, _, _ = plane()
    waves = rng.uniform(12, 20) * np.array((1, 1.3, 1.7, 2.2))
    bars = np.where(
        x * y > 0, np.where(x > 0, np.sin(waves[0] * x), np.sin(waves[1] * x)),
        np.where(x > 0, np.sin(waves[2] * y), np.sin(waves[3] * y)),
    )  # fmt: skip
    return levels(rng, blurred((bars > 0).astype(np.float64), rng.uniform(3, 9)) + 0.03 * rounded(rng, 60))


def _rods(rng: Rng) -> Field:
    """A cylinder with six sectors of rods."""
    field = blank(100 if rng.random() < 0.6 else 10)
    level = 110 - float(field[0, 0])
    for sector, size in enumerate(np.linspace(0.03, 0.09, 6)):
        middle = sector * np.pi / 3 + np.pi / 6
        for row in range(1, int(0.9 / (3.4 * size)) + 1):
            for place in np.linspace(-0.38, 0.38, row):
                radius = 0.12 + row * 3.1 * size * 0.85
                if radius < 0.92:
                    circle(
                        field,
                        float(radius * np.cos(middle + place)),
                        float(radius * np.sin(middle + place)),
                        size,
                        level,
                    )
    return _scan(rng, blurred(field, rng.uniform(3, 8)), (50, 500), (0, 40))


def _hot_spheres(rng: Rng) -> Field:
    body = rng.uniform(0.1, 0.4) * oval(0, 0, 0.95, 0.8, 0, 0.1)
    for number, size in enumerate((0.05, 0.065, 0.085, 0.11, 0.14, 0.185)):
        turn = number * np.pi / 3 + 0.3
        body = body + oval(0.5 * float(np.cos(turn)), 0.5 * float(np.sin(turn)), size, size, 0, 0.08)
    return _scan(rng, body, (30, 300))


def _line_source(rng: Rng) -> Field:
    field = blank()
    for _ in range(rng.integers(1, 4)):
        turn, away = rng.uniform(0, np.pi), rng.uniform(-0.5, 0.5)
        along, across = np.array((np.cos(turn), np.sin(turn))), np.array((-np.sin(turn), np.cos(turn)))
        segment(field, tuple(away * across - along), tuple(away * across + along), 100, 0.03)
    return _scan(rng, blurred(field, rng.uniform(4, 14)), (30, 300))


def _point_source(rng: Rng) -> Field:
    star = sum(
        np.exp(-np.abs(plane()[0] * np.sin(turn) + plane()[1] * np.cos(turn)) / 0.02) * np.exp(-plane()[2] / 0.4)
        for turn in np.arange(3) * np.pi / 3
    )
    return _scan(rng, blob(*pair(rng, -0.2, 0.2), rng.uniform(0.05, 0.25)) + rng.uniform(0, 0.3) * star)


def _liver(rng: Rng) -> Field:
    organ = oval(-0.25, -0.15, 0.6, 0.5, 0.4, 0.25) * (1 + 0.12 * rounded(rng, 6)) + 0.9 * blob(0.65, -0.1, 0.12, 0.25)
    cold = sum(rng.uniform(0.3, 0.9) * blob(*pair(rng, -0.6, 0.2), rng.uniform(0.05, 0.15)) for _ in range(2))
    return _scan(rng, organ * (1 - np.clip(cold, 0, 1)) + 0.08)


def _stomach(rng: Rng) -> Field:
    meal = blob(0.3, -0.3, 0.25, 0.35, -0.4) + rng.uniform(0.2, 1) * blob(-0.1, 0.2, 0.3, 0.12, 0.4)
    return _scan(rng, meal + rng.uniform(0, 0.5) * np.clip(rounded(rng, 7), 0, 2) * blob(0, 0.5, 0.4))


def _torso(rng: Rng) -> Field:
    """Sugar in a slice of the trunk."""
    body = 0.3 * oval(0, 0, 0.95, 0.72, 0, 0.08) - 0.2 * oval(-0.42, -0.05, 0.28, 0.4) - 0.2 * oval(0.42, 0, 0.26, 0.38)
    heart = rng.uniform(0.5, 1.2) * (oval(0.2, -0.2, 0.24, 0.22, 0, 0.1) - 0.8 * oval(0.2, -0.2, 0.1, 0.09, 0, 0.08))
    return _scan(rng, body + heart + rng.uniform(0, 1) * blob(*pair(rng, -0.5, 0.5), 0.06), (60, 400), (0, 15))


def _edge_packing(rng: Rng) -> Field:
    """A crystal with a bright edge and a seam."""
    x, _y, radius, _ = plane()
    seam = rng.uniform(0.1, 0.5) * np.exp(-(((x - rng.uniform(-0.5, 0.5)) / 0.03) ** 2))
    return _scan(rng, 1 + rng.uniform(0.3, 1.5) * np.exp((radius - 1) / 0.08) - seam, (200, 4000), (10, 60))


def _pinhole(rng: Rng) -> Field:
    """A round field of view with an organ in it that fades to the rim."""
    _, _, radius, _ = plane()
    return _scan(rng, (0.5 + blob(*pair(rng, -0.3, 0.3), 0.3)) * np.cos(radius * rng.uniform(0.8, 1.4)) ** 4)


NUCLEAR = family("nuclear", {
    "lung-perfusion": _lungs, "lung-ventilation": _ventilation, "bone": _bone, "thyroid": _thyroid,
    "kidneys": _kidneys, "brain": _brain, "striatum": _striatum, "sinogram": _sinogram, "flood": _flood,
    "flood-with-tube-defect": _flood_with_tube, "flood-with-tube-pattern": _tubes, "bar-phantom": _bar_phantom,
    "rods": _rods, "hot-spheres": _hot_spheres, "line-source": _line_source, "point-source": _point_source,
    "liver": _liver, "stomach": _stomach, "torso": _torso, "edge-packing": _edge_packing, "pinhole": _pinhole,
})  # fmt: skip
