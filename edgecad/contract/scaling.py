"""How uint8 becomes a backbone's input: the numbers alone, for whoever builds a graph of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.contract.parts import Scaling

MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
"""Of ImageNet's red, green and blue, 0 to 1."""
BGR_MEAN = np.array([103.939, 116.779, 123.68])
"""Of ImageNet's blue, green and red, grey levels, as Caffe's networks were trained with."""


@dataclass(frozen=True)
class PixelRule:
    """A pixel's row of RGB, 0 to 255, becomes `row @ matrix + offset`; `(3, 3)` and `(3,)`."""

    matrix: NDArray[np.float64]
    offset: NDArray[np.float64]

    def applied(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The rule in numpy, `(..., 3)` to `(..., 3)`: what a graph is tested against."""
        return np.asarray(images.astype(np.float64) @ self.matrix + self.offset, np.float32)


def pixel_rule(scaling: Scaling) -> PixelRule:
    """The rule behind a scaling's name; see `edgecad.contract.Scaling`."""
    if scaling == "none":
        return PixelRule(np.eye(3), np.zeros(3))
    if scaling == "tf":
        return PixelRule(np.eye(3) / 127.5, np.full(3, -1.0))
    if scaling == "unit":
        return PixelRule(np.eye(3) / 255, np.zeros(3))
    if scaling == "caffe":
        return PixelRule(np.eye(3)[::-1], -BGR_MEAN)
    if scaling == "torch":
        return PixelRule(np.diag(1 / (255 * DEVIATION)), -MEAN / DEVIATION)
    # Keras' EfficientNet scales and normalises by itself, but divides by the root of the deviation once
    # more, and only for weights="imagenet". Written as a change of its input, x -> k x + 255 m (1 - k),
    # the structure is one, whatever file the weights come from.
    gain = 1 / np.sqrt(DEVIATION)
    return PixelRule(np.diag(gain), 255 * MEAN * (1 - gain))
