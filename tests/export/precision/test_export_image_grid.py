"""int8 files read the image's own levels, and pad in 8 bits: nothing is rounded where nothing has to be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgecad_export.candidates import Candidates
from edgecad_export.exporter import candidates_of
from edgecad_export.precision.int8.converting import prepared_graph
from edgecad_export.precision.int8.grids import ValueRange
from edgecad_export.precision.int8.image_grid import image_grid, on_image_grid
from edgecad_export.precision.int8.plain_graph import backbone_of
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import read_run

Build = Callable[..., Any]
Write = Callable[..., Path]
SIZE = 16
ALL_LEVELS = np.arange(256, dtype=np.uint8).reshape(1, SIZE, SIZE, 1).repeat(3, axis=3)


def _beginning(scale: NDArray[np.float32], offset: NDArray[np.float32], kernel: NDArray[np.float32]) -> onnx.ModelProto:
    """Cast - times - plus - a convolution with an edge of zeros."""
    constants = {"scale": scale, "offset": offset, "kernel": kernel, "bias": np.zeros(len(kernel), np.float32)}
    nodes = [
        helper.make_node("Cast", ["image"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["cast", "scale"], ["times"]),
        helper.make_node("Add", ["times", "offset"], ["plus"]),
        helper.make_node("Transpose", ["plus"], ["turned"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["turned", "kernel", "bias"], ["out"], name="first", pads=[1, 1, 1, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "beginning",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", SIZE, SIZE, 3])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", len(kernel), SIZE, SIZE])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _run(proto: onnx.ModelProto, image: NDArray[np.uint8], *names: str) -> list[NDArray[Any]]:
    """Values of tensors, each node by itself."""
    opened = onnx.ModelProto()
    opened.CopyFrom(proto)
    shown = {value.name for value in opened.graph.output}
    opened.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names if name not in shown)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(opened.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return [np.asarray(value) for value in session.run(list(names), {"image": image})]


def _kernel() -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype(np.float32)


def test_the_scaling_moves_to_whole_levels_and_only_the_images_edge_sees_it() -> None:
    scale, offset = np.float32(1 / 127.5), np.float32(-1)
    plain = _beginning(np.asarray(scale), np.asarray(offset), _kernel())
    moved = on_image_grid(plain)
    image = np.random.default_rng(1).integers(0, 256, (2, SIZE, SIZE, 3)).astype(np.uint8)
    (before,), (after, seen) = _run(plain, image, "out"), _run(moved, image, "out", "plus")
    assert np.abs(before - after)[:, :, 1:-1, 1:-1].max() < 1e-5
    edge = np.abs(before - after).max()
    assert 1e-4 < edge <= 0.5 * scale * np.abs(_kernel()).sum(axis=(1, 2, 3)).max()
    levels = seen / scale
    assert np.abs(levels - np.rint(levels)).max() < 1e-3


def test_its_grid_rounds_no_level_away_as_the_plain_one_does() -> None:
    plain = _beginning(np.asarray(np.float32(1 / 127.5)), np.asarray(np.float32(-1)), _kernel())
    grid = image_grid(on_image_grid(plain))
    assert grid is not None
    (exact,) = _run(on_image_grid(plain), ALL_LEVELS, "plus")
    (usual,) = _run(plain, ALL_LEVELS, "plus")
    assert len(np.unique(grid.range.grid.rounded(exact))) == 256
    assert np.abs(grid.range.grid.rounded(exact) - exact).max() < 1e-6
    assert len(np.unique(ValueRange(-1, 1).grid.rounded(usual))) < 256  # what this is for


@pytest.mark.parametrize(
    ("scale", "offset", "why"),
    [
        (np.full(3, 0.01, np.float32), np.array([-1, -0.9, -0.8], np.float32), "each colour has an offset of its own"),
        (np.float32(0.01), np.float32(0.5), "zero is darker than black"),
        (np.float32(0.01), np.float32(-3), "zero is brighter than white"),
        (np.float32(-0.01), np.float32(1), "bright is dark"),
    ],
)
def test_other_scalings_are_left_as_they_are(scale: Any, offset: Any, why: str) -> None:
    plain = _beginning(np.asarray(scale), np.asarray(offset), _kernel())
    assert image_grid(plain) is None, why
    assert on_image_grid(plain) is plain


@pytest.fixture(scope="module")
def candidates(small_classifier: Build, run_folder: Write, tmp_path_factory: pytest.TempPathFactory) -> Candidates:
    """Of a network that pads its features, as ResNets do before their first pooling."""
    import keras

    def head(features: Any) -> Any:
        padded = keras.layers.ZeroPadding2D(1)(features)
        pooled = keras.layers.MaxPooling2D(2)(padded)
        return keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(pooled))

    folder = run_folder(tmp_path_factory.mktemp("grid") / "runs" / "a", small_classifier(head=head))
    return candidates_of(read_run(folder), ExportRequest())


@pytest.fixture(scope="module")
def int8(candidates: Candidates) -> onnx.ModelProto:
    return prepared_graph(candidates.fp32, candidates.run.calibration).int8()


def _readers(proto: onnx.ModelProto, name: str) -> list[onnx.NodeProto]:
    return [node for node in proto.graph.node if name in node.input]


def test_an_int8_file_takes_the_image_itself(candidates: Candidates, int8: onnx.ModelProto) -> None:
    (reader,) = _readers(int8, "image")
    assert reader.op_type == "DequantizeLinear"
    size = candidates.run.contract.preparation.size
    image = np.random.default_rng(0).integers(0, 256, (1, size, size, 3)).astype(np.uint8)
    (levels,) = _run(int8, image, reader.output[0])
    assert np.abs(levels - (image / 127.5 - 1)).max() <= 0.5 / 127.5 + 1e-6
    assert len(np.unique(levels)) == len(np.unique(image)) == 256
    used = {name for node in int8.graph.node for name in node.input}
    assert {tensor.name for tensor in int8.graph.initializer} <= used


def test_a_first_convolution_that_stays_in_float_gets_floats(candidates: Candidates) -> None:
    source = prepared_graph(candidates.fp32, candidates.run.calibration)
    proto = source.int8((backbone_of(source.plain)[1][0].name,))
    (reader,) = _readers(proto, "image")
    assert reader.op_type == "Cast"
    image = candidates.run.calibration[:1]
    _run(proto, image, "logits")


def test_padding_stays_in_8_bits(candidates: Candidates, int8: onnx.ModelProto) -> None:
    (pad,) = [node for node in int8.graph.node if node.op_type == "Pad"]
    image = candidates.run.calibration[:2]
    inner, outer = _run(int8, image, pad.input[0], pad.output[0])
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in int8.graph.initializer}
    zero = int(constants[pad.input[2]])
    assert inner.dtype == outer.dtype == np.uint8
    assert np.array_equal(outer, np.pad(inner, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=zero))
    (back,) = _readers(int8, pad.output[0])
    assert back.op_type == "DequantizeLinear"
    assert int(constants[back.input[2]]) == zero
