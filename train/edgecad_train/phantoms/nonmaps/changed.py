"""Maps whose levels, sharpness or colours are changed."""

from __future__ import annotations

import cv2
import numpy as np

from edgecad.colourtables import ColourTable
from edgecad_train.phantoms.encoding import jpeg_bytes
from edgecad_train.phantoms.nonmaps.canvas import (
    SIDE,
    Field,
    Rng,
    blurred,
    levels,
    plane,
    soft,
    spectral,
)
from edgecad_train.phantoms.nonmaps.kind import family, family_in_tables
from edgecad_train.phantoms.nonmaps.patients import phantom_map
from edgecad_train.phantoms.palettes import colours_from_percent


def _window_above(rng: Rng) -> Field:
    """A display window of 130 to 200 %: the top of the table covers much."""
    return np.clip(phantom_map(rng) * rng.uniform(1.3, 2), 0, 100)


def _window_below(rng: Rng) -> Field:
    """A display window so wide that the map stays dark."""
    return phantom_map(rng) * rng.uniform(0.3, 0.75)


def _window_narrow(rng: Rng) -> Field:
    """The window begins high and ends low: both ends of the table cover much."""
    low, high = rng.uniform(45, 60), rng.uniform(75, 85)
    return np.clip((phantom_map(rng) - low) / (high - low) * 100, 0, 100)


def _pixelated(rng: Rng) -> Field:
    count = int(rng.integers(6, 20))
    small = cv2.resize(np.asarray(phantom_map(rng), np.float32), (count, count), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST))


def _ring_only(rng: Rng) -> Field:
    radius = plane()[2]
    return np.where(radius > rng.uniform(0.35, 0.75), phantom_map(rng), rng.uniform(0, 30))


def _hole(rng: Rng) -> Field:
    x, y, _, _ = plane()
    away = np.hypot(x - rng.uniform(-0.1, 0.1), y - rng.uniform(-0.1, 0.1))
    return phantom_map(rng) * (1 - soft(away - rng.uniform(0.15, 0.35), rng.uniform(0.01, 0.05)))


def _posterised(rng: Rng) -> Field:
    count = int(rng.integers(3, 7))
    return np.floor(phantom_map(rng) / 100 * count * 0.999) * 100 / (count - 1)


def _solarised(rng: Rng) -> Field:
    whole, limit = phantom_map(rng), rng.uniform(65, 80)
    return levels(rng, np.where(whole > limit, 2 * limit - whole, whole), (0, 30))


def _high_passed(rng: Rng) -> Field:
    whole = phantom_map(rng)
    return levels(rng, whole - blurred(whole, rng.uniform(10, 40)), (0, 20))


def _sharpened(rng: Rng) -> Field:
    whole = phantom_map(rng)
    return np.clip(whole + rng.uniform(4, 12) * (whole - blurred(whole, rng.uniform(6, 16))), 0, 100)


def _edges(rng: Rng) -> Field:
    smooth = blurred(phantom_map(rng), 3)
    return levels(rng, np.hypot(np.gradient(smooth, axis=0), np.gradient(smooth, axis=1)), (0, 15))


def _equalised(rng: Rng) -> Field:
    whole = phantom_map(rng)
    inside = np.sort(whole[plane()[2] < 1].ravel())
    return np.asarray(np.searchsorted(inside, whole) * (100 / len(inside)))


def _blurred_flat(rng: Rng) -> Field:
    return blurred(phantom_map(rng), rng.uniform(90, 200))


def _blurred_much(rng: Rng) -> Field:
    """Details are gone, the largest defects are left."""
    return levels(rng, blurred(phantom_map(rng), rng.uniform(45, 80)), (40, 70))


def _wrapped(rng: Rng) -> Field:
    """Levels beyond the top begin again at the bottom."""
    return (phantom_map(rng) * rng.uniform(1.3, 3)) % 100


def _rough(rng: Rng) -> Field:
    """Reconstructed without a filter from few counts."""
    return np.clip(phantom_map(rng) * 0.85 * (1 + rng.uniform(0.08, 0.25) * spectral(rng, 0.7)), 0, 100)


