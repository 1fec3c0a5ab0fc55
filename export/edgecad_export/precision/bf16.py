"""An fp32 graph as an engine computes it that runs its backbone in bf16, written in fp32 operators.

bf16 has the range of fp32 and 8 significant bits. Products of two of them are added in fp32, so what is lost is in the
weights and in each value that a node hands on. Here all of those are rounded; head and heat map stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgecad_export.graph.parts import parts_of

SPLITTER = float(2**16 + 1)
"""t = 65537 x, t - (t - x): x rounded to the nearest of 24 - 16 = 8 bits (Veltkamp's splitting). An optimiser drops no
part of it, as it may drop a cast and its way back."""
_SPLITTER = "bf16/splitter"


def as_bf16(proto: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with each weight of its backbone, and each value in it, rounded to bf16.

    Args:
        proto: a graph in fp32; it is left as it is.
    """
    parts = parts_of(proto)
    backbone = onnx.ModelProto()
    backbone.CopyFrom(parts.backbone)
    graph = backbone.graph
    floats = _float_values(parts.backbone)
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(_rounded_tensor(tensor))
    nodes = [each for node in graph.node for each in _rounded_node(node, floats)]
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.append(numpy_helper.from_array(np.array(SPLITTER, np.float32), _SPLITTER))
    result = parts.joined(backbone)
    onnx.checker.check_model(result, full_check=True)
    return result


def rounded_to_bf16(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each value as the nearest one that bf16 has, ties to even."""
    bits = values.view(np.uint32)
    near = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return np.asarray((near & np.uint32(0xFFFF0000)).view(np.float32))


def _float_values(proto: onnx.ModelProto) -> set[str]:
    described = onnx.shape_inference.infer_shapes(proto).graph
    values = (*described.value_info, *described.output)
    return {value.name for value in values if value.type.tensor_type.elem_type == TensorProto.FLOAT}


def _rounded_tensor(tensor: onnx.TensorProto) -> onnx.TensorProto:
    values = np.ascontiguousarray(numpy_helper.to_array(tensor), np.float32)
    return numpy_helper.from_array(rounded_to_bf16(values), tensor.name)


def _rounded_node(node: onnx.NodeProto, floats: set[str]) -> Iterator[onnx.NodeProto]:
    """The node, and behind each of its fp32 outputs the rounding."""
    own = onnx.NodeProto()
    own.CopyFrom(node)
    for attribute in own.attribute:
        if attribute.HasField("t") and attribute.t.data_type == TensorProto.FLOAT:
            attribute.t.CopyFrom(_rounded_tensor(attribute.t))
    rounded = [name for name in node.output if name in floats]
    for index, name in enumerate(node.output):
        if name in floats:
            own.output[index] = f"{name}/exact"
    yield own
    for name in rounded:
        exact, large, rest = f"{name}/exact", f"{name}/large", f"{name}/rest"
        yield helper.make_node("Mul", [exact, _SPLITTER], [large], name=f"{name}/to_large")
        yield helper.make_node("Sub", [large, exact], [rest], name=f"{name}/to_rest")
        yield helper.make_node("Sub", [large, rest], [name], name=f"{name}/to_bf16")
