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

FINE = 2040
"""Level 100 % before it becomes a colour. A table of red, then green, then blue has up to 766 colours: with 256 of them
neighbouring pixels of one map fell on other colours after a JPEG, and scores moved more than with all of them."""


def drawn(uptake: Floats, size: int, drawing: Drawing) -> Pixels:
    """Draw uptake as the network sees it.

    Args:
        uptake: `(side, side)`, percent, mirrored beyond the disc, which touches the sides.
        size: of the input, pixels.

    Returns:
        `(size, size, 3)` uint8 RGB; `uptake_of` gives back the blurred uptake within a level of 255.
    """
    blurred = uptake
    if drawing.blur:
        sigma = drawing.blur * uptake.shape[0] / 256
        blurred = cv2.GaussianBlur(uptake, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    levels = np.rint(np.clip(resampled(blurred, size), 0, 100) * (FINE / 100)).astype(np.intp)
    packed = _packed(drawing.table).take(levels)
    image = np.ascontiguousarray(packed[..., None].view(np.uint8)[..., :3])
    if drawing.beyond == "black":
        image[~input_mask(size, "polar-map")] = 0
    return image


def uptake_of(image: Pixels, drawing: Drawing) -> Floats:
    """Blurred uptake of a drawing, `(size, size)` percent; what is black beyond the disc is the table's low end.

    Args:
        image: `(size, size, 3)` uint8 RGB, from `drawn`.
    """
    keys, levels = _levels(drawing.table)
    place = np.minimum(np.searchsorted(keys, _keys(image)), len(keys) - 1)
    return levels[place]


def _keys(colours: Pixels) -> NDArray[np.uint32]:
    """Each colour `(..., 3)` as one number `(...)`."""
    filled = np.concatenate([colours, np.zeros((*colours.shape[:-1], 1), np.uint8)], axis=-1)
    return np.ascontiguousarray(filled).view(np.uint32)[..., 0]


@lru_cache(maxsize=8)
def _packed(table: str) -> NDArray[np.uint32]:
    """The colour of each level of 0 to `FINE`, as one number. Kept: do not write to it."""
    colours = known_table(table).colours_at(np.linspace(0, 100, FINE + 1))
    return _keys(np.rint(colours).astype(np.uint8))


def colour_levels(table: str) -> tuple[Pixels, Floats]:
    """Every colour that a table's uptake is drawn in, `(colours, 3)` RGB, and what `uptake_of` reads it as, percent."""
    keys, levels = _levels(table)
    return np.ascontiguousarray(keys[:, None]).view(np.uint8)[:, :3], levels


@lru_cache(maxsize=8)
def _levels(table: str) -> tuple[NDArray[np.uint32], Floats]:
    """Every colour of a table, rising as numbers, and the middle of the levels that are drawn in it, percent."""
    keys, place, counts = np.unique(_packed(table), return_inverse=True, return_counts=True)
    sums = np.bincount(place.ravel(), np.linspace(0, 100, FINE + 1))
    return keys, (sums / counts).astype(np.float32)


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