def _dead_rows(rng: Rng) -> Field:
    """Bands without data, wider than any line that is painted over."""
    whole = np.asarray(phantom_map(rng), np.float64).copy()
    for _ in range(rng.integers(2, 8)):
        top = int(rng.integers(20, SIDE - 80))
        whole[top : top + int(rng.integers(28, 60))] = rng.uniform(0, 40)
    return whole


def _coloured(rng: Rng, table: ColourTable) -> Field:
    return np.ascontiguousarray(colours_from_percent(phantom_map(rng), table))


def _as_jpeg(rng: Rng, table: ColourTable, qualities: tuple[int, int]) -> Field:
    data = np.frombuffer(jpeg_bytes(_coloured(rng, table), int(rng.integers(*qualities))), np.uint8)
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])


def _inverted_grey(rng: Rng, table: ColourTable) -> Field:
    """High is dark, as in a table that nobody named."""
    grey = np.rint(255 * (1 - phantom_map(rng) / 100))
    return np.ascontiguousarray(grey[..., None].repeat(3, axis=2).astype(np.uint8))


def _unknown_table(rng: Rng, table: ColourTable) -> Field:
    """Through colours drawn by lot, which no bar explains."""
    stops = np.stack([np.sort(rng.uniform(0, 255, 5)) if rng.random() < 0.5 else rng.uniform(0, 255, 5) for _ in "rgb"])
    share = phantom_map(rng) / 25
    return np.stack([np.interp(share, np.arange(5), own) for own in stops], axis=2).astype(np.uint8)


def _negative(rng: Rng, table: ColourTable) -> Field:
    return 255 - _coloured(rng, table)


def _hue_turned(rng: Rng, table: ColourTable) -> Field:
    """Another hue; a map without hue gets one."""
    hsv = np.asarray(cv2.cvtColor(_coloured(rng, table), cv2.COLOR_RGB2HSV)).astype(int)
    hsv[..., 0] = (hsv[..., 0] + rng.integers(40, 140)) % 180
    hsv[..., 1] = np.maximum(hsv[..., 1], 70)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB))


def _channels_apart(rng: Rng, table: ColourTable) -> Field:
    """Red, green and blue are not in one place."""
    picture = _coloured(rng, table)
    red, _, blue = (np.roll(picture[..., own], tuple(rng.integers(12, 40, 2)), (0, 1)) for own in range(3))
    return np.ascontiguousarray(np.stack([red, picture[..., 1], blue], axis=2))


def _table_twice(rng: Rng, table: ColourTable) -> Field:
    """The table runs through twice or more."""
    repeated = np.asarray((phantom_map(rng) * rng.integers(2, 5)) % 100, np.float32)
    return np.ascontiguousarray(colours_from_percent(repeated, table))


def _half_negative(rng: Rng, table: ColourTable) -> Field:
    picture = _coloured(rng, table)
    return np.where((plane()[0] > rng.uniform(-0.4, 0.4))[..., None], 255 - picture, picture)


CHANGED = family("a map changed", {
    "display-window-above": _window_above, "display-window-below": _window_below,
    "display-window-narrow": _window_narrow, "pixelated": _pixelated, "ring-only": _ring_only,
    "hole-in-the-middle": _hole, "posterised": _posterised, "solarised": _solarised, "high-passed": _high_passed,
    "sharpened": _sharpened, "edges-of-a-map": _edges, "equalised": _equalised, "blurred-flat": _blurred_flat,
    "blurred-much": _blurred_much,
    "levels-wrapped": _wrapped, "unfiltered": _rough, "dead-rows": _dead_rows,
}) + family_in_tables("a map changed", {
    "jpeg-quality-5": lambda rng, table: _as_jpeg(rng, table, (2, 7)),
    "jpeg-quality-10": lambda rng, table: _as_jpeg(rng, table, (8, 13)), "in-inverted-grey": _inverted_grey,
    "in-a-table-unknown": _unknown_table, "negative": _negative, "hue-turned": _hue_turned,
    "channels-apart": _channels_apart, "table-run-through-twice": _table_twice, "half-negative": _half_negative,
})  # fmt: skip
