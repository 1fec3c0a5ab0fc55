"""Samples of what a convolution sees: input patches, the same ones of two networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from edgecad_export.precision.int8.plain_graph import attribute

SAMPLES = 8192
"""Most patches a convolution; they come in equal parts from all images."""


@dataclass(frozen=True)
class Patches:
    """Which patches to take.

    Attributes:
        groups: of the convolution.
        kernel: its height and width, cells, dilation included.
        strides, dilations: down and right, cells.
        padding: top, left, bottom, right, cells of zeros.
        rows, columns: `(n, samples)`, places in the output, of each image.
    """

    groups: int
    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    padding: tuple[int, int, int, int]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    @classmethod
    def of(cls, node: onnx.NodeProto, kernel: Sequence[int], shape: Sequence[int], seed: int) -> Patches:
        """Draw places at random, without replacement.

        Args:
            node: the convolution.
            kernel: shape of its weights, `(outputs, channels, height, width)`.
            shape: of its input, `(n, channels, height, width)`.
        """
        strides, dilations = (attribute(node, name, [1, 1]) for name in ("strides", "dilations"))
        size = [(cells - 1) * step + 1 for cells, step in zip(kernel[2:], dilations, strict=True)]
        padding = padding_of(node, size, strides, shape[2:])
        height, width = (
            (shape[2 + axis] + padding[axis] + padding[axis + 2] - size[axis]) // strides[axis] + 1 for axis in (0, 1)
        )
        draw = np.random.default_rng(seed)
        count = min(height * width, max(1, SAMPLES // shape[0]))
        places = np.stack([draw.permutation(height * width)[:count] for _ in range(shape[0])])
        return cls(
            groups=attribute(node, "group", 1),
            kernel=(size[0], size[1]),
            strides=(strides[0], strides[1]),
            dilations=(dilations[0], dilations[1]),
            padding=padding,
            rows=places // width,
            columns=places % width,
        )

    def taken(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """`(n, channels, height, width)` -> `(groups, samples, channels of a group x kernel)`."""
        top, left, bottom, right = self.padding
        found = []
        for image, rows, columns in zip(values, self.rows, self.columns, strict=True):
            padded = np.pad(image, ((0, 0), (top, bottom), (left, right)))
            windows = np.lib.stride_tricks.sliding_window_view(padded, self.kernel, axis=(1, 2))
            seen = windows[:, :, :, :: self.dilations[0], :: self.dilations[1]]
            found.append(seen[:, rows * self.strides[0], columns * self.strides[1]])
        patches = np.concatenate(found, axis=1)
        split = patches.reshape(self.groups, -1, *patches.shape[1:])
        return np.ascontiguousarray(split.transpose(0, 2, 1, 3, 4)).reshape(self.groups, patches.shape[1], -1)


def padding_of(
    node: onnx.NodeProto, size: Sequence[int], strides: Sequence[int], image: Sequence[int]
) -> tuple[int, int, int, int]:
    """Zeros that a convolution adds at the top, the left, the bottom and the right, by ONNX' rules."""
    automatic = attribute(node, "auto_pad", b"NOTSET")
    if automatic == b"VALID":
        return 0, 0, 0, 0
    if automatic == b"NOTSET":
        top, left, bottom, right = attribute(node, "pads", [0, 0, 0, 0])
        return top, left, bottom, right
    total = [max((-(-image[a] // strides[a]) - 1) * strides[a] + size[a] - image[a], 0) for a in (0, 1)]
    small, large = [t // 2 for t in total], [t - t // 2 for t in total]
    first, last = (small, large) if automatic == b"SAME_UPPER" else (large, small)
    return first[0], first[1], last[0], last[1]
