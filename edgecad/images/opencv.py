"""OpenCV as a decoder: of PNG alone, which it gets with every byte checked, because it hides what it warns of."""

from __future__ import annotations

import cv2
import numpy as np

from edgecad.images.refusals import damaged
from edgecad.images.screen import Pixels
from edgecad.system.memory import lacks_memory

# OpenCV 4.11 and later write RGB themselves and save a pass over the pixels.
_RGB: int | None = getattr(cv2, "IMREAD_COLOR_RGB", None)
_FLAGS = (cv2.IMREAD_COLOR if _RGB is None else _RGB) | cv2.IMREAD_IGNORE_ORIENTATION


def rgb_from_clean_png(data: bytes, width: int, height: int) -> Pixels:
    """Decode a PNG whose chunks, rows and palette were checked into `(height, width, 3)` uint8 RGB.

    Raises:
        InputRefused: `damaged`.
        MemoryError: this machine's does not suffice.
    """
    return _checked(_decoded(np.frombuffer(data, np.uint8)), (height, width, 3))


def rgba_from_clean_png(data: bytes, width: int, height: int) -> Pixels:
    """As `rgb_from_clean_png`, of a PNG with an alpha channel: `(height, width, 4)` uint8 RGBA."""
    return _checked(_decoded(np.frombuffer(data, np.uint8), alpha=True), (height, width, 4))


def _checked(pixels: Pixels | None, shape: tuple[int, int, int]) -> Pixels:
    if pixels is None:
        raise damaged("the picture's data are corrupt")
    if pixels.shape != shape or pixels.dtype != np.uint8:
        raise damaged("the picture decodes to another size than it declares")
    return pixels


def _decoded(encoded: Pixels, *, alpha: bool = False) -> Pixels | None:
    try:
        pixels = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED if alpha else _FLAGS)
        if pixels is not None and alpha:
            pixels = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)
        elif pixels is not None and _RGB is None:
            pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    except cv2.error as error:
        if lacks_memory(error):
            raise MemoryError from error
        return None
    return None if pixels is None else np.asarray(pixels)
