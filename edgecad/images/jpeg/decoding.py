"""The one place that calls the JPEG decoder: simplejpeg, which is libjpeg-turbo with its warnings as errors.

libjpeg fills what is corrupt with made-up pixels and only warns. OpenCV hides the warning, so it is not used here.
"""

from __future__ import annotations

import numpy as np
import simplejpeg

from edgecad.images.refusals import damaged
from edgecad.images.screen import Pixels

_NO_MEMORY = "insufficient memory"
"""In libjpeg's own message."""


def rgb_from_clean_jpeg(data: bytes, width: int, height: int, *, halved: bool = False) -> Pixels:
    """Decode a JPEG whose markers and scans were checked into `(height, width, 3)` uint8 RGB.

    Args:
        width, height: as its frame declares them, pixels.
        halved: at half the size, rounded up, of which the decoder computes no more than it gives.

    Raises:
        InputRefused: `damaged`.
        MemoryError: this machine's does not suffice.
    """
    factor = 2 if halved else 1
    width, height = -(-width // factor), -(-height // factor)
    return _decoded(data, "RGB", (height, width, 3), min_height=height, min_width=width, min_factor=factor)


def samples_from_clean_lossless(data: bytes, width: int, height: int, components: int) -> Pixels:
    """Decode a lossless JPEG whose markers and scans were checked into `(height, width, components)` uint8, as stored.

    libjpeg-turbo 3 can, which simplejpeg 1.8 brings. Without any mark it takes components called 1, 2, 3 for RGB, and
    changes nothing.

    Raises:
        InputRefused: `damaged`.
        MemoryError: this machine's does not suffice.
    """
    return _decoded(data, "GRAY" if components == 1 else "RGB", (height, width, components))


def _decoded(data: bytes, colours: str, shape: tuple[int, int, int], **options: int) -> Pixels:
    try:
        pixels = simplejpeg.decode_jpeg(data, colours, strict=True, **options)
    except ValueError as error:
        if _NO_MEMORY in str(error).lower():
            raise MemoryError from error
        raise damaged("the picture's data are corrupt") from error
    if pixels.shape != shape:
        raise damaged("the picture decodes to another size than it declares")
    return np.asarray(pixels, np.uint8)
