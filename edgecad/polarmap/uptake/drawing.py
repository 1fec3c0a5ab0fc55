"""Uptake drawn for the network in the one canonical way, and read back from it."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing
from edgecad.polarmap.square import input_mask

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SHADES = 255
"""Level 100 % of a drawing, whose table has one colour for each of 0 to 255."""


def drawn(uptake: Floats, size: int, drawing: Drawing) -> Pixels:
    """Draw uptake as the network sees it.

    Args:
        uptake: `(side, side)`, percent, mirrored beyond the disc, which touches the sides.
        size: of the input, pixels.

    Returns:
        `(size, size, 3)` uint8 RGB; `uptake_of` gives back the blurred uptake within half a level of 255.
    """
    blurred = uptake
    if drawing.blur:
        sigma = drawing.blur * uptake.shape[0] / 256
        blurred = cv2.GaussianBlur(uptake, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    shades = np.asarray(np.rint(np.clip(resampled(blurred, size), 0, 100) * (SHADES / 100)), np.uint8)
    image = np.asarray(cv2.applyColorMap(shades, _colours(drawing.table)[:, None]), np.uint8)
    if drawing.beyond == "black":
        image[~input_mask(size, "polar-map")] = 0
    return image


def uptake_of(image: Pixels, drawing: Drawing) -> Floats:
    """Blurred uptake of a drawing, `(size, size)` percent; what is black beyond the disc is the table's low end.

    Args:
        image: `(size, size, 3)` uint8 RGB, from `drawn`.
    """
    colours = _colours(drawing.table)
    keys = _keys(colours)
    order = np.argsort(keys)
    place = order[np.minimum(np.searchsorted(keys, _keys(image), sorter=order), len(keys) - 1)]
    return np.asarray(place * (100 / SHADES), np.float32)


def _keys(colours: Pixels) -> NDArray[np.int64]:
    return np.asarray((colours.astype(np.int64) * (1 << 16, 1 << 8, 1)).sum(axis=-1), np.int64)


@lru_cache(maxsize=8)
def _colours(table: str) -> Pixels:
    """The 256 colours of a drawing's table, `(256, 3)` uint8, each different."""
    return np.rint(known_table(table).colours_at(np.linspace(0, 100, SHADES + 1))).astype(np.uint8)


def resampled(square: Floats, size: int) -> Floats:
    """A square brought to `size` pixels a side; both span the same disc."""
    side = square.shape[0]
    if side == size:
        return square
    how = cv2.INTER_AREA if size < side / 2 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (size, size), interpolation=how), np.float32)


def mirrored(square: Floats, shrink: float) -> Floats:
    """Levels of a disc's square, those beyond its rim replaced by those at the same distance within.

    Args:
        square: `(side, side)`.
        shrink: how far inside the square's inscribed circle the last pixels of the disc are, pixels.
    """
    x, y = _mirror_maps(square.shape[0], ceil(4 * shrink))
    return np.asarray(cv2.remap(square, x, y, cv2.INTER_LINEAR), np.float32)


@lru_cache(maxsize=32)
def _mirror_maps(side: int, quarters: int) -> tuple[Floats, Floats]:
    """Where each pixel is taken from. Kept: do not write to it."""
    rim = side / 2 - quarters / 4
    axis = np.arange(side) - (side - 1) / 2
    x, y = np.meshgrid(axis, axis)
    radius = np.maximum(np.hypot(x, y), 1e-6)
    # A pixel and a half within: between four pixels, none of which is beyond the rim.
    within = np.clip(2 * rim - radius, 0, rim - 1.5)
    factor = np.where(radius > rim, within / radius, 1.0)
    middle = (side - 1) / 2
    return (x * factor + middle).astype(np.float32), (y * factor + middle).astype(np.float32)
