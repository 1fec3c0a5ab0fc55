"""What a network sees, for people: in words, as pictures, and what lies around the map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Preparation
from edgecad.polarmap import input_mask
from edgecad.polarmap.uptake.drawing import uptake_of


def seen_words(how: Preparation) -> str:
    """`uptake, drawn in iron`, `colours as on the screen`, or `the whole image`."""
    if how.drawing is not None:
        return f"uptake, drawn in {how.drawing.table}"
    return "the whole image" if how.crop == "none" else "colours as on the screen"


def black_around(how: Preparation) -> bool:
    """Whether the disc lies on black, the same on every scan, so that evidence there is none from the map.

    Uptake may be mirrored across the rim: then evidence beyond is evidence from the map's own edge.
    """
    return how.crop == "polar-map" and (how.drawing is None or how.drawing.beyond == "black")


def shown_images(images: NDArray[np.uint8], how: Preparation) -> NDArray[np.uint8]:
    """Prepared images `(..., size, size, 3)` as people are shown them: what is mirrored beyond the disc is black."""
    if how.crop == "none" or black_around(how):
        return images
    inside = input_mask(images.shape[-2], how.crop)
    return np.where(inside[..., None], images, np.uint8(0))


def uptake_seen(image: NDArray[np.uint8], how: Preparation) -> NDArray[np.float32] | None:
    """Uptake as the network sees it, `(size, size)` percent, NaN outside the disc; None where colours are the input.

    Args:
        image: `(size, size, 3)` uint8 RGB, prepared; its uptake is blurred as the drawing says.
    """
    if how.drawing is None:
        return None
    inside = input_mask(image.shape[0], how.crop)
    return np.where(inside, uptake_of(image, how.drawing), np.float32(np.nan))
