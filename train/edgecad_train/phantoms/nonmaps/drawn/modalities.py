"""Radar, ultrasound, tomography and other instruments that show their pictures in a circle or in a colour table."""

from __future__ import annotations

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
    grain,
    levels,
    on_ring,
    oval,
    pair,
    plane,
    rounded,
    segment,
    soft,
    spectral,
    write,
)
from edgecad_train.phantoms.nonmaps.kind import family


def _radar_sweep(rng: Rng) -> Field:
    _, _, _radius, angle = plane()
    trail = ((angle + rng.uniform(0, 7)) % (2 * np.pi)) / (2 * np.pi)
    field = np.asarray(8 + 60 * trail ** rng.uniform(1, 5), np.float32)
    for ring in (0.33, 0.66, 0.97):
        circle(field, 0, 0, ring, 55, 0.008)
    for _ in range(rng.integers(3, 12)):
        circle(field, *on_ring(rng.uniform(0.1, 0.9), rng.uniform(0, 7)), rng.uniform(0.01, 0.04), 100)
    return field


def _weather(rng: Rng) -> Field:
    """Rain: patches of levels on nothing."""
    rain = np.clip(spectral(rng, rng.uniform(1.5, 2.2)) - rng.uniform(-0.3, 0.8), 0, 3)
    return levels(rng, np.floor(rain * 6) / 6 if rng.random() < 0.5 else rain, (0, 15))


def _hurricane(rng: Rng) -> Field:
    _, _, radius, angle = plane()
    arms = np.cos(rng.integers(2, 4) * (angle + rng.uniform(3, 6) * np.log(np.maximum(radius, 0.03))))
    cloud = (0.5 + 0.5 * arms) * np.exp(-radius) + 0.2 * spectral(rng, 1.5)
    return levels(rng, cloud * soft(0.08 - radius, 0.05), (0, 40))


def _ultrasound(rng: Rng) -> Field:
    """A sector with a heart's four chambers, speckle and depth."""
    x, y, _, _ = plane()
    down = np.hypot(x, y + 0.95)
    sector = soft(np.abs(np.arctan2(x, y + 0.95)) - 0.65, 0.02) * soft(down - 1.85, 0.03)
    tissue = 0.6 * np.ones((SIDE, SIDE))
    for cx, cy in ((-0.22, -0.05), (0.25, -0.05), (-0.2, 0.5), (0.25, 0.5)):
        tissue = tissue - 0.55 * oval(cx, cy, rng.uniform(0.15, 0.22), rng.uniform(0.2, 0.27), 0, 0.05)
    speckle = np.hypot(grain(rng, 1.5), grain(rng, 1.5)) / 1.25
    return levels(rng, sector * tissue * speckle, (0, 8))


def _speckle(rng: Rng) -> Field:
    size = rng.uniform(1.5, 6)
    speckle = np.hypot(grain(rng, size), grain(rng, size))
    return levels(rng, speckle * (1 + 0.5 * rounded(rng, 4)), (0, 30))


def _layers(rng: Rng) -> Field:
    """Retina in section: layers with a pit."""
    x, y, _, _ = plane()
    depth = y + rng.uniform(0.05, 0.25) * np.exp(-((x / 0.25) ** 2)) + 0.04 * rounded(rng, 4)
    field = 0.08 * np.ones_like(x)
    for top in np.sort(rng.uniform(-0.4, 0.35, int(rng.integers(5, 9)))):
        field = field + rng.uniform(0.2, 0.8) * np.exp(-0.5 * ((depth - top) / rng.uniform(0.015, 0.05)) ** 2)
    return levels(rng, field * np.abs(1 + 0.25 * grain(rng, 2)), (0, 20))


def _brain_mri(rng: Rng) -> Field:
    x, y, _, _ = plane()
    edge = np.hypot(x / 0.72, y / 0.88)
    scalp = 0.9 * soft(np.abs(edge - 1.05) - 0.03, 0.02)
    folds = 0.15 * np.sign(np.sin(9 * rounded(rng, 9))) * soft(0.5 - edge, 0.2)
    matter = (0.55 + 0.25 * soft(edge - 0.62 - 0.05 * rounded(rng, 12), 0.05) + blurred(folds, 4)) * soft(
        edge - 0.9, 0.03
    )
    holes = sum(0.6 * oval(side * 0.12, -0.05, 0.06, 0.28, side * 0.15, 0.03) for side in (-1, 1))
    return levels(rng, scalp + matter - holes + 0.02 * spectral(rng, 0), (0, 12))


