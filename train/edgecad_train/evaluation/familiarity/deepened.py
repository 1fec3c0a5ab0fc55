"""Training maps drawn again with deeper deficits, so that severe disease is not what familiarity refuses.

A few hundred patients hold few of the severest. What tells a map from another picture is not how deep its deficits are,
so copies with deeper ones stand beside the maps themselves: `uptake = top (uptake / top) ** exponent`, where `top` is
nearly the map's maximum. A normal wall stays as it is, 60 % of the maximum becomes 44 and 29.
"""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad.contract import Drawing
from edgecad.polarmap import input_mask
from edgecad.polarmap.uptake.drawing import drawn, uptake_of

EXPONENTS = (1.6, 2.4)
TOP = 0.995
"""Share of the disc's pixels below `top`: not the one hottest pixel."""


def deepened(image: NDArray[np.uint8], drawing: Drawing, exponent: float) -> NDArray[np.uint8]:
    """The map of a prepared image `(size, size, 3)` uint8 RGB with deeper deficits, drawn in the same way."""
    uptake = uptake_of(image, drawing)
    top = max(float(np.quantile(uptake[input_mask(len(uptake), "polar-map")], TOP)), 1.0)
    deeper = np.clip(top * (uptake / top) ** exponent, 0, 100).astype(np.float32)
    # It is blurred already, and what lies beyond the disc is drawn already.
    return drawn(deeper, len(uptake), replace(drawing, blur=0.0))


class DeepenedImages:
    """Some scans with deeper deficits, made as they are read: rows `(n, size, size, 3)` without a second copy."""

    def __init__(self, images: NDArray[np.uint8], rows: NDArray[np.intp], drawing: Drawing, exponent: float) -> None:
        self._images, self._rows, self._drawing, self._exponent = images, rows, drawing, exponent

    def __getitem__(self, index: NDArray[np.intp]) -> NDArray[np.uint8]:
        images = np.asarray(self._images[self._rows[index]])
        return np.stack([deepened(image, self._drawing, self._exponent) for image in images])
