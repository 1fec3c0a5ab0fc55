"""Augmentation that leaves a polar map a polar map: small shifts, scales and brightness, never a flip or a turn.

Flips and rotations would swap coronary territories. The number of passes is fixed, so that the frozen part of a
network runs once a pass and not once an epoch; epoch e learns from pass e modulo the number of passes.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SHIFT = 0.03
"""Largest shift, share of the side."""
SCALE = 0.03
"""Largest change of size, share."""
BRIGHTNESS = 0.06
"""Largest change of brightness, share."""


def augmented(image: NDArray[np.uint8], seed: int, pass_number: int, row: int) -> NDArray[np.uint8]:
    """One image `(size, size, 3)` uint8 RGB as pass `pass_number` shows it; pass 0 shows it as it is."""
    if pass_number == 0:
        return image
    draw = np.random.default_rng([seed, pass_number, row])
    side = image.shape[0]
    dx, dy = draw.uniform(-SHIFT, SHIFT, 2) * side
    scale = 1 + draw.uniform(-SCALE, SCALE)
    middle = (side - 1) / 2
    matrix = np.array([[scale, 0, middle * (1 - scale) + dx], [0, scale, middle * (1 - scale) + dy]])
    moved = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    lit = moved.astype(np.float32) * (1 + draw.uniform(-BRIGHTNESS, BRIGHTNESS))
    return np.asarray(np.rint(lit).clip(0, 255), np.uint8)


class AugmentedImages:
    """All images of a pass, made as they are read: rows `(n, size, size, 3)` without a second copy of the data."""

    def __init__(self, images: NDArray[np.uint8], seed: int, pass_number: int) -> None:
        self._images, self._seed, self._pass = images, seed, pass_number
        self.shape, self.dtype = images.shape, images.dtype

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: slice | NDArray[np.intp]) -> NDArray[np.uint8]:
        rows = np.arange(len(self))[index]
        images = np.asarray(self._images[index])
        return np.stack(
            [augmented(image, self._seed, self._pass, int(row)) for image, row in zip(images, rows, strict=True)]
        )