def _head_ct(rng: Rng) -> Field:
    x, y, _, _ = plane()
    edge = np.hypot(x / 0.75, y / 0.9)
    bone = soft(np.abs(edge - 1) - 0.05, 0.02)
    inside = (0.45 + 0.03 * rounded(rng, 10)) * soft(edge - 0.95, 0.03)
    bleed = rng.uniform(0, 0.4) * oval(*pair(rng, -0.3, 0.3), rng.uniform(0.05, 0.25), 0.12)
    holes = sum(0.2 * oval(side * 0.12, -0.05, 0.06, 0.25, side * 0.2, 0.03) for side in (-1, 1))
    return levels(rng, bone + inside + bleed - holes + 0.03 * spectral(rng, 0), (0, 15))


def _chest_ct(rng: Rng) -> Field:
    body = 0.6 * oval(0, 0, 0.96, 0.72, 0, 0.03)
    air = 0.52 * (oval(-0.45, -0.02, 0.34, 0.48, 0.1, 0.03) + oval(0.47, 0, 0.3, 0.46, -0.1, 0.03))
    heart = 0.5 * oval(0.15, -0.1, rng.uniform(0.25, 0.35), 0.28, 0.4, 0.03)
    bones = sum(oval(*on_ring(0.8, a), 0.08, 0.03, -a, 0.02) for a in rng.uniform(0, 2 * np.pi, 8))
    spine = oval(0, 0.52, 0.13, 0.11, 0, 0.03)
    return levels(rng, body - air + heart + 0.4 * bones + 0.5 * spine + 0.03 * spectral(rng, 0.3), (0, 10))


def _radiograph(rng: Rng) -> Field:
    field = 0.7 - 0.5 * (blob(-0.4, 0, 0.25, 0.5) + blob(0.42, 0, 0.22, 0.5)) + 0.3 * blob(0.15, 0.25, 0.25)
    x, y, _, _ = plane()
    ribs = 0.08 * np.sin(22 * (y + 0.4 * np.abs(x))) * (np.abs(x) > 0.12)
    return levels(rng, field + ribs + 0.3 * np.exp(-((x / 0.08) ** 2)) + 0.02 * spectral(rng, 0.5), (0, 25))


def _breast(rng: Rng) -> Field:
    _, _, radius, _ = plane()
    glands = np.clip(spectral(rng, 1.6), -1, 2)
    return levels(rng, (1 + 0.4 * glands) * np.sqrt(np.clip(1.05 - radius**2, 0, 1)), (0, 20))


def _endoscope(rng: Rng) -> Field:
    """A pipe of mucosa, dark at its end, with highlights."""
    x, y, _, _ = plane()
    away = np.hypot(x - rng.uniform(-0.3, 0.3), y - rng.uniform(-0.3, 0.3))
    share = levels(rng, away**0.7 * (1 + 0.15 * np.sin(18 * away + rounded(rng, 4))) - 0.4 * away**3, (0, 10)) / 100
    share = share + 0.6 * (rounded(rng, 30) > 2.2)
    picture = share[..., None] * np.array((250, 130, 110)) + np.array((20, 0, 0))
    return np.asarray(picture.clip(0, 255), np.uint8)


def _thermogram(rng: Rng) -> Field:
    """A warm hand in front of a cold wall."""
    field = np.asarray(15 + 4 * rounded(rng, 4), np.float32)
    circle(field, 0, 0.35, 0.35, 80)
    for x, top in ((-0.32, -0.35), (-0.12, -0.7), (0.1, -0.72), (0.3, -0.5)):
        segment(field, (x * 0.7, 0.2), (x * 1.3, top), float(rng.uniform(60, 95)), 0.14)
    segment(field, (0.2, 0.4), (0.7, 0.1), 75, 0.15)
    return levels(rng, blurred(field, rng.uniform(3, 10)) + 2 * rounded(rng, 12), (0, 35))


def _spectrogram(rng: Rng) -> Field:
    x, y, _, _ = plane()
    field = 0.15 * np.abs(grain(rng, 2))
    for harmonic in range(1, 7):
        pitch = 0.8 - harmonic * (0.2 + 0.04 * np.sin(rng.uniform(2, 6) * x))
        field = field + np.exp(-0.5 * ((y - pitch) / 0.02) ** 2) / harmonic * (np.sin(9 * x + harmonic) > -0.4)
    return levels(rng, field, (0, 20))


