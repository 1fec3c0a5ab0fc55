"""How large values get, channel by channel, on real images."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnx
from numpy.typing import NDArray

from edgecad_export.precision.sessions import session_of


def largest_values(
    proto: onnx.ModelProto, names: Collection[str], images: NDArray[np.uint8]
) -> dict[str, NDArray[np.float32]]:
    """Largest absolute value of each channel, `(channels,)`, of each tensor named.

    Args:
        names: of tensors `(n, channels, ...)`.
        images: `(n, size, size, 3)`.
    """
    ordered = sorted(names)
    session = session_of(proto, ordered)
    result: dict[str, NDArray[np.float32]] = {}
    for image in images:  # one at a time: all the values between take much memory
        values = session.run(ordered, {"image": image[None]})
        for name, value in zip(ordered, values, strict=True):
            cells = value.reshape(*value.shape[:2], -1)
            largest = np.maximum(cells.max(axis=2), -cells.min(axis=2)).max(axis=0)
            result[name] = np.maximum(result.get(name, largest), largest)
    return result
