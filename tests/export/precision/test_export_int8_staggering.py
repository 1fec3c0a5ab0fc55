"""Copies of channels on staggered grids, where a network passes from fp32 into 8 bits: by hand and in the file."""

from __future__ import annotations

from typing import Literal

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgecad_export.precision.int8.converting import prepared_graph
from edgecad_export.precision.int8.grids import ValueRange
from edgecad_export.precision.int8.plain_graph import weights_of
from edgecad_export.precision.int8.staggering import borders_of, staggered
from edgecad_export.precision.sessions import session_of

SIZE = 16
Between = Literal["nothing", "relu", "sum", "depthwise"]


def _network(between: Between = "nothing") -> onnx.ModelProto:
    """Three convolutions on an image of SIZE pixels: 6, 6 and 5 channels.

    Args:
        between: a ReLU behind the first, a sum of the first and the second, or the second is depthwise.
    """
    draw = np.random.default_rng(0)
    groups = 6 if between == "depthwise" else 1
    weights = []
    for place, shape in enumerate([(6, 3, 3, 3), (6, 6 // groups, 3, 3), (5, 6, 1, 1)]):
        weights.append(numpy_helper.from_array(draw.normal(0, 0.1, shape).astype(np.float32), f"w{place}"))
        weights.append(numpy_helper.from_array(draw.normal(0, 1.0, shape[0]).astype(np.float32), f"b{place}"))
    first, second = "r0" if between == "relu" else "c0", "a1" if between == "sum" else "c1"
    same = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["pixels"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["pixels", "w0", "b0"], ["c0"], name="conv0", **same),
        helper.make_node("Relu", ["c0"], ["r0"], name="relu0"),
        helper.make_node("Conv", [first, "w1", "b1"], ["c1"], name="conv1", group=groups, **same),
        helper.make_node("Add", ["c0", "c1"], ["a1"], name="add1"),
        helper.make_node("Conv", [second, "w2", "b2"], ["c2"], name="conv2", kernel_shape=[1, 1]),
        helper.make_node("Transpose", ["c2"], ["features"], perm=[0, 2, 3, 1]),
        helper.make_node("ReduceMean", ["features"], ["logits"], axes=[1, 2], keepdims=0),
    ]
    unused = {name for name, used in (("relu0", "relu"), ("add1", "sum")) if between != used}
    graph = helper.make_graph(
        [node for node in nodes if node.name not in unused], "drawn",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", SIZE, SIZE, 3])],
        [helper.make_tensor_value_info(own, TensorProto.FLOAT, None) for own in ("features", "logits")],
        weights,
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _images(count: int = 12) -> NDArray[np.uint8]:
    """Smooth ones: neighbouring cells differ by little."""
    draw = np.random.default_rng(1)
    slopes = np.linspace(0, 1, SIZE)
    planes = draw.uniform(0, 1, (count, 1, 1, 3)) + slopes[None, :, None, None] * draw.uniform(0, 0.2, (count, 1, 1, 3))
    return np.asarray(np.broadcast_to(planes, (count, SIZE, SIZE, 3)) * 200, np.uint8)


def _values(proto: onnx.ModelProto, name: str) -> NDArray[np.float32]:
    return np.asarray(session_of(proto, [name]).run([name], {"image": _images()})[0])


def test_the_network_computes_the_same() -> None:
    proto = _network()
    other = staggered(proto, _images(), ("conv0",))
    assert weights_of(other)["w0"].shape == (12, 3, 3, 3)
    assert weights_of(other)["w1"].shape == (6, 12, 3, 3)
    assert np.array_equal(weights_of(other)["w2"], weights_of(proto)["w2"])
    # At the image's edge as well: a convolution reads zeros beyond it, in place of both copies.
    assert np.allclose(_values(other, "features"), _values(proto, "features"), atol=1e-4)


def test_the_mean_of_both_copies_lies_on_a_grid_of_half_the_step_with_zero_on_it() -> None:
    proto = _network()
    exact, copies = _values(proto, "c0"), _values(staggered(proto, _images(), ("conv0",)), "c0")
    grid = ValueRange(float(copies.min()), float(copies.max())).grid
    rounded = grid.rounded(copies)
    mean = (rounded[:, :6] + rounded[:, 6:]) / 2
    alone = ValueRange(float(exact.min()), float(exact.max())).grid.rounded(exact)
    halves = mean / (grid.scale / 2)
    assert np.abs(halves - np.rint(halves)).max() < 1e-3
    assert np.abs(mean - exact).max() < 0.26 * grid.scale
    assert np.abs(alone - exact).max() > 0.4 * grid.scale
    assert grid.rounded(np.float32([[0.25, -0.25]]) * grid.scale).sum() == 0


@pytest.mark.parametrize(
    ("between", "wider", "found"),
    [
        ("nothing", ("conv0",), ["c0"]),
        ("nothing", ("conv0", "conv1"), ["c1"]),
        ("nothing", (), []),
        ("nothing", ("conv0", "conv1", "conv2"), []),
        ("nothing", ("conv1",), ["c1"]),
        ("relu", ("conv0",), []),
        ("relu", ("conv0", "relu0"), []),
        ("sum", ("conv0",), []),
        ("depthwise", ("conv0",), []),
        ("depthwise", ("conv0", "conv1"), []),
    ],
)
def test_a_border_lies_between_convolutions_of_all_channels_and_nothing_else_reads_it(
    between: Between, wider: tuple[str, ...], found: list[str]
) -> None:
    proto = _network(between)
    assert [border.tensor for border in borders_of(proto, weights_of(proto), wider)] == found
    if not found:
        assert staggered(proto, _images(), wider).SerializeToString() == proto.SerializeToString()


def test_the_file_reads_both_copies_in_8_bits_and_comes_nearer(monkeypatch: pytest.MonkeyPatch) -> None:
    proto, images = _network(), _images()
    source = prepared_graph(proto, images)
    wider = tuple(node.name for node in source.plain.graph.node if node.op_type == "Conv")[:1]
    with_copies = source.int8(wider)
    monkeypatch.setattr("edgecad_export.precision.int8.converting.staggered", lambda plain, *_: plain)
    without = source.int8(wider)
    kernels = {own.name: numpy_helper.to_array(own) for own in with_copies.graph.initializer}
    shapes = [kernel.shape for kernel in kernels.values() if kernel.dtype == np.int8 and kernel.ndim == 4]
    assert (6, 12, 3, 3) in shapes
    error, before = (np.std(_values(own, "c1") - _values(proto, "c1")) for own in (with_copies, without))
    assert 0 < error < before
