"""Colours of a set of prepared images: what a contract records, so that other colour tables are noticed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Colours, Crop
from edgecad.polarmap import colour_histogram, input_mask


def colours_of(images: Iterable[NDArray[np.uint8]], crop: Crop = "polar-map", min_share: float = 1e-4) -> Colours:
    """Colours that cover at least `min_share` of the discs of `images`, or of all of them for whole images.

    Args:
        images: each `(size, size, 3)` uint8 RGB, prepared by the rule `crop`.
    """
    counts = np.zeros(4096, np.int64)
    for image in images:
        counts += colour_histogram(image, input_mask(image.shape[0], crop).view(np.uint8)).astype(np.int64)
    seen = counts >= max(min_share * counts.sum(), 1)
    return Colours(bins=np.packbits(seen).tobytes().hex())
