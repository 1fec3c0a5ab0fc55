"""Which nodes of a backbone need more than 16 bits most: those whose rounded weights change the score."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from edgecad_export.graph.parts import parts_of
from edgecad_export.precision.sessions import session_of

COMPUTE = ("Conv", "Gemm", "MatMul", "Add", "BatchNormalization", "Mul")
"""Kinds of nodes that compute; all others only pass on, pick or clip."""


def most_sensitive(proto: onnx.ModelProto, images: NDArray[np.uint8]) -> tuple[str, ...]:
    """Names of the backbone's nodes, the one that needs fp32 most first.

    Each by what rounding its own weights does to the logits, root mean square over the images. Errors of weights are
    the same on every scan and do not average out; those of activations do.

    Args:
        images: `(n, size, size, 3)` uint8.
    """
    nodes = [node for node in parts_of(proto).backbone.graph.node if node.op_type in COMPUTE]
    exact = _run(proto, ["logits"], images)[0]
    effects = {node.name: _effect(proto, node, exact, images) for node in nodes}
    return tuple(sorted((name for name, effect in effects.items() if effect > 0), key=lambda name: -effects[name]))


def with_users(graph: onnx.GraphProto, names: Collection[str]) -> tuple[str, ...]:
    """These nodes, and all that their values pass through up to and with the next that compute, in the graph's order.

    A value that 16 bits cannot hold must stay wide until it is used, or it is lost on the way.
    """
    chosen: list[str] = []
    wide: set[str] = set()
    for node in graph.node:
        named = node.name in names
        if named or wide.intersection(node.input):
            chosen.append(node.name)
            if named or node.op_type not in COMPUTE:
                wide.update(node.output)
    return tuple(chosen)


def _effect(
    proto: onnx.ModelProto, node: onnx.NodeProto, exact: NDArray[np.float32], images: NDArray[np.uint8]
) -> float:
    rounded = onnx.ModelProto()
    rounded.CopyFrom(proto)
    own = [tensor for tensor in rounded.graph.initializer if tensor.name in node.input and _is_fp32(tensor)]
    if not own:
        return 0.0
    for tensor in own:
        with np.errstate(over="ignore"):  # weights that half cannot hold become infinite, as in the file
            values = numpy_helper.to_array(tensor).astype(np.float16).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    difference = _run(rounded, ["logits"], images)[0].astype(np.float64) - exact
    return float(np.sqrt(np.mean(difference**2))) if np.isfinite(difference).all() else float("inf")


def _is_fp32(tensor: onnx.TensorProto) -> bool:
    return bool(tensor.data_type == onnx.TensorProto.FLOAT)


def _run(proto: onnx.ModelProto, names: list[str], images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Values of any tensors of a graph."""
    return list(session_of(proto, names).run(names, {"image": images}))
