"""What of a backbone stays in fp32: where a beginning ends, what it costs, and in which order plans are tried."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecad_export.precision.int8.plans import MOST_WORK, Int8Plan, narrow_places, plans_of
from edgecad_export.precision.int8.work import multiply_adds, share_of, sizes_of

SIZE = 16


def _network(channels: list[int], strides: list[int], sums: tuple[int, ...] = ()) -> onnx.ModelProto:
    """3 x 3 convolutions one after another on an image of SIZE pixels; behind those in `sums` their input is added."""
    nodes, weights, name, before = [], [], "pixels", 3
    nodes.append(helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT))
    nodes.append(helper.make_node("Transpose", ["floats"], [name], perm=[0, 3, 1, 2]))
    for place, (count, stride) in enumerate(zip(channels, strides, strict=True)):
        kernel = np.ones((count, before, 3, 3), np.float32)
        weights += [
            numpy_helper.from_array(kernel, f"w{place}"),
            numpy_helper.from_array(kernel[:, 0, 0, 0], f"b{place}"),
        ]
        given = f"c{place}"
        shape = {"kernel_shape": [3, 3], "strides": [stride, stride], "pads": [1, 1, 1, 1]}
        nodes.append(helper.make_node("Conv", [name, f"w{place}", f"b{place}"], [given], name=f"conv{place}", **shape))
        if place in sums:
            nodes.append(helper.make_node("Add", [name, given], [f"a{place}"], name=f"add{place}"))
            given = f"a{place}"
        name, before = given, count
    nodes.append(helper.make_node("Transpose", [name], ["features"], perm=[0, 2, 3, 1]))
    nodes.append(helper.make_node("ReduceMean", ["features"], ["logits"], axes=[1, 2], keepdims=0))
    graph = helper.make_graph(
        nodes, "drawn",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", SIZE, SIZE, 3])],
        [helper.make_tensor_value_info(own, TensorProto.FLOAT, None) for own in ("features", "logits")],
        weights,
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _places(proto: onnx.ModelProto) -> list[int]:
    from edgecad_export.precision.int8.plain_graph import backbone_of

    return narrow_places(backbone_of(proto)[1], sizes_of(proto))


def test_a_narrow_place_is_smaller_than_all_before_it() -> None:
    # Values: 16 x 256, 4 x 256, 32 x 64, 2 x 64, 8 x 64, 1 x 64; the last are the features, with nothing behind.
    assert _places(_network([16, 4, 32, 2, 8, 1], [1, 1, 2, 1, 1, 1])) == [2, 4]


def test_where_two_tensors_lead_on_is_no_narrow_place() -> None:
    # Behind the second convolution its input is still wanted, so the place is behind their sum.
    assert _places(_network([8, 8, 2, 2, 4], [1, 1, 1, 1, 1], sums=(1, 3))) == [4]


def test_a_network_that_only_grows_has_none() -> None:
    assert _places(_network([4, 8, 16], [1, 1, 1])) == []


def test_multiply_adds_by_hand() -> None:
    work = multiply_adds(_network([16, 4], [1, 2]))
    assert work == {"conv0": 16 * 256 * 27, "conv1": 4 * 64 * 16 * 9}
    assert share_of(work, {"conv0"}) == pytest.approx(16 * 256 * 27 / sum(work.values()))
    assert share_of({}, set()) == 0


def test_plans_go_from_the_fastest_on_and_none_comes_twice() -> None:
    plans = plans_of(_network([8, 2, 32, 32, 32, 32, 32, 4], [1] * 8, sums=(3, 4)))
    assert plans[0] == Int8Plan("the whole backbone", (), 0.0)
    assert str(plans[0]) == "the whole backbone"
    assert plans[1].wider == ("conv0", "conv1")
    assert plans[1].work <= MOST_WORK
    assert str(plans[1]).startswith("the first 2 convolutions in fp32, ")
    assert str(plans[1]).endswith("% of the multiply-adds")
    kept = [plan.wider for plan in plans]
    assert len(set(kept)) == len(kept) > 3
    assert {"add3", "add4"} < set(plans[-1].wider)
    assert "residual stream" in plans[-1].what
    alone = [plan.work for plan in plans if "stream" not in plan.what]
    assert alone == sorted(alone)


def test_a_beginning_that_does_most_of_the_work_is_no_plan_of_its_own() -> None:
    plans = plans_of(_network([32, 32, 2, 4, 4], [1, 1, 1, 2, 1]))
    assert all("first 3 convolutions" not in plan.what for plan in plans)


@pytest.mark.parametrize(("channels", "whole"), [(1, False), (16, True)])
def test_a_beginning_that_computes_little_is_never_in_8_bits(channels: int, whole: bool) -> None:
    """3 x 3 on 3 channels is 27 multiply-adds a value, and on 16 it is 144."""
    plans = plans_of(_network([channels, channels, 1, 32, 32, 32], [1, 2, 1, 1, 1, 1]))
    assert (plans[0].what == "the whole backbone") is whole
    assert plans[1 if whole else 0].wider[:2] == ("conv0", "conv1")
