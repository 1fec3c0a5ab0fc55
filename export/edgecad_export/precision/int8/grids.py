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
    network = _Network(nodes, wider)
    shared = {node.output[0] for node in nodes if node.op_type in SAME_GRID and network.computes(node)}
    return frozenset(name for name in network.tensors if network.has_grid(name) and name not in shared)


class _Network:
    """Nodes that are quantised or not, and the tensors between them."""

    def __init__(self, nodes: Sequence[onnx.NodeProto], wider: Collection[str]) -> None:
        self._wider = wider
        self._above = {output: node for node in nodes for output in node.output}
        self._below: dict[str, list[onnx.NodeProto]] = {}
        for node in nodes:
            for name in node.input:
                self._below.setdefault(name, []).append(node)

    @property
    def tensors(self) -> set[str]:
        """Names of all that nodes read or give."""
        return {*self._above, *self._below}

    def computes(self, node: onnx.NodeProto) -> bool:
        """Whether a node is quantised and does what no grid does by itself."""
        return node.op_type not in FUSED and node.name not in self._wider

    def has_grid(self, name: str) -> bool:
        """Whether a tensor is rounded: before or behind a quantised node, and not where the next one is fused."""
        below, above = self._below.get(name, []), self._above.get(name)
        if any(self.computes(node) for node in below):
            return True
        if above is None:
            return False
        if self._is_fused(above):
            source = self._above.get(above.input[0])
            return source is not None and self.computes(source)
        return self.computes(above) and not (len(below) == 1 and self._is_fused(below[0]))

    def _is_fused(self, node: onnx.NodeProto) -> bool:
        return node.op_type in FUSED and node.name not in self._wider
