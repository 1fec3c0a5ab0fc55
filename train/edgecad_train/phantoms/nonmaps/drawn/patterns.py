"""Patterns of nature and of craft: growths, weaves, fractals, and things in concentric shapes."""

from __future__ import annotations

import cv2
import numpy as np

from edgecad_train.phantoms.nonmaps.canvas import (
    SIDE,
    Field,
    Rng,
    blank,
    blob,
    blurred,
    circle,
    either,
    levels,
    on_ring,
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


def _julia(rng: Rng) -> Field:
    x, y, _, _ = plane()
    z = (x + 1j * y) * 1.4
    add = 0.7885 * np.exp(1j * rng.uniform(0, 2 * np.pi))
    steps = np.zeros(x.shape)
    for _ in range(40):
        inside = np.abs(z) < 4
        steps += inside
        z = np.where(inside, z**2 + add, z)
    return levels(rng, np.log1p(steps))


def _turing(rng: Rng) -> Field:
    """Spots and stripes as on furs: one wavelength of noise, nearly two levels."""
    size = rng.uniform(5, 14)
    noise = rng.normal(0, 1, (SIDE, SIDE))
    band = blurred(noise, size) - blurred(noise, 1.6 * size)
    return levels(rng, np.tanh(rng.uniform(1, 4) * band / band.std() + rng.uniform(-1, 1)))


def _bricks(rng: Rng) -> Field:
    x, y, _, _ = plane()
    high, wide = rng.uniform(0.1, 0.25), rng.uniform(0.25, 0.5)
    row = np.floor(y / high)
    across = x / wide + 0.5 * (row % 2)
    joint = np.minimum(np.abs(across % 1 - 0.5) < 0.47, np.abs(y / high % 1 - 0.5) < 0.44)
    shade = np.sin(91.7 * row + 37.3 * np.floor(across)) * 0.5 + 0.5
    return levels(rng, joint * (0.6 + 0.3 * shade) + 0.04 * spectral(rng, 1))


def _honeycomb(rng: Rng) -> Field:
    x, y, _, _ = plane()
    wave = rng.uniform(12, 30)
    rays = [np.cos(wave * (x * np.cos(turn) + y * np.sin(turn))) for turn in np.arange(3) * np.pi / 3]
    return levels(rng, either(rng, np.tanh(rng.uniform(0.5, 3) * (rays[0] + rays[1] + rays[2]))))


def _wood(rng: Rng) -> Field:
    x, y, _, _ = plane()
    along = y + 0.15 * rounded(rng, 3) + 0.06 * blob(*pair(rng, -0.5, 0.5), 0.2, 0.1)
    grain = np.sin(rng.uniform(20, 60) * along + rng.uniform(0, 3) * x)
    return levels(rng, 0.5 + 0.2 * grain + 0.05 * spectral(rng, 1.2), (5, 55))


def _record(rng: Rng) -> Field:
    """A record: fine grooves, a shine in two sectors, a label."""
    _, _, radius, angle = plane()
    shine = np.abs(np.cos(angle + rng.uniform(0, 7))) ** rng.uniform(4, 20)
    grooves = 0.2 + 0.03 * np.sin(rng.uniform(120, 250) * radius) + 0.5 * shine
    label = soft(radius - 0.33, 0.01)
    return levels(rng, grooves * (1 - label) + label * rng.uniform(0.4, 0.9) - 0.5 * soft(radius - 0.03, 0.01))


def _egg(rng: Rng) -> Field:
    """A fried egg: white with a wavy edge, a round yolk with a shine."""
    x, y = pair(rng, -0.2, 0.2)
    _, _, radius, angle = plane()
    white = soft(radius - 0.8 - 0.08 * np.sin(3 * angle + rng.uniform(0, 7)), 0.06)
    yolk = 0.35 * oval(x, y, 0.32, 0.3, 0, 0.03) - 0.3 * blob(x - 0.1, y - 0.1, 0.06)
    return levels(rng, either(rng, white - yolk), (0, 40))


def _doughnut(rng: Rng) -> Field:
    """A ring with icing and sprinkles."""
    _, _, radius, angle = plane()
    edge = 0.06 * np.sin(7 * angle + rng.uniform(0, 7))
    field = 0.4 * soft(np.abs(radius - 0.58) - 0.36, 0.04) + 0.4 * soft(np.abs(radius - 0.58) - 0.25 - edge, 0.04)
    picture = np.asarray(100 * field, np.float32)
    for _ in range(rng.integers(20, 60)):
        spot, turn = on_ring(rng.uniform(0.4, 0.75), rng.uniform(0, 7)), rng.uniform(0, 7)
        end = spot[0] + 0.06 * float(np.cos(turn)), spot[1] + 0.06 * float(np.sin(turn))
        segment(picture, spot, end, float(rng.uniform(0, 100)), 0.025)
    return levels(rng, picture, (0, 35))


def _snowflake(rng: Rng) -> Field:
    field = blank(float(rng.uniform(5, 30)))
    sides = [(float(at), rng.uniform(0.08, 0.3)) for at in rng.uniform(0.2, 0.8, int(rng.integers(2, 6)))]
    for arm in np.arange(6) * np.pi / 3 + np.pi / 2:
        segment(field, (0, 0), on_ring(0.9, arm), 95, 0.03)
        for at, length in sides:
            for lean in (-np.pi / 3, np.pi / 3):
                start, way = on_ring(at, arm), on_ring(length, arm + lean)
                segment(field, start, (start[0] + way[0], start[1] + way[1]), 90, 0.02)
    return field


def _wind_rose(rng: Rng) -> Field:
    """How often the wind comes from where: sectors of several levels."""
    field = blank(float(rng.uniform(5, 30)))
    count = int(rng.choice((8, 12, 16)))
    for number in range(count):
        turn, inner = number * 2 * np.pi / count, 0.0
        for level in (40.0, 60.0, 80.0, 98.0):
            outer = inner + rng.uniform(0.05, 0.25)
            half = 0.8 * np.pi / count
            polygon(field, [on_ring(inner, turn - half), on_ring(outer, turn - half), on_ring(outer, turn + half),
                            on_ring(inner, turn + half)], level)  # fmt: skip
            inner = outer
    return field


def _caustics(rng: Rng) -> Field:
    """Light on the floor of a pool."""
    bent = rounded(rng, int(rng.integers(5, 12)))
    ridge = 1 / (0.15 + np.abs(bent + 0.3 * spectral(rng, 2)))
    return levels(rng, blurred(ridge, rng.uniform(2, 6)), (5, 45))


def _fingerprint(rng: Rng) -> Field:
    x, y, _, _ = plane()
    core = np.hypot(x, 1.3 * (y + 0.1)) + 0.15 * np.arctan2(x, y + 0.3) + 0.05 * rounded(rng, 4)
    lines = np.sin(rng.uniform(50, 90) * core)
    return levels(rng, np.tanh(2 * lines + 0.5 * spectral(rng, 0.8)), (5, 45))


def _eclipse(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    size = rng.uniform(0.3, 0.55)
    rays = 1 + 0.4 * np.cos(4 * angle + rng.uniform(0, 7)) + 0.15 * np.cos(23 * angle + rng.uniform(0, 7))
    crown = np.exp(-(radius - size) / (0.2 * rays)) * (1 - soft(radius - size, 0.015))
    return levels(rng, np.clip(crown, 0, 1), (0, 15))


def _bokeh(rng: Rng) -> Field:
    """Lights out of focus: even discs that overlap."""
    field = np.full((SIDE, SIDE), 0.1)
    for _ in range(rng.integers(12, 40)):
        size = rng.uniform(0.08, 0.25)
        field = field + rng.uniform(0.1, 0.4) * oval(*pair(rng, -1, 1), size, size, 0, 0.03)
    return levels(rng, field, (5, 45))


def _tennis_ball(rng: Rng) -> Field:
    x, y, radius, _ = plane()
    light = np.sqrt(np.clip(1.05 - radius**2, 0, 1)) * (1 - 0.2 * x) + 0.04 * spectral(rng, 0.8)
    bend = rng.uniform(0.4, 0.8)
    seams = [soft(np.abs(np.hypot(x - s * 1.15, y) - bend) - 0.03, 0.02) for s in (-1, 1)]
    return levels(rng, light + 0.5 * (seams[0] + seams[1]), (0, 45))


def _web(rng: Rng) -> Field:
    """A spider's web."""
    field = blank(float(rng.uniform(5, 35)))
    turns = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(9, 18))))
    for turn in turns:
        segment(field, (0, 0), on_ring(1, turn), 90, 0.008)
    for ring in np.arange(0.12, 1, rng.uniform(0.06, 0.12)):
        corners = [on_ring(float(ring) * rng.uniform(0.96, 1.04), turn) for turn in turns]
        for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
            segment(field, start, end, 80, 0.008)
    return field


