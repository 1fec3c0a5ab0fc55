"""Round things in photographs, as they are and in one colour table."""

from __future__ import annotations

import numpy as np

from edgecad_train.phantoms.nonmaps.canvas import (
    SIDE,
    Field,
    Rng,
    blank,
    blob,
    blurred,
    branches,
    circle,
    either,
    levels,
    oval,
    pair,
    plane,
    polygon,
    rounded,
    segment,
    soft,
    spectral,
)
from edgecad_train.phantoms.nonmaps.kind import family


def _tinted(field: Field, dark: tuple[int, int, int], light: tuple[int, int, int]) -> Field:
    """Percent as a photograph in shades from one colour to another, with green and blue bent."""
    share = np.clip(field / 100, 0, 1)[..., None] ** np.array((0.8, 1.0, 1.3))
    return (
        np.asarray(np.array(dark) + share * (np.array(light) - np.array(dark)), np.float64)
        .clip(0, 255)
        .astype(np.uint8)
    )


def _retina(rng: Rng) -> Field:
    _x, _y, radius, _ = plane()
    side = rng.choice((-1, 1))
    disc_x, disc_y = side * rng.uniform(0.35, 0.6), rng.uniform(-0.1, 0.1)
    vessels = blank()
    for heading in (1.9, 1.2, -1.9, -1.2):
        way = heading + rng.normal(0, 0.15)
        branches(rng, vessels, (disc_x, disc_y), way if side > 0 else np.pi - way, rng.uniform(0.03, 0.05), 1.0)
    field = 1 - 0.35 * radius**2 + 0.08 * rounded(rng, 5) - 0.45 * blurred(vessels, 1.5)
    field = field + 0.8 * oval(disc_x, disc_y, 0.13, 0.15, 0, 0.06) - 0.3 * blob(disc_x - side * 0.6, disc_y, 0.15)
    return levels(rng, field + 0.02 * spectral(rng, 0.5), (0, 30))


def _fundus_colour(rng: Rng) -> Field:
    return _tinted(_retina(rng), (40, 5, 0), (255, 190, 110))


def _fluorescein(rng: Rng) -> Field:
    return levels(rng, -_retina(rng), (0, 20))


def _face(rng: Rng) -> Field:
    wide = rng.uniform(0.5, 0.68)
    skin = 0.75 * oval(0, 0.02, wide, 0.85, 0, 0.05) * (1 - 0.25 * blob(rng.choice((-0.5, 0.5)), 0, 0.4))
    hair = -0.55 * oval(0, -0.72, wide + 0.05, 0.35, 0, 0.08) * oval(0, 0.02, wide, 0.85, 0, 0.05)
    eyes = sum(0.2 * oval(s * 0.24, -0.15, 0.13, 0.06) - 0.6 * oval(s * 0.24, -0.15, 0.05, 0.05) for s in (-1, 1))
    brows = sum(-0.35 * oval(s * 0.24, -0.31, 0.16, 0.03, -s * 0.1, 0.03) for s in (-1, 1))
    mouth = -rng.uniform(0.2, 0.5) * oval(0, 0.48, rng.uniform(0.15, 0.28), rng.uniform(0.03, 0.08), 0, 0.03)
    nose = 0.12 * blob(0, 0.1, 0.05, 0.18) - 0.15 * oval(0, 0.25, 0.12, 0.03, 0, 0.04)
    return levels(rng, 0.15 + skin + hair + eyes + brows + mouth + nose + 0.02 * rounded(rng, 12), (0, 30))


def _face_colour(rng: Rng) -> Field:
    return _tinted(_face(rng), (20, 12, 10), (255, 215, 190))


def _banded_planet(rng: Rng) -> Field:
    x, y, radius, _ = plane()
    tilt = rng.uniform(-0.5, 0.5)
    across = y * np.cos(tilt) + x * np.sin(tilt) + 0.02 * rounded(rng, 8)
    bands = sum(rng.uniform(0.2, 1) * np.sin(w * across + rng.uniform(0, 7)) for w in rng.uniform(5, 30, 4))
    spot = rng.uniform(0.5, 1.5) * oval(rng.uniform(-0.3, 0.5), 0.3, 0.2, 0.1)
    return levels(rng, (2.5 + 0.4 * bands + spot) * np.sqrt(np.clip(1.05 - radius**2, 0, 1)), (0, 25))


def _rocky_planet(rng: Rng) -> Field:
    x, y, radius, _ = plane()
    light = np.clip(
        np.sqrt(np.clip(1 - radius**2, 0, 1)) + rng.uniform(-0.7, 0.7) * x + rng.uniform(-0.5, 0.5) * y, 0, 2
    )
    return levels(rng, light * (1 + 0.25 * spectral(rng, 1.4)), (0, 20))


