"""An fp16 graph as hardware computes it that multiplies halves and adds in fp32, written in fp32 operators.

ONNX Runtime's CPU computes an fp16 node in fp32 and drops the casts between two of them, so activations are never
rounded and never overflow: a value of 1e7 passes, which a GPU turns into infinity. Here each value that fp16 holds goes
through half and back. Optimisers keep such a pair of casts that stands in the graph; a test holds that.
What this does not show is hardware that also adds in half, as ONNX Runtime's Arm kernels do.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HALF, WIDE = TensorProto.FLOAT16, TensorProto.FLOAT


def as_half(narrow: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with fp32 operators, each of its fp16 values rounded to half.

    Args:
        narrow: a graph with fp16 tensors; it is left as it is.
    """
    halves = _half_tensors(narrow)
    result = onnx.ModelProto()
    result.CopyFrom(narrow)
    graph = result.graph
    del graph.value_info[:]
    for tensor in graph.initializer:
        if tensor.data_type == HALF:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))
    nodes = [each for node in graph.node for each in _rounded(node, halves)]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(result, full_check=True)
    return result


def _half_tensors(proto: onnx.ModelProto) -> set[str]:
    described = onnx.shape_inference.infer_shapes(proto).graph
    values = (*described.value_info, *described.output)
    return {value.name for value in values if value.type.tensor_type.elem_type == HALF}


def _rounded(node: onnx.NodeProto, halves: set[str]) -> list[onnx.NodeProto]:
    """The node on fp32 values, and behind each of its outputs that was fp16 the way through half."""
    own = onnx.NodeProto()
    own.CopyFrom(node)
    _widen_constants(own)
    if own.op_type == "Cast" and node.output[0] in halves:
        own = helper.make_node("Cast", node.input, node.output, name=node.name, to=WIDE)
    added = []
    for index, name in enumerate(node.output):
        if name in halves:
            own.output[index] = f"{name}/exact"
            added += [
                helper.make_node("Cast", [f"{name}/exact"], [f"{name}/half"], name=f"{name}/to_half", to=HALF),
                helper.make_node("Cast", [f"{name}/half"], [name], name=f"{name}/from_half", to=WIDE),
            ]
    return [own, *added]


def _widen_constants(node: onnx.NodeProto) -> None:
    for attribute in node.attribute:
        if attribute.HasField("t") and attribute.t.data_type == HALF:
            values = numpy_helper.to_array(attribute.t).astype(np.float32)
            attribute.t.CopyFrom(numpy_helper.from_array(values, attribute.t.name))
