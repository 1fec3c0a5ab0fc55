"""The one place that calls OpenCV's decoder."""

from __future__ import annotations

import cv2
import numpy as np

from edgecad.errors import InputRefused
from edgecad.images.screen import Pixels
from edgecad.images.stderr import listening

# OpenCV 4.11 and later write RGB themselves and save a pass over the pixels.
_RGB: int | None = getattr(cv2, "IMREAD_COLOR_RGB", None)
_UPRIGHT = cv2.IMREAD_IGNORE_ORIENTATION
_HALVED = cv2.IMREAD_REDUCED_GRAYSCALE_2
"""For grey, and with a colour flag beside it for colours."""


def rgb_from_encoded(data: bytes | bytearray, width: int, height: int, *, halved: bool = False) -> Pixels:
    """Decode a checked JPEG or PNG into `(height, width, 3)` uint8 RGB.

    Requires a file whose sizes and structure were checked; ensures that the decoder met no corrupt data.

    Args:
        halved: at half the size, rounded up, of which the decoder computes no more than it gives; for JPEG.

    Raises:
        InputRefused: `damaged`.
        MemoryError: this machine's does not suffice.
    """
    with listening() as heard:
        pixels = _decoded(np.frombuffer(data, np.uint8), _HALVED if halved else 0)
    if pixels is None or heard.damage:
        raise InputRefused("damaged", "the picture's data are corrupt; wanted a complete file: copy or export it again")
    if halved:
        width, height = -(-width // 2), -(-height // 2)
    if pixels.shape != (height, width, 3) or pixels.dtype != np.uint8:
        raise InputRefused("damaged", "the picture decodes to another size than it declares; export it again")
    return pixels


def _decoded(encoded: Pixels, scale: int) -> Pixels | None:
    flags = (cv2.IMREAD_COLOR if _RGB is None else _RGB) | _UPRIGHT | scale
    try:
        pixels = cv2.imdecode(encoded, flags)
        if pixels is not None and _RGB is None:
            pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    except cv2.error as error:
        if no_memory(error):
            raise MemoryError from error
        return None
    return None if pixels is None else np.asarray(pixels)


def no_memory(error: Exception | None) -> bool:
    """Whether an error is this machine's lack of memory, in Python's words or in OpenCV's."""
    return isinstance(error, MemoryError) or (isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem)
