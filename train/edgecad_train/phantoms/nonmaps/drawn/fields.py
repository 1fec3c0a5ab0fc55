"""Mathematical fields: falls, waves, shading, noise."""

from __future__ import annotations

import numpy as np

from edgecad_train.phantoms.nonmaps.canvas import (
    SIDE,
    Field,
    Rng,
    blob,
    blurred,
    either,
    grain,
    levels,
    moved,
    pair,
    plane,
    rounded,
    soft,
    spectral,
)
from edgecad_train.phantoms.nonmaps.kind import family


def _centre(rng: Rng, most: float = 0.3) -> tuple[Field, Field, Field, Field]:
    """The plane around another centre."""
    x, y, _, _ = plane()
    across, down = x - rng.uniform(-most, most), y - rng.uniform(-most, most)
    return across, down, np.hypot(across, down), np.arctan2(-down, across)


def _radial_fall(rng: Rng) -> Field:
    radius = plane()[2]
    return levels(rng, -(radius ** rng.uniform(0.8, 4)))


def _radial_rise(rng: Rng) -> Field:
    radius = plane()[2]
    return levels(rng, radius ** rng.uniform(0.5, 4))


def _cone(rng: Rng) -> Field:
    return levels(rng, either(rng, -_centre(rng, 0.5)[2]))


def _bowl(rng: Rng) -> Field:
    across, down, _, _ = _centre(rng, 0.4)
    return levels(rng, across**2 * rng.uniform(0.5, 1.5) + down**2 * rng.uniform(0.5, 1.5))


def _gaussian_blob(rng: Rng) -> Field:
    x, y = rng.uniform(-0.4, 0.4, 2)
    return levels(rng, blob(x, y, rng.uniform(0.3, 1), rng.uniform(0.3, 1), rng.uniform(0, 3)))


def _several_blobs(rng: Rng) -> Field:
    total = np.zeros((SIDE, SIDE))
    for _ in range(rng.integers(3, 9)):
        x, y = rng.uniform(-0.8, 0.8, 2)
        total += rng.uniform(0.4, 1) * blob(x, y, rng.uniform(0.1, 0.35))
    return levels(rng, either(rng, total))


def _plasma(rng: Rng, cells: tuple[int, int]) -> Field:
    return levels(rng, rounded(rng, int(rng.integers(*cells))))


def _linear_gradient(rng: Rng) -> Field:
    x, y, _, _ = plane()
    turn = rng.uniform(0, 2 * np.pi)
    along = x * np.cos(turn) + y * np.sin(turn)
    return levels(rng, np.sign(along) * np.abs(along) ** rng.uniform(0.7, 1.6))


def _ramp_steps(rng: Rng) -> Field:
    x, y, _, _ = plane()
    turn, count = rng.uniform(0, 2 * np.pi), int(rng.integers(5, 14))
    return levels(rng, np.floor((x * np.cos(turn) + y * np.sin(turn)) * count / 2))


def _angular_ramp(rng: Rng) -> Field:
    return levels(rng, (_centre(rng, 0.2)[3] + rng.uniform(0, 7)) % (2 * np.pi))


