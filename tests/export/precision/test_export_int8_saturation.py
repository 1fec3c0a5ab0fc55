"""That no processor cuts off sums of 8-bit products: ONNX Runtime's own kernels, at the bounds' extremes.

It says something on processors without VNNI (`vpmaddubsw`); with VNNI nothing could saturate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgecad_export.precision.int8.weight_bounds import WeightBounds

OUTPUTS, SIDE = 16, 6


def _extremes(bounds: WeightBounds) -> NDArray[np.int8]:
    """`(k,)`: in every other pair 127 beside 1, in the others 64 and 64; or the largest alone."""
    count = len(bounds.partners)
    paired = bounds.partners != np.arange(count)
    first = bounds.partners > np.arange(count)
    by_turns = np.cumsum(first) % 2 == 0
    uneven = np.where(first, bounds.alone, bounds.together - bounds.alone)
    return np.where(paired, np.where(by_turns, uneven, bounds.together // 2), bounds.alone).astype(np.int8)


def _quantised(kernel: NDArray[np.int8], groups: int) -> onnx.ModelProto:
    channels = kernel.shape[1] * groups
    largest = 255 * int(np.abs(kernel.astype(int)).reshape(len(kernel), -1).sum(axis=1).max())
    constants: dict[str, NDArray[Any]] = {
        "w": kernel, "one": np.ones(len(kernel), np.float32), "zeros": np.zeros(len(kernel), np.int8),
        "s": np.array(1, np.float32), "z": np.array(0, np.uint8), "sy": np.array(largest / 255, np.float32),
    }  # fmt: skip
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "s", "z"], ["xf"]),
        helper.make_node("DequantizeLinear", ["w", "one", "zeros"], ["wf"], axis=0),
        helper.make_node("Conv", ["xf", "wf"], ["yf"], group=groups, pads=[kernel.shape[2] // 2] * 4),
        helper.make_node("QuantizeLinear", ["yf", "sy", "z"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "convolution",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [1, channels, SIDE, SIDE])],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _run(proto: onnx.ModelProto, image: NDArray[np.uint8], fused: bool) -> NDArray[np.uint8]:
    level = onnxruntime.GraphOptimizationLevel
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = level.ORT_ENABLE_ALL if fused else level.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": image})[0])


@pytest.mark.parametrize("side", [1, 3])
@pytest.mark.parametrize(
    ("channels", "groups"), [(2, 1), (3, 1), (6, 1), (10, 1), (16, 1), (96, 1), (1, 8), (1, 17), (1, 96), (4, 2)]
)
def test_extreme_weights_on_extreme_activations_are_added_exactly(channels: int, groups: int, side: int) -> None:
    outputs = groups if channels == 1 else OUTPUTS
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=groups)
    bounds = WeightBounds.of(node, (outputs, channels, side, side))
    kernel = np.repeat(_extremes(bounds)[None], outputs, axis=0).reshape(outputs, channels, side, side)
    proto = _quantised(kernel, groups)
    image = np.full((1, channels * groups, SIDE, SIDE), 255, np.uint8)
    assert np.array_equal(_run(proto, image, fused=True), _run(proto, image, fused=False))
