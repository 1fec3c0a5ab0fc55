"""The image's own 256 levels as the grid of the first convolution, so that an int8 file reads them as they are.

A network that wants pixels from -1 to 1 computes `a v + b` of a level v, 0 to 255. On the grid `a (v - zero)`, where
zero is the whole number next to -b / a, no level is rounded and nothing is left to compute. What is over, at most half
a level, goes into the convolution's bias; only beyond the image's edge does the convolution see zeros that far off.
Rounding `a v + b` itself would move each level by up to a half and join some neighbours, as b / a is no whole number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper, numpy_helper

from edgecad_export.precision.int8.grids import ValueRange
from edgecad_export.precision.int8.plain_graph import Weights, weights_of, with_weights

LEVELS = 255
GRID_CONSTANTS = ("image_scale", "image_zero")


@dataclass(frozen=True)
class ImageGrid:
    """How a graph makes of the image what its first convolution reads.

    Attributes:
        scale, offset: of `scale * level + offset`, the same for all three colours.
        added: the constant that holds the offset.
        convolution: the one reader of `tensor`.
    """

    scale: float
    offset: float
    added: str
    convolution: onnx.NodeProto

    @property
    def tensor(self) -> str:
        """What the convolution reads."""
        return str(self.convolution.input[0])

    @property
    def zero(self) -> int:
        """The level that comes nearest to zero."""
        return round(-self.offset / self.scale)

    @property
    def range(self) -> ValueRange:
        """Of all levels, with zero at `zero`."""
        return ValueRange(-self.scale * self.zero, self.scale * (LEVELS - self.zero))


def image_grid(proto: onnx.ModelProto) -> ImageGrid | None:
    """Find it in a plain graph; None where colours are scaled apart, or zero is no level."""
    scaling, convolution = _way_to_convolution(proto)
    steps = [node for node in scaling if node.op_type in ("Mul", "Add")]
    if convolution is None or [node.op_type for node in steps] != ["Mul", "Add"]:
        return None
    weights = weights_of(proto)
    factor, added = (_scalar(node, weights) for node in steps)
    if factor is None or added is None:
        return None
    scale, offset = (float(weights[name].item()) for name in (factor, added))
    if scale <= 0 or not 0 <= -offset / scale <= LEVELS:
        return None
    return ImageGrid(scale, offset, added, convolution)


def _way_to_convolution(proto: onnx.ModelProto) -> tuple[list[onnx.NodeProto], onnx.NodeProto | None]:
    """Nodes that only move or scale the image, one after another, and the convolution that reads the last, or None."""
    way: list[onnx.NodeProto] = []
    node = _only_reader(proto, "image")
    while node is not None and node.op_type in ("Cast", "Transpose", "Mul", "Add"):
        way.append(node)
        node = _only_reader(proto, node.output[0])
    return way, node if node is not None and node.op_type == "Conv" else None


def on_image_grid(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Move a plain graph's scaling to the image's grid; it computes the same but at the image's edge.

    A graph without such a grid is given back as it is.
    """
    grid = image_grid(proto)
    if grid is None:
        return proto
    weights = weights_of(proto)
    kernel, bias = grid.convolution.input[1:3]
    moved = -grid.scale * grid.zero
    change = (grid.offset - moved) * weights[kernel].astype(np.float64).sum(axis=(1, 2, 3))
    shape = weights[grid.added].shape
    return with_weights(proto, {grid.added: np.full(shape, moved), bias: weights[bias] + change})


def read_levels(graph: onnx.GraphProto, grid: ImageGrid) -> None:
    """Let a graph with quantise nodes take the image itself for what they would make of it.

    Changes nothing where the first convolution stays in float. ONNX's transposition of the image remains.
    """
    producers = {output: node for node in graph.node for output in node.output}
    back = next((node for node in graph.node if _rounds(node, grid.tensor, producers)), None)
    if back is None:
        return
    _add_grid_constants(graph, grid)
    above = _chain_above(grid.tensor, producers)
    for node in (producers[back.input[0]], back, *above):
        graph.node.remove(node)
    turns = [node for node in above if node.op_type == "Transpose"]
    levels = [f"image_levels_{index}" for index in range(len(turns))] + [back.output[0]]
    read = helper.make_node("DequantizeLinear", ["image", *GRID_CONSTANTS], [levels[0]], name="image_levels")
    graph.node.insert(0, read)
    for index, node in enumerate(reversed(turns)):
        node.input[0], node.output[0] = levels[index], levels[index + 1]
        graph.node.insert(1 + index, node)


def _add_grid_constants(graph: onnx.GraphProto, grid: ImageGrid) -> None:
    for name, value in zip(GRID_CONSTANTS, (np.float32(grid.scale), np.uint8(grid.zero)), strict=True):
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))


def _rounds(node: onnx.NodeProto, name: str, producers: dict[str, onnx.NodeProto]) -> bool:
    above = producers.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
    return above is not None and above.op_type == "QuantizeLinear" and above.input[0] == name


def _chain_above(name: str, producers: dict[str, onnx.NodeProto]) -> list[onnx.NodeProto]:
    """The nodes between a tensor and the image, the lowest first."""
    found = []
    while name in producers:
        found.append(producers[name])
        name = next(item for item in found[-1].input if item in producers or item == "image")
    return found


def _only_reader(proto: onnx.ModelProto, name: str) -> onnx.NodeProto | None:
    readers = [node for node in proto.graph.node if name in node.input]
    return readers[0] if len(readers) == 1 else None


def _scalar(node: onnx.NodeProto, weights: Weights) -> str | None:
    names = [name for name in node.input if name in weights and weights[name].size == 1]
    return names[0] if len(names) == 1 else None
