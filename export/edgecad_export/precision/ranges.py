"""Which values of a graph half precision holds: the range of every activation in fp32, and of every weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from edgecad_export.precision.largest import largest_values

LARGEST, SMALLEST = float(np.finfo(np.float16).max), float(np.finfo(np.float16).smallest_normal)
ROOM = 4.0
"""How far a tensor's largest value must stay within half's range, as a factor: other scans may have larger ones."""
FACTORS = {"Conv": 1, "Gemm": 1, "MatMul": 1, "Mul": 1, "Div": 1}
"""Place of what a kind of node multiplies by. What it only adds may vanish without harm."""


@dataclass(frozen=True)
class ActivationRanges:
    """What was seen of a backbone's activations in fp32.

    Attributes:
        largest: largest magnitude of each node's output, by the node's name; NaN where a value was not finite.
        overflowing: nodes whose output or weights are too large for half, in the graph's order.
        vanishing: nodes whose output or factors are all too small for it.
    """

    largest: dict[str, float]
    overflowing: tuple[str, ...]
    vanishing: tuple[str, ...]

    @property
    def beyond(self) -> tuple[str, ...]:
        """Nodes that half cannot hold."""
        return (*self.overflowing, *self.vanishing)


def ranges_of(proto: onnx.ModelProto, backbone: onnx.GraphProto, images: NDArray[np.uint8]) -> ActivationRanges:
    """Measure the range of every activation of the backbone.

    Args:
        proto: the whole fp32 graph.
        backbone: its part above the features; nodes have names.
        images: prepared, `(n, size, size, 3)` uint8 RGB, at least one.
    """
    nodes = [node for node in backbone.node if node.output[0] in _floats(proto)]
    seen = largest_values(proto, [node.output[0] for node in nodes], images)
    largest = {node.name: float(seen[node.output[0]].max(initial=0.0)) for node in nodes}
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in backbone.initializer}
    return ActivationRanges(
        largest,
        tuple(node.name for node in nodes if _overflows(node, largest[node.name], weights)),
        tuple(node.name for node in nodes if _vanishes(node, largest[node.name], weights)),
    )


def _floats(proto: onnx.ModelProto) -> set[str]:
    described = onnx.shape_inference.infer_shapes(proto).graph
    values = (*described.value_info, *described.output)
    return {value.name for value in values if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT}


def _overflows(node: onnx.NodeProto, largest: float, weights: dict[str, NDArray[np.generic]]) -> bool:
    own = [weights[name] for name in node.input if name in weights]
    # What is not a number is not below anything.
    return not largest <= LARGEST / ROOM or any(not np.abs(value).max(initial=0.0) <= LARGEST for value in own)


def _vanishes(node: onnx.NodeProto, largest: float, weights: dict[str, NDArray[np.generic]]) -> bool:
    factor = weights.get(node.input[FACTORS[node.op_type]]) if node.op_type in FACTORS else None
    return _tiny(largest, ROOM) or (factor is not None and _tiny(float(np.abs(factor).max(initial=0.0)), 1.0))


def _tiny(largest: float, room: float) -> bool:
    """Below half's normal numbers precision is lost; what is zero everywhere has none to lose."""
    return 0.0 < largest < SMALLEST * room
