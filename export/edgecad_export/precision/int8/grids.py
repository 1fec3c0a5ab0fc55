"""The uint8 grids of activations: where they stand in a graph, and what they do to values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

FUSED = ("Relu", "Clip")
"""Nodes that a grid does by itself: it ends where they would cut off."""
SAME_GRID = (
    "MaxPool",
    "AveragePool",
    "Transpose",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Flatten",
    "Slice",
    "Pad",
    "Split",
)
"""Nodes whose output stays on their input's grid."""


@dataclass(frozen=True)
class Grid:
    """`scale * (0..255 - zero)`."""

    scale: np.float32
    zero: int

    def rounded(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values as they come out of a quantisation to uint8 and back."""
        # In one array throughout: activations of many images are large, and new memory is what costs time.
        result = np.asarray(values / self.scale, np.float32)
        np.rint(result, out=result)
        np.clip(result, -self.zero, 255 - self.zero, out=result)
        result *= self.scale
        return result


@dataclass(frozen=True)
class ValueRange:
    """Smallest and largest value of one tensor."""

    lowest: float
    highest: float

    @property
    def grid(self) -> Grid:
        """The grid that covers it, by the library's rule."""
        from onnxruntime.quantization.quant_utils import compute_scale_zp

        ends = np.array(0, np.uint8), np.array(255, np.uint8)
        zero, scale = compute_scale_zp(np.float32(self.lowest), np.float32(self.highest), *ends)
        return Grid(np.float32(scale), int(zero))


def gridded(nodes: Sequence[onnx.NodeProto], wider: Collection[str]) -> frozenset[str]:
    """Names of the tensors that get a grid of their own: in and out of each quantised node, but for fused ones.

    Args:
        nodes: the network's, from the first convolution on.
        wider: names of nodes that stay in float.
    """
    producers = {output: node for node in nodes for output in node.output}
    consumers: dict[str, list[onnx.NodeProto]] = {}
    for node in nodes:
        for name in node.input:
            consumers.setdefault(name, []).append(node)
    computing = {node.name for node in nodes if node.op_type not in FUSED and node.name not in wider}

    def has_own(name: str) -> bool:
        below = consumers.get(name, [])
        above = producers.get(name)
        if any(node.name in computing for node in below):
            return True
        if above is not None and above.op_type in FUSED and above.name not in wider:
            source = producers.get(above.input[0])
            return source is not None and source.name in computing
        if above is None or above.name not in computing:
            return False
        return not (len(below) == 1 and below[0].op_type in FUSED and below[0].name not in wider)

    same = {node.output[0] for node in nodes if node.op_type in SAME_GRID and node.name in computing}
    return frozenset(name for name in {*producers, *consumers} if has_own(name) and name not in same)