def _moon(rng: Rng) -> Field:
    field = 1 + 0.3 * np.clip(rounded(rng, 4), -1, 0.5)
    for _ in range(rng.integers(25, 70)):
        x, y = rng.uniform(-0.9, 0.9, 2)
        size = 0.02 + 0.12 * rng.random() ** 3
        field = field + rng.uniform(0.3, 0.9) * (blob(x - 0.3 * size, y, size) - blob(x + 0.3 * size, y, size))
    return levels(rng, field * (1 - 0.3 * plane()[2] ** 4) + 0.05 * spectral(rng, 1), (5, 45))


def _phase_of_the_moon(rng: Rng) -> Field:
    x, y, _, _ = plane()
    lit = soft(x - rng.uniform(-0.7, 0.7) * np.sqrt(np.clip(1 - y**2, 0, 1)), rng.uniform(0.05, 0.5))
    return levels(rng, lit * _moon(rng), (0, 10))


def _sun(rng: Rng) -> Field:
    """The limb is darker, spots are dark, the surface is grainy."""
    _, _, radius, _ = plane()
    field = 0.4 + 0.6 * np.sqrt(np.clip(1 - radius**2, 0, 1)) + 0.02 * spectral(rng, 0.6)
    for _ in range(rng.integers(2, 9)):
        field = field - rng.uniform(0.2, 0.7) * blob(*pair(rng, -0.6, 0.6), rng.uniform(0.01, 0.04))
    return levels(rng, field, (10, 60))


