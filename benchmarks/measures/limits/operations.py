"""What a network has to compute and to move, node by node, counted from its ONNX graph."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Work:
    """What one node that multiplies does for one image.

    Attributes:
        operations: multiply-adds x 2; biases and what follows in the same kernel not counted.
        weights: numbers that it reads of the model's own.
        activations: numbers that it reads and writes besides.
    """

    node: str
    kind: str
    operations: int
    weights: int
    activations: int


class Rates(msgspec.Struct, frozen=True):
    """What a machine can do: operations and bytes a second."""

    operations: float
    bytes: float


class Floor(msgspec.Struct, frozen=True):
    """Milliseconds below which one image should not come, by several definitions.

    Attributes:
        by_node: for each node that multiplies the longer of its operations at the machine's rate and its bytes
            (weights, activations read and written) at its bandwidth, summed. The nodes between (activations, sums,
            pools, layout) count nothing: they can be part of the one before. As caches may hold activations, this
            is what kernels that pass tensors on through memory can reach, no law of nature.
        whole: the longer of all operations and all those bytes, as if both overlapped over the whole network.
        operations: all operations alone.
        weights: the weights' bytes alone, each read once.
    """

    by_node: float
    whole: float
    operations: float
    weights: float

    def of(self, measured: float) -> Floor:
        """Each of them in the time that was measured: 1 is the floor itself."""
        return Floor(
            self.by_node / measured, self.whole / measured, self.operations / measured, self.weights / measured
        )


def works_of(model: Any) -> list[Work]:
    """Count a model's Conv, Gemm and MatMul nodes for one image.

    Args:
        model: `onnx.ModelProto` with float weights and a named batch, which becomes 1.

    Raises:
        ValueError: a shape that inference does not find.
    """
    shapes, weights = _shapes(model), {tensor.name for tensor in model.graph.initializer}
    return [_work(node, shapes, weights) for node in model.graph.node if node.op_type in _OPERATIONS]


def floor_of(works: Iterable[Work], rates: Rates, width: int) -> Floor:
    """The floor at the machine's rates, where a number has `width` bytes."""
    works = list(works)
    computing = [1000 * work.operations / rates.operations for work in works]
    moving = [1000 * width * (work.weights + work.activations) / rates.bytes for work in works]
    return Floor(
        by_node=sum(map(max, computing, moving)),
        whole=max(sum(computing), sum(moving)),
        operations=sum(computing),
        weights=1000 * width * sum(work.weights for work in works) / rates.bytes,
    )


def _work(node: Any, shapes: Mapping[str, Shape], weights: set[str]) -> Work:
    read = [name for name in node.input if name]
    missing = [name for name in (*read, *node.output) if name not in shapes]
    if missing:
        raise ValueError(f"shape inference found no shape of {', '.join(missing)} at {node.op_type} {node.name}")
    sizes = {name: math.prod(shapes[name]) for name in (*read, *node.output)}
    own = sum(sizes[name] for name in read if name in weights)
    operations = 2 * _OPERATIONS[node.op_type](node, shapes)
    return Work(node.name, node.op_type, operations, own, sum(sizes[name] for name in (*read, *node.output)) - own)


def _of_conv(node: Any, shapes: Mapping[str, Shape]) -> int:
    """Each output value sums over the kernel and the channels of its group, which is what its filter holds."""
    return math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])


def _of_gemm(node: Any, shapes: Mapping[str, Shape]) -> int:
    turned = {entry.name: entry.i for entry in node.attribute}.get("transA", 0)
    return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][0 if turned else 1]


def _of_matmul(node: Any, shapes: Mapping[str, Shape]) -> int:
    return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]


_OPERATIONS = {"Conv": _of_conv, "Gemm": _of_gemm, "MatMul": _of_matmul}


def _shapes(model: Any) -> dict[str, Shape]:
    """Shape of every tensor, for a batch of one; tensors of unknown shape are left out."""
    import onnx

    one = onnx.ModelProto()
    one.CopyFrom(model)
    for value in (*one.graph.input, *one.graph.output):
        for dimension in value.type.tensor_type.shape.dim[:1]:
            dimension.dim_value = 1
    graph = onnx.shape_inference.infer_shapes(one, strict_mode=True, data_prop=True).graph
    shapes: dict[str, Shape] = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dimensions = value.type.tensor_type.shape.dim
        if all(dimension.HasField("dim_value") for dimension in dimensions):
            shapes[value.name] = tuple(dimension.dim_value for dimension in dimensions)
    return shapes
