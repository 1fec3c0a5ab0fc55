"""The int8 graph itself: quantise and dequantise nodes round what was fitted, placed by onnxruntime's quantiser."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import onnx
from onnx import helper

from edgecad_export.precision.int8.fitting import FittedGraph
from edgecad_export.precision.int8.image_grid import read_levels
from edgecad_export.precision.int8.plain_graph import Weights, attribute, backbone_of, weights_of

OPTIONS = {"WeightSymmetric": True, "ActivationSymmetric": False}


def qdq_from_fitted(network: FittedGraph, wider: Collection[str] = ()) -> onnx.ModelProto:
    """Write the fitted network in int8; scaling, head and heat map stay fp32.

    After it each quantised node stands between dequantise and quantise nodes, which engines fuse: uint8 activations,
    one grid a tensor, int8 weights, one scale an output.

    Args:
        wider: names of nodes that stay in float, as they were when the network was fitted.
    """
    from onnxruntime.quantization import QuantType
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

    _, nodes = backbone_of(network.proto)
    quantised = [node for node in nodes if node.name not in wider]
    quantiser = QDQQuantizer(
        onnx.shape_inference.infer_shapes(network.proto),
        per_channel=True,
        reduce_range=False,  # the fitted scales say it
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=_library_ranges(network),
        nodes_to_quantize=[node.name for node in quantised],
        nodes_to_exclude=[],
        op_types_to_quantize=sorted({node.op_type for node in quantised}),
        extra_options={**OPTIONS, "TensorQuantOverrides": _weight_scales(network)},
    )
    quantiser.quantize_model()
    graph = quantiser.model.model.graph
    _pass_directly(graph, wider)
    _pad_in_8_bits(graph, weights_of(quantiser.model.model))
    if network.image is not None:
        read_levels(graph, network.image)
    quantiser.model.clean_initializers()
    quantiser.model.topological_sort()
    result: onnx.ModelProto = quantiser.model.model
    del result.graph.value_info[:]
    onnx.checker.check_model(result, full_check=True)
    return result


def _pass_directly(graph: onnx.GraphProto, wider: Collection[str]) -> None:
    """Let one float node have another's values as they are; the quantiser rounds them for all or for none."""
    producers = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        for index, name in enumerate(node.input):
            source = _float_source(name, producers)
            if node.name in wider and source is not None and producers[source].name in wider:
                node.input[index] = source


def _pad_in_8_bits(graph: onnx.GraphProto, constants: Weights) -> None:
    """Pad values on their grid; around padding in float engines would leave 8 bits and come back to the same grid."""
    producers = {output: node for node in graph.node for output in node.output}
    for node in [node for node in graph.node if node.op_type == "Pad" and _pads_with_zeros(node, constants)]:
        above = producers.get(node.input[0])
        below = [reader for reader in graph.node if node.output[0] in reader.input]
        if above is None or len(below) != 1 or not _around_same_grid(above, below[0], constants):
            continue
        rounded = below[0].output[0]
        graph.node.remove(below[0])
        node.CopyFrom(
            helper.make_node("Pad", [above.input[0], node.input[1], above.input[2]], [rounded], name=node.name)
        )


def _around_same_grid(above: onnx.NodeProto, below: onnx.NodeProto, constants: Weights) -> bool:
    """Whether values leave 8 bits above and come back to the same grid below."""
    kinds = (above.op_type, below.op_type)
    return kinds == ("DequantizeLinear", "QuantizeLinear") and _same_grid(below, above, constants)


def _pads_with_zeros(node: onnx.NodeProto, constants: Weights) -> bool:
    value = constants[node.input[2]] if len(node.input) > 2 and node.input[2] else np.zeros(1)
    return attribute(node, "mode", b"constant") == b"constant" and len(node.input) < 4 and not value.any()


def _same_grid(one: onnx.NodeProto, other: onnx.NodeProto, constants: Weights) -> bool:
    pairs = zip(one.input[1:3], other.input[1:3], strict=True)
    return all(np.array_equal(constants[a], constants[b]) for a, b in pairs)


def _float_source(name: str, producers: dict[str, onnx.NodeProto]) -> str | None:
    """The tensor that a pair of quantise and dequantise nodes rounds, if `name` comes out of one."""
    back = producers.get(name)
    forth = producers.get(back.input[0]) if back is not None and back.op_type == "DequantizeLinear" else None
    if forth is None or forth.op_type != "QuantizeLinear" or forth.input[0] not in producers:
        return None
    return str(forth.input[0])


def _library_ranges(network: FittedGraph) -> Any:
    from onnxruntime.quantization.calibrate import CalibrationMethod, TensorData, TensorsData

    ranges = {
        name: TensorData(lowest=np.float32(found.lowest), highest=np.float32(found.highest))
        for name, found in network.ranges.items()
    }
    return TensorsData(CalibrationMethod.MinMax, ranges)


def _weight_scales(network: FittedGraph) -> dict[str, list[dict[str, Any]]]:
    from onnxruntime.quantization import QuantType

    return {
        name: [{"axis": 0, "scale": scale, "zero_point": np.int8(0), "quant_type": QuantType.QInt8} for scale in scales]
        for name, scales in network.scales.items()
    }