def _eye(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    pupil = rng.uniform(0.2, 0.45)
    folds = sum(np.cos(n * angle + rng.uniform(0, 7)) * rng.uniform(0.2, 1) for n in rng.integers(15, 70, 8))
    iris = 0.55 + 0.06 * folds - 0.3 * np.abs(radius - 0.6)
    field = iris * soft(pupil - radius, 0.04) * soft(radius - 0.95, 0.08)
    return levels(rng, field + 0.9 * oval(*pair(rng, -0.2, 0.2), 0.07, 0.1), (0, 30))


def _cells(rng: Rng) -> Field:
    field = np.full((SIDE, SIDE), 0.95) + 0.02 * rounded(rng, 6)
    for _ in range(rng.integers(15, 60)):
        x, y = rng.uniform(-1, 1, 2)
        size = rng.uniform(0.07, 0.16)
        field = (
            field - 0.3 * oval(x, y, size, size * rng.uniform(0.7, 1), rng.uniform(0, 3)) - 0.35 * blob(x, y, size / 3)
        )
    return levels(rng, either(rng, field), (5, 45))


def _colonies(rng: Rng) -> Field:
    field = 0.4 + 0.1 * plane()[2] ** 6 + 0.02 * rounded(rng, 5)
    for _ in range(rng.integers(10, 90)):
        x, y = rng.uniform(-0.9, 0.9, 2)
        field = field + rng.uniform(0.2, 0.5) * oval(x, y, *(2 * (float(rng.uniform(0.01, 0.05)),)), 0, 0.02)
    return levels(rng, either(rng, field), (5, 50))


def _citrus(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    parts = int(rng.integers(8, 13))
    walls = np.abs(np.sin(parts * angle / 2 + rng.uniform(0, 7))) * radius
    flesh = soft(0.05 - walls, 0.04) * soft(radius - 0.85, 0.03) * soft(0.08 - radius, 0.05)
    pulp = 0.12 * np.cos(60 * radius + 4 * rounded(rng, 10))
    return levels(rng, either(rng, flesh * (0.6 + pulp) + 0.9 * (1 - flesh)), (5, 45))


def _apple(rng: Rng) -> Field:
    x, y, radius, angle = plane()
    ball = np.sqrt(np.clip(1.02 - radius**2, 0, 1)) * (0.8 + 0.3 * (-x - y) / 2)
    streaks = 0.06 * np.cos(40 * angle + 3 * rounded(rng, 5)) * radius
    shine = 0.5 * blob(-0.35, -0.4, 0.1, 0.16, 0.5)
    return levels(rng, ball + streaks + shine - 0.7 * blob(0, -0.1, 0.08, 0.04), (0, 40))


def _flower(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    petals, turn = int(rng.integers(5, 22)), rng.uniform(0, 7)
    edge = 0.55 + 0.35 * np.abs(np.cos(petals * angle / 2 + turn))
    leaf = soft(radius - edge, 0.05) * (0.6 + 0.3 * np.abs(np.cos(petals * angle / 2 + turn)) + 0.2 * radius)
    heart = soft(radius - 0.22, 0.04)
    return levels(rng, leaf * (1 - heart) + heart * (0.4 + 0.1 * rounded(rng, 60)), (0, 40))


def _clouds(rng: Rng) -> Field:
    return levels(rng, np.clip(spectral(rng, rng.uniform(1.3, 1.8)), -1, 2.5), (5, 60))


def _landscape(rng: Rng) -> Field:
    _x, y, _, _ = plane()
    field = 0.75 + 0.2 * y + 0.05 * spectral(rng, 1.6)
    for depth in range(3):
        hill = -0.2 + 0.3 * depth + 0.15 * rounded(rng, 5)[depth][None, :] * np.ones_like(y)
        inside = soft(hill - y, 0.02)
        field = field * (1 - inside) + inside * (0.5 - 0.17 * depth + 0.05 * spectral(rng, 1))
    return levels(rng, field + 0.3 * oval(rng.uniform(-0.6, 0.6), -0.5, 0.1, 0.1), (0, 40))


def _tree_rings(rng: Rng) -> Field:
    x, y, _, _ = plane()
    away = np.abs(np.hypot(x - 0.1, y + 0.05) + 0.03 * rounded(rng, 5))
    return levels(
        rng, 0.6 + 0.2 * np.sin(rng.uniform(50, 120) * away**0.8) - 0.3 * away + 0.03 * spectral(rng, 1), (5, 50)
    )


def _coin(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    head = oval(0.05, -0.15, 0.28, 0.38) + oval(0.1, 0.55, 0.5, 0.25) + 0.2 * rounded(rng, 12) * (radius < 0.7)
    lit = blurred(soft(np.abs(radius - 0.86) - 0.04, 0.02) + head, rng.uniform(2, 5))
    return levels(rng, np.gradient(lit, axis=0) + np.gradient(lit, axis=1) + 0.004 * np.cos(angle), (5, 50))


def _wheel(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    spokes = int(rng.integers(5, 16))
    metal = soft(np.abs(np.sin(spokes * angle / 2)) * radius - 0.08, 0.04) * (radius < 0.68) + soft(
        np.abs(radius - 0.66) - 0.03, 0.02
    )
    tyre = 0.2 * (radius > 0.72) + 0.04 * np.sin(60 * angle) * (radius > 0.85)
    return levels(rng, np.maximum(metal, tyre) + 0.5 * soft(radius - 0.12, 0.03), (0, 30))


def _ball(rng: Rng) -> Field:
    """A football: dark patches on a lit ball."""
    field = np.asarray(np.sqrt(np.clip(1.02 - plane()[2] ** 2, 0, 1)) * 90 + 8, np.float32)
    turn = rng.uniform(0, 1)
    for x, y, size in (
        (0, 0, 0.25),
        *((0.75 * np.cos(a), 0.75 * np.sin(a), 0.2) for a in turn + np.arange(5) * 1.2566),
    ):
        corners = [(x + size * float(np.cos(a)), y + size * float(np.sin(a))) for a in turn + np.arange(5) * 1.2566]
        polygon(field, corners, 12)
        segment(field, (0, 0), (float(x), float(y)), 20, 0.012)
    return levels(rng, field, (0, 30))


def _shell(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    turns = np.log(np.maximum(radius, 0.02)) * rng.uniform(3, 6) + angle * rng.choice((-1, 1))
    return levels(rng, 0.7 + 0.3 * np.cos(turns) + 0.07 * np.cos(14 * turns) - 0.2 * radius, (5, 45))


def _marble(rng: Rng) -> Field:
    veins = np.abs(np.sin(4 * spectral(rng, 2) + 3 * plane()[0])) ** rng.uniform(0.3, 1)
    return levels(rng, veins, (5, 50))


def _food(rng: Rng) -> Field:
    """A pizza: crust, cheese, slices laid on it."""
    field = np.asarray(75 + 6 * rounded(rng, 12) - 30 * (plane()[2] > 0.86), np.float32)
    for _ in range(rng.integers(8, 18)):
        x, y = rng.uniform(-0.6, 0.6, 2)
        circle(field, x, y, rng.uniform(0.08, 0.13), float(rng.uniform(25, 50)))
    return levels(rng, blurred(field, 2) + 2 * spectral(rng, 0.5), (5, 45))


def _pizza_colour(rng: Rng) -> Field:
    return _tinted(_food(rng), (60, 20, 5), (255, 225, 120))


PHOTOGRAPHS = family("photographs", {
    "fundus-in-colour": _fundus_colour, "fundus-in-a-table": _retina, "fluorescein": _fluorescein,
    "face-in-a-table": _face, "face-in-colour": _face_colour, "planet-with-bands": _banded_planet,
    "planet-of-rock": _rocky_planet, "moon": _moon, "moon-in-part": _phase_of_the_moon, "sun": _sun, "iris": _eye,
    "cells": _cells, "colonies": _colonies, "citrus": _citrus, "apple": _apple, "flower": _flower,
    "clouds": _clouds, "landscape": _landscape, "tree-rings": _tree_rings, "coin": _coin, "spoked-wheel": _wheel,
    "football": _ball, "shell": _shell, "marble": _marble, "pizza-in-a-table": _food, "pizza-in-colour": _pizza_colour,
})  # fmt: skip
