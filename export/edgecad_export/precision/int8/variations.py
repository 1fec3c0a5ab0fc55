"""More images to calibrate by: training images as a slightly different acquisition might have shown them.

A fit to 8 bits sees thousands of places in each image, but images of one kind look alike; what few of them do not
show, the fit does not know. Turned, shifted and scaled by little, they show it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

DEGREES, SHARE, SCALE = 6.0, 0.01, 0.02
"""Most that a copy is turned, degrees; shifted, share of the image's side; and scaled, relative."""
COPIES = 2
"""Most copies of an image."""


def varied(images: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
    """Images `(n, size, size, 3)`, and behind them copies of them, `most` in all; the same ones every time."""
    draw = np.random.default_rng(0)
    count = max(0, min(most, (1 + COPIES) * len(images)) - len(images))
    copies = [_copy(images[index % len(images)], draw) for index in range(count)]
    return np.concatenate([images, np.stack(copies)]) if copies else images


def _copy(image: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    size = image.shape[0]
    centre = (size - 1) / 2
    turned = cv2.getRotationMatrix2D((centre, centre), draw.uniform(-DEGREES, DEGREES), 1 + draw.uniform(-SCALE, SCALE))
    turned[:, 2] += draw.uniform(-SHARE, SHARE, 2) * size
    return np.asarray(cv2.warpAffine(image, turned, (size, size), borderMode=cv2.BORDER_REPLICATE), np.uint8)