def _relief(rng: Rng) -> Field:
    """Height above sea with contour lines and rivers."""
    height = spectral(rng, 1.9)
    lines = np.abs((height * 4) % 1 - 0.5) < 0.04
    return levels(rng, np.where(lines, height - 2, height), (0, 45))


def _hillshade(rng: Rng) -> Field:
    height = blurred(spectral(rng, 1.8), 2)
    return levels(rng, np.gradient(height, axis=0) + np.gradient(height, axis=1), (0, 45))


def _globe(rng: Rng) -> Field:
    x, y, radius, _ = plane()
    z = np.sqrt(np.clip(1 - radius**2, 0, 1))
    land = blurred((spectral(rng, 1.8) > 0.2).astype(np.float64), 2)
    east = np.arctan2(x, z)
    grid = np.maximum(np.cos(12 * east) > 0.985, np.cos(12 * np.arcsin(np.clip(y, -1, 1))) > 0.985)
    return levels(rng, 0.3 + 0.5 * land + 0.25 * grid - 0.3 * radius**4, (5, 40))


def _diffraction(rng: Rng) -> Field:
    _, _, radius, _ = plane()
    wave = np.maximum(rng.uniform(10, 30) * radius, 1e-3)
    return levels(rng, np.log(0.003 + (np.sin(wave) / wave) ** 2), (0, 30))


def _wafer(rng: Rng) -> Field:
    """A wafer's dies, each a level, some dead."""
    count = int(rng.integers(12, 30))
    dies = np.clip(80 + 8 * rng.normal(0, 1, (count, count)) - 70 * (rng.random((count, count)) < 0.07), 0, 100)
    return np.kron(dies, np.ones((SIDE // count + 1,) * 2))[:SIDE, :SIDE]


def _cornea(rng: Rng) -> Field:
    """Power of a cornea: a bow tie on a fall, with numbers on the axes."""
    _, _, radius, angle = plane()
    bow = rng.uniform(0.2, 0.6) * np.cos(2 * (angle - rng.uniform(0, 7))) * radius * np.exp(-radius)
    field = np.asarray(levels(rng, bow - 0.2 * radius**2 + 0.03 * rounded(rng, 5), (5, 40)), np.float32)
    for turn in np.arange(0, 2 * np.pi, np.pi / 4):
        write(field, f"{rng.uniform(38, 48):.1f}", *on_ring(0.6, turn), 0.06, 100)
    return field


def _head_of_electrodes(rng: Rng) -> Field:
    """Potentials on a scalp, interpolated from electrodes, with the electrodes as dots."""
    x, y, _, _ = plane()
    spots = rng.uniform(-0.85, 0.85, (int(rng.integers(10, 25)), 2))
    weights = np.stack([1 / (0.03 + (x - a) ** 2 + (y - b) ** 2) for a, b in spots])
    field = np.tensordot(rng.normal(0, 1, len(spots)), weights, 1) / weights.sum(axis=0)
    picture = np.asarray(levels(rng, field, (5, 50)), np.float32)
    for a, b in spots:
        circle(picture, a, b, 0.02, 0)
    return picture


def _star_field(rng: Rng) -> Field:
    field = blank(2)
    for _ in range(rng.integers(80, 300)):
        circle(field, *pair(rng, -1, 1), 0.003 + 0.02 * rng.random() ** 4, float(rng.uniform(40, 100)))
    return levels(rng, blurred(field, 1.2) + 30 * blob(*pair(rng, -0.3, 0.3), 0.3, 0.1, 0.6), (0, 15))


MODALITIES = family("instruments", {
    "radar-sweep": _radar_sweep, "weather-radar": _weather, "hurricane": _hurricane, "ultrasound-sector": _ultrasound,
    "speckle": _speckle, "retina-in-layers": _layers, "head-mri": _brain_mri, "head-ct": _head_ct,
    "chest-ct": _chest_ct, "chest-radiograph": _radiograph, "breast-radiograph": _breast, "endoscope": _endoscope,
    "thermogram": _thermogram, "spectrogram": _spectrogram, "relief-with-contours": _relief,
    "hillshade": lambda rng: either(rng, _hillshade(rng) - 50) + 50, "globe": _globe, "diffraction": _diffraction,
    "wafer": _wafer, "cornea": _cornea, "scalp-potentials": _head_of_electrodes, "star-field": _star_field,
})  # fmt: skip