def _petals(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    fold = int(rng.integers(2, 9))
    return levels(rng, np.cos(fold * angle + rng.uniform(0, 7)) * np.minimum(radius / rng.uniform(0.2, 1), 1))


def _saddle(rng: Rng) -> Field:
    across, down, _, _ = _centre(rng)
    turn = rng.uniform(0, np.pi)
    u, v = across * np.cos(turn) + down * np.sin(turn), down * np.cos(turn) - across * np.sin(turn)
    return levels(rng, u**2 - rng.uniform(0.5, 1.5) * v**2)


def _soft_checker(rng: Rng) -> Field:
    x, y, _, _ = plane()
    waves = rng.uniform(4, 20, 2)
    return levels(rng, np.tanh(rng.uniform(0.5, 4) * np.sin(waves[0] * x) * np.sin(waves[1] * y)))


def _soft_stripes(rng: Rng) -> Field:
    x, y, _, _ = plane()
    turn = rng.uniform(0, np.pi)
    return levels(rng, np.sin(rng.uniform(5, 40) * (x * np.cos(turn) + y * np.sin(turn)) + rng.uniform(0, 7)))


def _spiral(rng: Rng) -> Field:
    _, _, radius, angle = _centre(rng, 0.1)
    arms, wind = int(rng.integers(1, 5)), rng.uniform(4, 22) * rng.choice((-1, 1))
    return levels(rng, np.tanh(rng.uniform(0.5, 3) * np.sin(arms * angle + wind * radius)))


def _rings(rng: Rng) -> Field:
    return levels(rng, np.cos(rng.uniform(8, 45) * _centre(rng, 0.3)[2] + rng.uniform(0, 7)))


def _zone_plate(rng: Rng) -> Field:
    return levels(rng, np.cos(rng.uniform(15, 70) * _centre(rng, 0.3)[2] ** 2))


def _two_sources(rng: Rng) -> Field:
    wave = rng.uniform(10, 40)
    return levels(rng, np.asarray(sum(np.cos(wave * _centre(rng, 0.9)[2]) for _ in range(rng.integers(2, 4)))))


def _ripple(rng: Rng) -> Field:
    wave = rng.uniform(8, 30) * _centre(rng, 0.4)[2]
    return levels(rng, np.sinc(wave / np.pi))


def _seeds(rng: Rng, count: int) -> tuple[Field, Field]:
    """Distance to the nearest of some points, and which one it is."""
    x, y, _, _ = plane()
    points = rng.uniform(-1.1, 1.1, (count, 2))
    distances = np.stack([np.hypot(x - px, y - py) for px, py in points])
    return np.sort(distances, axis=0)[:2], distances.argmin(axis=0)


def _voronoi_cells(rng: Rng) -> Field:
    count = int(rng.integers(6, 30))
    return levels(rng, rng.uniform(0, 1, count)[_seeds(rng, count)[1]])


def _voronoi_distance(rng: Rng) -> Field:
    return levels(rng, either(rng, _seeds(rng, int(rng.integers(6, 25)))[0][0]))


def _cracks(rng: Rng) -> Field:
    nearest, second = _seeds(rng, int(rng.integers(8, 25)))[0]
    return levels(rng, np.minimum(second - nearest, rng.uniform(0.05, 0.3)))


def _terraces(rng: Rng) -> Field:
    field = levels(rng, rounded(rng, int(rng.integers(3, 7))), (0, 5))
    return levels(rng, blurred(np.floor(field * rng.integers(5, 11) / 100), rng.uniform(0.5, 3)))


def _vortex(rng: Rng) -> Field:
    x, y, radius, _ = plane()
    turn = rng.uniform(2, 7) * np.exp(-radius * rng.uniform(1, 4)) * rng.choice((-1, 1))
    across, down = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    return levels(rng, moved(rounded(rng, int(rng.integers(4, 9))), across, down))


def _half_and_half_tone(rng: Rng) -> Field:
    across, down, _, _ = _centre(rng, 0.4)
    turn = rng.uniform(0, 2 * np.pi)
    return levels(rng, soft(across * np.cos(turn) + down * np.sin(turn), rng.uniform(0.02, 0.8)))


def _quadrants(rng: Rng) -> Field:
    across, down, _, _ = _centre(rng, 0.3)
    edge = rng.uniform(0.02, 0.5)
    return levels(rng, (soft(across, edge) - 0.5) * (soft(down, edge) - 0.5) + 0.2 * soft(across, edge))


def _dots(rng: Rng) -> Field:
    x, y, _, _ = plane()
    wave, sharp = rng.uniform(10, 40), rng.uniform(0.5, 4)
    return levels(rng, either(rng, np.exp(sharp * (np.cos(wave * x) + np.cos(wave * y)))))


def _torus(rng: Rng) -> Field:
    radius = _centre(rng, 0.15)[2]
    return levels(rng, np.exp(-0.5 * ((radius - rng.uniform(0.4, 0.8)) / rng.uniform(0.08, 0.35)) ** 2))


def _sphere(rng: Rng, shine: float, edge: float) -> Field:
    """A ball lit from somewhere: `shine` of a highlight, `edge` how far the light reaches around."""
    x, y, radius, _ = plane()
    z = np.sqrt(np.clip(1 - radius**2, 0, 1))
    light = np.array([*pair(rng, -0.6, 0.6), 1.0])
    light /= np.linalg.norm(light)
    toward = x * light[0] + y * light[1] + z * light[2]
    return np.clip(toward + edge, 0, None) + shine * np.clip(toward, 0, 1) ** rng.uniform(8, 60)


def _matt_sphere(rng: Rng) -> Field:
    return levels(rng, _sphere(rng, 0, rng.uniform(0, 0.5)))


def _shining_sphere(rng: Rng) -> Field:
    return levels(rng, _sphere(rng, rng.uniform(0.3, 1), rng.uniform(0, 0.4)))


def _inverted_sphere(rng: Rng) -> Field:
    return levels(rng, -_sphere(rng, 0, rng.uniform(0, 0.5)))


def _rough_sphere(rng: Rng) -> Field:
    return levels(rng, _sphere(rng, 0, 0.2) + rng.uniform(0.05, 0.3) * spectral(rng, rng.uniform(0.8, 1.8)))


def _flat(rng: Rng) -> Field:
    return np.full((SIDE, SIDE), rng.uniform(60, 98)) + rng.uniform(0, 1.5) * rounded(rng, 6)


def _salt_and_pepper(rng: Rng) -> Field:
    field = levels(rng, rounded(rng, 4), (30, 70))
    odd = rng.random((SIDE, SIDE)) < rng.uniform(0.02, 0.2)
    return np.where(odd, rng.choice((0.0, 100.0), (SIDE, SIDE)), field)


FIELDS = family("fields", {
    "radial-fall": _radial_fall, "radial-rise": _radial_rise, "cone": _cone, "bowl": _bowl,
    "gaussian-blob": _gaussian_blob, "several-blobs": _several_blobs,
    "plasma-of-few-cells": lambda rng: _plasma(rng, (3, 5)), "plasma-of-some-cells": lambda rng: _plasma(rng, (5, 10)),
    "plasma-of-many-cells": lambda rng: _plasma(rng, (10, 40)),
    "noise-white": lambda rng: levels(rng, spectral(rng, 0)),
    "noise-pink": lambda rng: levels(rng, spectral(rng, rng.uniform(0.8, 1.2))),
    "noise-red": lambda rng: levels(rng, spectral(rng, rng.uniform(1.6, 2.2))),
    "noise-very-red": lambda rng: levels(rng, spectral(rng, rng.uniform(2.6, 3.4))),
    "noise-grainy": lambda rng: levels(rng, grain(rng, rng.uniform(3, 16))),
    "linear-gradient": _linear_gradient, "ramp-steps": _ramp_steps, "angular-ramp": _angular_ramp, "petals": _petals,
    "saddle": _saddle, "soft-checker": _soft_checker, "soft-stripes": _soft_stripes, "spiral": _spiral,
    "rings": _rings, "zone-plate": _zone_plate, "two-sources": _two_sources, "ripple": _ripple,
    "voronoi-cells": _voronoi_cells, "voronoi-distance": _voronoi_distance, "cracks": _cracks, "terraces": _terraces,
    "vortex": _vortex, "half-and-half-tone": _half_and_half_tone, "quadrants": _quadrants, "dots": _dots,
    "torus": _torus, "sphere-matt": _matt_sphere, "sphere-shining": _shining_sphere,
    "sphere-inverted": _inverted_sphere, "sphere-rough": _rough_sphere, "flat": _flat,
    "salt-and-pepper": _salt_and_pepper,
})  # fmt: skip
