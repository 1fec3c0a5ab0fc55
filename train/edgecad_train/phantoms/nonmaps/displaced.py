"""Maps whose points are not where they belong, or belong to two maps."""

from __future__ import annotations

import numpy as np

from edgecad_train.phantoms.nonmaps.canvas import SIDE, Field, Rng, moved, plane, rounded
from edgecad_train.phantoms.nonmaps.kind import family
from edgecad_train.phantoms.nonmaps.patients import phantom_map


def _turned_out(field: Field, place: Field) -> Field:
    """Each point of the disc taken from another radius."""
    x, y, radius, _ = plane()
    share = place / np.maximum(radius, 1e-6)
    return moved(field, x * share, y * share)


def _two_zooms(rng: Rng) -> Field:
    x, y, _, _ = plane()
    whole, zoom = phantom_map(rng), rng.uniform(1.5, 3)
    turn = rng.uniform(0, 7)
    return np.where(x * np.cos(turn) + y * np.sin(turn) > 0, moved(whole, x / zoom, y / zoom), whole)


def _radial_warp(rng: Rng) -> Field:
    radius = plane()[2]
    power = rng.uniform(2.2, 4) if rng.random() < 0.5 else rng.uniform(0.25, 0.45)
    return _turned_out(phantom_map(rng), radius**power)


def _inside_out(rng: Rng) -> Field:
    return _turned_out(phantom_map(rng), np.clip(1 - plane()[2], 0, 1))


def _doubled(rng: Rng) -> Field:
    """The same map twice, one beside the other."""
    x, y, _, _ = plane()
    whole = phantom_map(rng)
    dx, dy = rng.uniform(0.2, 0.45, 2) * rng.choice((-1, 1), 2)
    return 0.5 * whole + 0.5 * np.where(np.hypot(x - dx, y - dy) < 1, moved(whole, x - dx, y - dy), 0)


def _zoomed(rng: Rng) -> Field:
    x, y, _, _ = plane()
    zoom = rng.uniform(1.8, 3)
    dx, dy = rng.uniform(-0.3, 0.3, 2)
    return moved(phantom_map(rng), dx + x / zoom, dy + y / zoom)


def _shrunken(rng: Rng) -> Field:
    x, y, _, _ = plane()
    size = rng.uniform(0.35, 0.75)
    dx, dy = rng.uniform(-0.2, 0.2, 2)
    small = moved(phantom_map(rng), (x - dx) / size, (y - dy) / size)
    return np.where(np.hypot(x - dx, y - dy) < size, small, rng.uniform(0, 50))


def _checker_mixed(rng: Rng) -> Field:
    x, y, _, _ = plane()
    count = rng.integers(3, 10)
    odd = (np.floor(x * count) + np.floor(y * count)) % 2 > 0
    return np.where(odd, phantom_map(rng), phantom_map(rng) * rng.uniform(0.5, 1))


def _strips_mixed(rng: Rng) -> Field:
    count = rng.integers(3, 16)
    return np.where(np.floor(plane()[1] * count) % 2 > 0, phantom_map(rng), phantom_map(rng) * rng.uniform(0.4, 0.8))


def _sectors_mixed(rng: Rng) -> Field:
    fold = int(rng.integers(3, 9))
    return np.where(np.sin(fold * plane()[3]) > 0, phantom_map(rng), phantom_map(rng) * rng.uniform(0.4, 0.8))


def _swirled(rng: Rng) -> Field:
    x, y, radius, _ = plane()
    turn = rng.uniform(3, 8) * rng.choice((-1, 1)) * (1 - np.clip(radius, 0, 1))
    return moved(phantom_map(rng), x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn))


def _torn(rng: Rng) -> Field:
    """Rows out of step, as of a picture that was half drawn anew."""
    x, y, _, _ = plane()
    shifts = rng.uniform(-0.3, 0.3, int(rng.integers(3, 9)))
    which = np.clip(((y + 1) / 2 * len(shifts)).astype(int), 0, len(shifts) - 1)
    return moved(phantom_map(rng), x + shifts[which], y)


def _shuffled(rng: Rng) -> Field:
    count = int(rng.integers(2, 6))
    step = SIDE // count
    whole, order = phantom_map(rng), rng.permutation(count * count)
    field = np.asarray(whole, np.float64).copy()
    for place, source in enumerate(order):
        row, column, from_row, from_column = *divmod(place, count), *divmod(int(source), count)
        field[row * step : (row + 1) * step, column * step : (column + 1) * step] = whole[
            from_row * step : (from_row + 1) * step, from_column * step : (from_column + 1) * step
        ]
    return field


def _kaleidoscope(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    part = np.pi / int(rng.integers(3, 8))
    folded = np.abs((angle % (2 * part)) - part) + rng.uniform(0, 7)
    return moved(phantom_map(rng), radius * np.cos(folded), -radius * np.sin(folded))


def _frozen_waves(rng: Rng) -> Field:
    x, y, _, _ = plane()
    strength = rng.uniform(0.05, 0.12)
    wave = rng.uniform(20, 50)
    return moved(phantom_map(rng), x + strength * np.sin(wave * y), y + strength * np.sin(wave * x))


def _scattered(rng: Rng) -> Field:
    """Pixels blown about."""
    x, y, _, _ = plane()
    away = rng.uniform(0.05, 0.2)
    return moved(phantom_map(rng), x + away * rng.normal(0, 1, x.shape), y + away * rng.normal(0, 1, x.shape))


def _warped(rng: Rng) -> Field:
    x, y, _, _ = plane()
    strength = rng.uniform(0.25, 0.5)
    return moved(phantom_map(rng), x + strength * rounded(rng, 7), y + strength * rounded(rng, 7))


DISPLACED = family("a map displaced", {
    "two-zooms": _two_zooms, "radial-warp": _radial_warp, "inside-out": _inside_out, "doubled": _doubled,
    "zoomed": _zoomed, "shrunken": _shrunken, "checker-of-two-maps": _checker_mixed,
    "strips-of-two-maps": _strips_mixed, "sectors-of-two-maps": _sectors_mixed, "swirled": _swirled, "torn-rows": _torn,
    "shuffled-tiles": _shuffled, "kaleidoscope": _kaleidoscope, "seen-through-waves": _frozen_waves,
    "scattered": _scattered, "warped": _warped,
})  # fmt: skip