def _weave(rng: Rng) -> Field:
    x, y, _, _ = plane()
    wave = rng.uniform(15, 40)
    over = np.sin(wave * x / 2) * np.sin(wave * y / 2) > 0
    return levels(rng, np.where(over, np.abs(np.cos(wave * x)), 0.7 * np.abs(np.cos(wave * y))), (5, 50))


def _lens(rng: Rng) -> Field:
    """A room through a fish-eye: straight things bend, edges darken."""
    x, y, radius, _ = plane()
    bend = 1 + rng.uniform(0.3, 0.8) * radius**2
    across, down = x * bend, y * bend
    floor = np.where(down > 0.3, 0.3 + 0.2 * (np.sin(9 * across / (down + 0.3)) > 0), 0.6 + 0.1 * np.sin(5 * across))
    window = 0.35 * soft(np.maximum(np.abs(across + 0.3) - 0.25, np.abs(down + 0.2) - 0.3), 0.02)
    return levels(rng, (floor + window) * (1 - 0.5 * radius**3) + 0.02 * spectral(rng, 0.8), (0, 35))


def _bubbles(rng: Rng) -> Field:
    field = blank(float(rng.uniform(40, 80)))
    for _ in range(rng.integers(15, 50)):
        x, y = pair(rng, -0.95, 0.95)
        size = rng.uniform(0.05, 0.2)
        circle(field, x, y, size, float(rng.uniform(20, 100)), 0.015)
        circle(field, x - 0.4 * size, y - 0.4 * size, 0.15 * size, 100)
    return levels(rng, np.asarray(cv2.GaussianBlur(field, (0, 0), rng.uniform(1, 3))), (5, 45))


PATTERNS = family("patterns", {
    "julia-set": _julia, "spots-of-a-fur": _turing, "bricks": _bricks, "honeycomb": _honeycomb, "wood": _wood,
    "record": _record, "fried-egg": _egg, "doughnut": _doughnut, "snowflake": _snowflake, "wind-rose": _wind_rose,
    "caustics": _caustics, "fingerprint": _fingerprint, "eclipse": _eclipse, "lights-out-of-focus": _bokeh,
    "tennis-ball": _tennis_ball, "spider-web": _web, "weave": _weave, "fish-eye": _lens, "bubbles": _bubbles,
})  # fmt: skip
