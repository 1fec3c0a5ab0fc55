"""Where a narrower graph loses: the error that each node adds, on real images."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from edgecad_export.graph import parts_of

COMPUTE = ("Conv", "Gemm", "MatMul", "Add", "BatchNormalization", "Mul")
"""Kinds of nodes that compute; all others only pass on, pick or clip."""

Values = dict[str, NDArray[np.float32]]


def most_hurt(wide: onnx.ModelProto, narrow: onnx.ModelProto, images: NDArray[np.uint8]) -> tuple[str, ...]:
    """Names of the backbone's nodes, the one that adds most error first.

    A node's error is `|narrow - wide| / |wide|` of its output, root mean square over the images; what it adds is that
    less the largest error of the nodes before it. Values that are not finite count as infinite.

    Args:
        wide, narrow: the same graph in two precisions; nodes' outputs have the same names.
        images: `(n, size, size, 3)` uint8.
    """
    nodes = [node for node in parts_of(wide).backbone.graph.node if node.op_type in COMPUTE]
    there = {output for node in narrow.graph.node for output in node.output}
    names = [node.output[0] for node in nodes if node.output[0] in there]
    errors = _errors(names, wide, narrow, images)
    before = _errors_before(wide, errors)
    added = {node.name: _added(errors.get(node.output[0], 0.0), before[node.name]) for node in nodes}
    return tuple(sorted((name for name, value in added.items() if value > 0), key=lambda name: -added[name]))


def with_users(graph: onnx.GraphProto, names: Collection[str]) -> tuple[str, ...]:
    """These nodes, and all that their values pass through up to and with the next that compute, in the graph's order.

    A value that 16 bits cannot hold must stay wide until it is used, or it is lost on the way.
    """
    chosen, wide = [], set()
    for node in graph.node:
        named = node.name in names
        if named or wide.intersection(node.input):
            chosen.append(node.name)
            if named or node.op_type not in COMPUTE:
                wide.update(node.output)
    return tuple(chosen)


def _added(own: float, before: float) -> float:
    """What is infinite already was not made so here."""
    return 0.0 if np.isinf(before) else own - before


def _errors(
    names: Sequence[str], wide: onnx.ModelProto, narrow: onnx.ModelProto, images: NDArray[np.uint8]
) -> dict[str, float]:
    squares = {name: np.zeros(2) for name in names}
    sessions = [_session(proto, names) for proto in (wide, narrow)]
    for image in images:  # one at a time: all the values between take much memory
        a, b = (dict(zip(names, session.run(names, {"image": image[None]}), strict=True)) for session in sessions)
        for name in names:
            difference = b[name].astype(np.float64) - a[name]
            squares[name] += (difference**2).sum(), (a[name].astype(np.float64) ** 2).sum()
    return {name: _relative(*values) for name, values in squares.items()}


def _relative(difference: float, size: float) -> float:
    if not np.isfinite(difference):
        return float("inf")
    return float(np.sqrt(difference / size)) if size > 0 else 0.0


def _session(proto: onnx.ModelProto, names: Sequence[str]) -> Any:
    import onnxruntime

    open_graph = onnx.ModelProto()
    open_graph.CopyFrom(proto)
    del open_graph.graph.output[:]
    open_graph.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(open_graph.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _errors_before(proto: onnx.ModelProto, errors: dict[str, float]) -> dict[str, float]:
    """The largest error that reaches each node, by its name."""
    reaching: dict[str, float] = {}
    before = {}
    for node in proto.graph.node:
        before[node.name] = max((reaching.get(name, 0.0) for name in node.input), default=0.0)
        for output in node.output:
            reaching[output] = errors.get(output, before[node.name])
    return before
