"""The fp32 graph in the plainest form: one kind of weighted node in its backbone, each with weights of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from edgecad_export.graph.parts import parts_of

Weights = dict[str, NDArray[np.float32]]


def plain_from_folded(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Write a graph plainly; it computes the same.

    After it every node has a name, every convolution a bias, no two convolutions share weights, and scales and shifts
    of channels (batch normalisation that could not be folded) are depthwise convolutions with one weight a channel: as
    such they are quantised without loss, and engines have them in int8.
    """
    result = onnx.ModelProto()
    result.CopyFrom(proto)
    backbone = {output for node in parts_of(proto).backbone.graph.node for output in node.output}
    weights = weights_of(result)
    shared = Counter(name for node in result.graph.node for name in node.input)
    for index, node in enumerate(result.graph.node):
        node.name = node.name or f"{node.op_type}_{index}"
        if node.output[0] in backbone:
            _become_convolution(node, weights)
        if node.op_type == "Conv" and node.input[1] in weights:
            _own_weights(node, weights, shared)
    _merge_shifts(result.graph, weights, shared, backbone)
    _replace_weights(result.graph, weights)
    return result


def _become_convolution(node: onnx.NodeProto, weights: Weights) -> None:
    """A node that scales, or scales and shifts, each channel: `w x + b`."""
    found = _slope_and_offset(node, weights)
    if found is None:
        return
    data, slope, offset = found
    names = [f"{node.name}_slope", f"{node.name}_offset"]
    weights[names[0]] = slope.astype(np.float32).reshape(-1, 1, 1, 1)
    weights[names[1]] = offset.astype(np.float32)
    shape = {"kernel_shape": [1, 1], "strides": [1, 1], "pads": [0, 0, 0, 0], "dilations": [1, 1]}
    output = list(node.output)
    node.CopyFrom(helper.make_node("Conv", [data, *names], output, name=node.name, group=len(slope), **shape))


def _slope_and_offset(
    node: onnx.NodeProto, weights: Weights
) -> tuple[str, NDArray[np.floating], NDArray[np.floating]] | None:
    if node.op_type == "BatchNormalization" and len(node.output) == 1:
        # gamma (x - mean) / sqrt(variance + epsilon) + beta
        gamma, beta, mean, variance = (weights[name].astype(np.float64) for name in node.input[1:5])
        slope = gamma / np.sqrt(variance + attribute(node, "epsilon", 1e-5))
        return node.input[0], slope, beta - mean * slope
    if node.op_type == "Mul" and (found := _channelwise(node, weights)) is not None:
        return found[0], found[1], np.zeros(len(found[1]))
    return None


def _channelwise(node: onnx.NodeProto, weights: Weights) -> tuple[str, NDArray[np.float32]] | None:
    """The other input and the constant, `(channels,)`, if one input is a constant `(1, channels, 1, 1)`."""
    for data, name in (tuple(node.input), tuple(reversed(node.input))):
        constant = weights.get(name)
        if data not in weights and constant is not None and constant.ndim in (3, 4) and constant.shape[-2:] == (1, 1):
            return data, constant.reshape(-1)
    return None


def _merge_shifts(graph: onnx.GraphProto, weights: Weights, shared: Mapping[str, int], backbone: set[str]) -> None:
    """Put what is added to each channel of a convolution's output into its bias."""
    producers = {output: node for node in graph.node for output in node.output}
    for node in list(graph.node):
        found = _channelwise(node, weights) if node.op_type == "Add" and node.output[0] in backbone else None
        above = producers.get(found[0]) if found is not None else None
        if found is None or above is None or above.op_type != "Conv" or shared[found[0]] > 1:
            continue
        weights[above.input[2]] = weights[above.input[2]] + found[1]
        above.output[0] = node.output[0]
        producers[node.output[0]] = above
        graph.node.remove(node)


def _own_weights(node: onnx.NodeProto, weights: Weights, shared: Mapping[str, int]) -> None:
    if len(node.input) == 2:
        node.input.append(f"{node.name}_bias")
        weights[node.input[2]] = np.zeros(len(weights[node.input[1]]), np.float32)
    for index in (1, 2):
        name = node.input[index]
        if shared.get(name, 1) > 1:
            node.input[index] = f"{node.name}_{index}_of_{name}"
            weights[node.input[index]] = weights[name]


def _replace_weights(graph: onnx.GraphProto, weights: Weights) -> None:
    """Give the graph these constants, as far as it uses them."""
    used = {name for node in graph.node for name in node.input}
    del graph.initializer[:]
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value, order="C"), name) for name, value in weights.items() if name in used
    )


def weights_of(proto: onnx.ModelProto) -> Weights:
    """All constants by name; not all of them are float32."""
    return {tensor.name: np.asarray(numpy_helper.to_array(tensor)) for tensor in proto.graph.initializer}


def with_weights(proto: onnx.ModelProto, changed: Mapping[str, NDArray[np.floating]]) -> onnx.ModelProto:
    """A copy with other values for some float constants."""
    result = onnx.ModelProto()
    result.CopyFrom(proto)
    for tensor in result.graph.initializer:
        if tensor.name in changed:
            value = np.asarray(changed[tensor.name], np.float32, order="C")
            tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))
    return result


def attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """A node's attribute, or what stands for it if it is not given."""
    found = [item for item in node.attribute if item.name == name]
    return helper.get_attribute_value(found[0]) if found else default


def backbone_of(proto: onnx.ModelProto) -> tuple[list[onnx.NodeProto], list[onnx.NodeProto]]:
    """The backbone's nodes in order: those that scale the image, and all from the first convolution on."""
    scaling: list[onnx.NodeProto] = []
    network: list[onnx.NodeProto] = []
    below: set[str] = set()
    for node in parts_of(proto).backbone.graph.node:
        inside = node.op_type == "Conv" or bool(below.intersection(node.input))
        (network if inside else scaling).append(node)
        if inside:
            below.update(node.output)
    return scaling, network


def opset_of(proto: onnx.ModelProto) -> int:
    """Version of ONNX' own operators."""
    return next(entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx"))
