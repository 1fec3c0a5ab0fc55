"""What makes int8 accurate: rounding that sees the data, patches, plain graphs and like ranges, against plain numpy."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgecad_export.precision.int8.equalisation import equalised
from edgecad_export.precision.int8.grids import ValueRange
from edgecad_export.precision.int8.patches import Patches
from edgecad_export.precision.int8.plain_graph import plain_from_folded, weights_of
from edgecad_export.precision.int8.rounding import DAMPING, rounded
from edgecad_export.precision.int8.variations import COPIES, varied
from edgecad_export.precision.int8.weight_bounds import WeightBounds
from edgecad_export.precision.sessions import session_of

SIZE = 12
LIMIT = 64


def _each(count: int, limit: int = LIMIT) -> WeightBounds:
    return WeightBounds.each(limit, count)


def _alike(draw: np.random.Generator, samples: int, width: int) -> NDArray[np.float64]:
    """Patches that vary in a few directions only, as those of scans that look alike do."""
    return draw.normal(size=(samples, 5)) @ draw.normal(size=(5, width)) + 0.01 * draw.normal(size=(samples, width)) + 1


def _nearest(weights: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(np.rint(weights / scales[..., None]), -LIMIT, LIMIT) * scales[..., None]


def test_outputs_come_out_far_better_than_by_rounding_to_the_nearest() -> None:
    draw = np.random.default_rng(0)
    patches, weights, bias = _alike(draw, 500, 40), draw.normal(size=(6, 40)), draw.normal(size=6)
    found = rounded(weights[None], bias[None], patches[None], patches[None], _each(40))
    wanted = patches @ weights.T + bias
    got = patches @ found.weights[0].T + found.bias[0]
    plain = patches @ _nearest(weights, found.scales[0]).T + bias
    assert np.std(got - wanted) < 0.5 * np.std(plain - wanted)
    assert np.abs((got - wanted).mean(axis=0)).max() < 1e-9


def test_weights_are_whole_numbers_within_bounds_and_dead_channels_do_no_harm() -> None:
    draw = np.random.default_rng(1)
    patches, weights = _alike(draw, 200, 18), draw.normal(size=(4, 18))
    weights[2] = 0.0
    patches[:, 3] = 0.0
    found = rounded(weights[None], np.zeros((1, 4)), patches[None], patches[None], _each(18))
    whole = found.weights / found.scales[..., None]
    assert np.allclose(whole, np.rint(whole), atol=1e-6)
    assert np.abs(whole).max() == pytest.approx(LIMIT)
    assert found.scales[0, 2] == 1.0
    assert not found.weights[0, 2].any()


def test_without_correlation_it_is_rounding_to_the_nearest() -> None:
    draw = np.random.default_rng(2)
    basis = np.linalg.qr(draw.normal(size=(64, 8)) - 0.0)[0]
    basis -= basis.mean(axis=0)
    patches = np.linalg.qr(basis)[0]  # columns without mean, and at right angles
    weights = draw.normal(size=(3, 8))
    found = rounded(weights[None], np.zeros((1, 3)), patches[None], patches[None], _each(8))
    assert np.allclose(found.weights[0], _nearest(weights, found.scales[0]), atol=1e-9)


def test_two_correlated_weights_reach_the_best_of_all_grid_points() -> None:
    draw = np.random.default_rng(3)
    patches = draw.normal(size=(300, 1)) @ np.array([[1.0, 0.8]]) + 0.2 * draw.normal(size=(300, 2))
    patches -= patches.mean(axis=0)
    moments = patches.T @ patches / len(patches)
    moments += DAMPING * np.trace(moments) / 2 * np.eye(2)
    weights = draw.normal(size=(20, 2))
    found = rounded(weights[None], np.zeros((1, 20)), patches[None], patches[None], _each(2, 2))
    for row, scale, got in zip(weights, found.scales[0], found.weights[0], strict=True):
        grid = scale * np.array(list(product(range(-2, 3), repeat=2)))
        errors = np.einsum("pi,ij,pj->p", grid - row, moments, grid - row)
        own = (got - row) @ moments @ (got - row)
        nearest = np.clip(np.rint(row / scale), -2, 2) * scale - row
        assert own <= nearest @ moments @ nearest + 1e-12
        assert own <= 1.5 * errors.min() + 1e-12


def test_groups_are_fitted_each_for_itself() -> None:
    draw = np.random.default_rng(4)
    patches = np.stack([_alike(draw, 100, 9) for _ in range(5)])
    narrow = patches + 0.05 * draw.normal(size=patches.shape)
    weights, bias = draw.normal(size=(5, 1, 9)), draw.normal(size=(5, 1))
    together = rounded(weights, bias, patches, narrow, _each(9))
    for group in range(5):
        part = slice(group, group + 1)
        alone = rounded(weights[part], bias[part], patches[part], narrow[part], _each(9))
        assert np.allclose(together.weights[part], alone.weights)
        assert np.allclose(together.bias[part], alone.bias)


def test_an_error_of_the_input_that_goes_with_it_is_undone() -> None:
    draw = np.random.default_rng(5)
    patches, weights = draw.normal(size=(2000, 12)) + 2, draw.normal(size=(3, 12))
    narrow = 0.8 * patches + 0.5
    found = rounded(weights[None], np.zeros((1, 3)), patches[None], narrow[None], _each(12, 100000))
    wanted = patches @ weights.T
    before, after = narrow @ weights.T, narrow @ found.weights[0].T + found.bias[0]
    assert np.std(after - wanted) < 0.6 * np.std(before - wanted)
    assert np.abs((after - wanted).mean(axis=0)).max() < 1e-6


def test_partners_share_what_a_pair_of_products_may_reach() -> None:
    draw = np.random.default_rng(10)
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    shape = (5, 6, 3, 3)
    bounds = WeightBounds.of(node, shape)
    weights = draw.normal(size=(1, 5, 54)) ** 3
    patches = _alike(draw, 400, 54)
    found = rounded(weights, np.zeros((1, 5)), patches[None], patches[None], bounds)
    whole = np.abs(found.weights / found.scales[..., None]).reshape(5, 3, 2, 9)
    assert 120 < whole.sum(axis=2).max() <= 128 + 1e-9
    assert 64 < whole.max() <= 127 + 1e-9


def test_bounds_go_by_what_meets_in_a_pair_of_products() -> None:
    depthwise = WeightBounds.of(helper.make_node("Conv", ["x", "w"], ["y"], group=4), (4, 1, 3, 3))
    first = WeightBounds.of(helper.make_node("Conv", ["x", "w"], ["y"]), (8, 3, 3, 3))
    assert (depthwise.alone, list(depthwise.partners)) == (127, list(range(9)))
    assert (first.alone, list(first.partners)) == (64, list(range(27)))
    pairs = WeightBounds.of(helper.make_node("Conv", ["x", "w"], ["y"]), (8, 4, 1, 2))
    assert list(pairs.partners) == [2, 3, 0, 1, 6, 7, 4, 5]


def test_copies_are_nearly_the_images_and_always_the_same() -> None:
    smooth = np.add.outer(np.arange(40), np.arange(40))[..., None].repeat(3, axis=2)
    images = np.stack([smooth, 80 - smooth]).astype(np.uint8)
    found = varied(images, 5)
    assert np.array_equal(found[:2], images)
    assert len(found) == 5
    assert len(varied(images, 100)) == 2 * (1 + COPIES)
    assert np.array_equal(varied(images, 1), images)
    assert np.array_equal(found, varied(images, 5))
    for index in range(2, 5):
        change = np.abs(found[index].astype(int) - images[index % 2].astype(int))
        assert 0 < change.mean() < 4


@pytest.mark.parametrize(
    ("options", "groups"),
    [
        ({"pads": [1, 2, 0, 1], "strides": [2, 1]}, 1),
        ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, 1),
        ({"auto_pad": "SAME_LOWER", "strides": [2, 2]}, 2),
        ({"dilations": [2, 2], "pads": [2, 2, 2, 2]}, 4),
        ({"auto_pad": "VALID"}, 4),
    ],
)
def test_patches_times_weights_are_the_convolution(options: dict[str, Any], groups: int) -> None:
    draw = np.random.default_rng(6)
    images = draw.normal(size=(2, 4, 9, 11)).astype(np.float32)
    kernel = draw.normal(size=(8, 4 // groups, 3, 3)).astype(np.float32)
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=groups, **options)
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, images.shape)],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(kernel, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    wanted = session_of(model).run(["y"], {"x": images})[0]
    patches = Patches.of(node, kernel.shape, images.shape, seed=0)
    got = np.einsum("gsk,grk->sgr", patches.taken(images), kernel.reshape(groups, 8 // groups, -1)).reshape(-1, 8)
    places = [wanted[image][:, patches.rows[image], patches.columns[image]].T for image in range(2)]
    assert np.allclose(got, np.concatenate(places), atol=1e-5)
    assert patches.rows.shape == (2, wanted.shape[2] * wanted.shape[3])


def test_a_grid_is_the_one_that_onnxruntime_rounds_to() -> None:
    draw = np.random.default_rng(7)
    values = draw.normal(size=(1, 1000)).astype(np.float32) * 3
    grid = ValueRange(-4.0, 7.5).grid
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"]),
    ]
    constants = [
        numpy_helper.from_array(np.array(grid.scale), "scale"),
        numpy_helper.from_array(np.array(grid.zero, np.uint8), "zero"),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, values.shape)
    graph = helper.make_graph(nodes, "grid", [x], [helper.make_empty_tensor_value_info("y")], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    assert np.array_equal(grid.rounded(values), session_of(model).run(["y"], {"x": values})[0])
    assert np.abs(grid.rounded(values) - np.clip(values, -4, 7.5)).max() <= 1.01 * grid.scale


def _residual(ceiling: float | None) -> onnx.ModelProto:
    """A small pre-activation network with the head's form: scaled image, unlike channels, a sum, a depthwise step."""
    draw = np.random.default_rng(8)
    spread = 10.0 ** draw.uniform(-1.5, 0.5, size=6)
    constants = {
        "w0": draw.normal(size=(6, 3, 3, 3)) * spread[:, None, None, None] * 0.2,
        "b0": draw.normal(size=6) * spread * 0.1,
        "slope": (1 / spread).reshape(1, 6, 1, 1),
        "shift": draw.normal(size=(1, 6, 1, 1)) * 0.1,
        "w1": draw.normal(size=(6, 1, 3, 3)),
        "w2": draw.normal(size=(6, 6, 1, 1)) * spread[:, None, None, None] * 0.1,
        "w3": draw.normal(size=(5, 6, 1, 1)),
        "by": np.array(1 / 127.5),
        "zero": np.array(0.0),
        "head": draw.normal(size=(5, 2)),
    }
    if ceiling is not None:
        constants["six"] = np.array(ceiling)
    active = ["Relu", []] if ceiling is None else ["Clip", ["zero", "six"]]
    depthwise = {"group": 6, "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Cast", ["image"], ["raw"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["raw", "by"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["nchw"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["nchw", "w0", "b0"], ["stream"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Mul", ["stream", "slope"], ["sloped"]),
        helper.make_node("Add", ["sloped", "shift"], ["normed"]),
        helper.make_node(active[0], ["normed", *active[1]], ["first"]),
        helper.make_node("Conv", ["first", "w1"], ["turned"], **depthwise),
        helper.make_node(active[0], ["turned", *active[1]], ["second"]),
        helper.make_node("Conv", ["second", "w2"], ["branch"]),
        helper.make_node("Add", ["stream", "branch"], ["sum"]),
        helper.make_node("Conv", ["sum", "w3"], ["last"]),
        helper.make_node("Relu", ["last"], ["found"]),
        helper.make_node("Transpose", ["found"], ["features"], perm=[0, 2, 3, 1]),
        helper.make_node("ReduceMean", ["found"], ["pooled"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["pooled", "head"], ["logits"]),
    ]
    others = ("probabilities", "fc_weights", "cam", "cam_bias")
    nodes += [helper.make_node("Identity", ["logits"], [name]) for name in others]
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", SIZE, SIZE, 3])
    outputs = [helper.make_empty_tensor_value_info(name) for name in ("logits", "features", *others)]
    tensors = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "residual", [image], outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _images(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(9).integers(0, 256, (count, SIZE, SIZE, 3), np.uint8)


def _largest(proto: onnx.ModelProto, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    names = ["stream", "normed", "first", "turned", "second", "branch", "sum"]
    values = session_of(proto, names).run(names, {"image": images})
    return {name: np.abs(value).max(axis=(0, 2, 3)) for name, value in zip(names, values, strict=True)}


@pytest.mark.parametrize("ceiling", [None, 6.0])
def test_the_plain_graph_computes_the_same_with_convolutions_alone(ceiling: float | None) -> None:
    proto, images = _residual(ceiling), _images(3)
    plain = plain_from_folded(proto)
    one, other = (session_of(graph).run(["features", "logits"], {"image": images}) for graph in (proto, plain))
    for a, b in zip(one, other, strict=True):
        assert np.allclose(a, b, rtol=1e-5, atol=1e-5)
    network = [node for node in plain.graph.node if {"stream", "normed", "sum"} & {*node.input, *node.output}]
    assert {node.op_type for node in network} <= {"Conv", "Add", "Relu", "Clip"}
    assert all(len(node.input) == 3 for node in plain.graph.node if node.op_type == "Conv")
    assert all(node.name for node in plain.graph.node)


def test_the_ends_of_a_clip_stay_numbers_without_axes() -> None:
    assert weights_of(plain_from_folded(_residual(6.0)))["six"].shape == ()


@pytest.mark.parametrize("ceiling", [None, 6.0])
def test_equalised_channels_have_like_ranges_and_the_network_computes_the_same(ceiling: float | None) -> None:
    images = _images(8)
    plain = plain_from_folded(_residual(ceiling))
    before = _largest(plain, images)
    even = equalised(plain, before)
    one, other = (session_of(graph).run(["features", "logits"], {"image": images}) for graph in (plain, even))
    for a, b in zip(one, other, strict=True):
        assert np.allclose(a, b, rtol=1e-4, atol=1e-4)
    after = _largest(even, images)

    def unlike(found: dict[str, NDArray[np.float32]]) -> float:
        return float(found["stream"].max() / found["stream"].min())

    assert unlike(after) < 0.5 * unlike(before)
