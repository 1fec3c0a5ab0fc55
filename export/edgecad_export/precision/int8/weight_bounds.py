"""How large whole-number weights may be, so that the same file answers the same on every processor.

Processors without VNNI multiply uint8 by int8 and add pairs of products in 16 bits, and cut off what goes beyond,
silently (`vpmaddubsw` on x86). Pairs are neighbouring input channels at one place of the kernel. So a weight of 127 is
safe beside one of 1, and two of 64 are: no pair may reach beyond `TOGETHER`. Depthwise convolutions are multiplied
without pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from edgecad_export.precision.int8.plain_graph import attribute

ALONE = 127
"""Largest int8 that has a negative."""
TOGETHER = 128
"""255 x 128 still fits 16 bits with a sign."""


@dataclass(frozen=True)
class WeightBounds:
    """What the weights of a convolution's outputs are held to.

    Attributes:
        alone: largest absolute value of each.
        partners: `(k,)`, the place of the weight that each is added to; its own place where there is none.
        together: largest sum of the absolute values of two partners.
    """

    alone: int
    partners: NDArray[np.intp]
    together: int = TOGETHER

    @classmethod
    def each(cls, alone: int, count: int) -> WeightBounds:
        """Every weight for itself."""
        return cls(alone, np.arange(count))

    @classmethod
    def of(cls, node: onnx.NodeProto, kernel: Sequence[int]) -> WeightBounds:
        """Those of a convolution.

        Args:
            kernel: shape of its weights, `(outputs, channels of a group, height, width)`.
        """
        outputs, channels, *size = kernel
        cells = int(np.prod(size))
        if channels == 1 and attribute(node, "group", 1) == outputs:
            return cls.each(ALONE, cells)
        if channels % 2:
            # Pairs then reach from one place of the kernel to the next: any two may meet.
            return cls.each(TOGETHER // 2, channels * cells)
        places = np.arange(channels * cells).reshape(channels // 2, 2, cells)
        return cls(ALONE, places[:, ::-1].reshape(-1))

    def smallest_scales(self, weights: NDArray[np.floating]) -> NDArray[np.floating]:
        """`(..., k)` -> `(...)`: the finest grid on which weights keep within the bounds."""
        sizes = np.abs(weights)
        paired = self.partners != np.arange(len(self.partners))
        pairs = (sizes + sizes[..., self.partners]) * paired
        return np.maximum(sizes.max(axis=-1) / self.alone, pairs.max(axis=-1) / self.together)
