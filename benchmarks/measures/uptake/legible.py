"""Can a name that was written over a map still be read in a picture of it? A measure, because nobody reads 400 of them.

A letter is recognised in a band of about three cycles a letter (Solomon and Pelli, Nature 369, 395, 1994). So both
pictures, with the name and without, are brought to CIELAB, their difference and the letters' cover to that band, and
around each place of the writing three things are asked:

    visible       the part of the difference that has the letters' shape, root mean square, dE units
    letters       its share of the whole difference, as a correlation: painting over leaves blots, which are no letters
    above         visible as a multiple of what the bare map itself has in that band: a texture hides letters

The limits were set by eye, on pictures of uptake in grey and of the network's input, painted over and not.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap import input_mask

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

VISIBLE, LETTERS, ABOVE = 0.12, 0.5, 0.5
"""Least of each where a letter is read. Names in grey were read at 0.15 with some effort, and at 0.11 no more."""
READ = 0.1
"""Share of the writing that is read from which the name is legible. Names with 0.15 to 0.2 were guessed by eye."""
_CYCLES = 3.0


@dataclass(frozen=True)
class Reading:
    """How well a name is read: medians over the writing of what is visible, and the share of it that is read."""

    visible: float
    letters: float
    share: float

    @property
    def legible(self) -> bool:
        """Whether the name is read."""
        return self.share >= READ


def read_name(named: Pixels, bare: Pixels, cover: Floats, height: float) -> Reading:
    """Measure how well a name is read.

    Args:
        named: picture `(n, n, 3)` uint8 RGB of a map with a name over it; the disc touches the sides.
        bare: the same without the name.
        cover: `(n, n)`, which share of each pixel the letters cover, as on the screen: not blurred.
        height: of a capital, pixels of the picture.
    """
    inside = input_mask(named.shape[0], "polar-map")
    inside = cv2.erode(inside.view(np.uint8), np.ones((7, 7), np.uint8)).astype(np.float32)
    letters = _band(cover, height) * inside
    own = _around(letters * letters, height)
    explained, whole, texture = (np.zeros_like(own) for _ in range(3))
    for with_name, without in zip(_lab(named), _lab(bare), strict=True):
        difference = _band((with_name - without) * inside, height)
        explained += _around(difference * letters, height) ** 2 / np.maximum(own, 1e-12)
        whole += _around(difference * difference, height)
        texture += _around((_band(without, height) * inside) ** 2, height)
    written = _around(cover, height)
    at = (written > 0.4 * written.max()) & (inside > 0)
    visible, alike = np.sqrt(explained)[at], np.sqrt(explained / np.maximum(whole, 1e-12))[at]
    read = (visible >= VISIBLE) & (alike >= LETTERS) & (visible >= ABOVE * np.sqrt(texture)[at])
    return Reading(float(np.median(visible)), float(np.median(alike)), float(read.mean()))


def _lab(picture: Pixels) -> tuple[Floats, ...]:
    return tuple(cv2.split(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)))


def _band(picture: Floats, height: float) -> Floats:
    """Difference of two blurs that passes about `_CYCLES` cycles a letter."""
    period = height / _CYCLES
    near, far = max(0.4, period / 5), max(0.8, period / 2.5)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), near) - cv2.GaussianBlur(picture, (0, 0), far), np.float32)


def _around(picture: Floats, height: float) -> Floats:
    """Mean around each place, over about one letter."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), max(1.0, height / 2)), np.float32)
