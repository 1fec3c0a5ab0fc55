"""The table of backbones against the networks themselves, and the one-third rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest

from edgecad.errors import UsageError
from edgecad_train.backbones import BACKBONES, backbone_named, unfrozen_layers
from edgecad_train.network import Head, Network, build_network

LIMITS = {"mobilenetv2": 10, "resnet50v2": 17, "resnet101v2": 29, "resnet152v2": 78}
"""Top layers that both one-third rules allow, worked out by hand from the networks' tables."""


@dataclass(frozen=True)
class Table:
    network: Network
    names: list[str]
    parameters: list[int]

    def top(self, first: str) -> int:
        return len(self.names) - self.names.index(first)


@cache
def _table(name: str) -> Table:
    network = build_network(backbone_named(name), "none", Head())
    layers = network.backbone_layers()
    return Table(network, [layer.name for layer in layers], [layer.count_params() for layer in layers])


@pytest.fixture(params=list(BACKBONES))
def table(request: pytest.FixtureRequest) -> Table:
    return _table(request.param)


def test_the_limit_of_both_rules_is_that_of_the_hand_made_table(table: Table) -> None:
    assert unfrozen_layers(table.names, table.parameters, ()) == LIMITS[table.network.backbone.name]


def test_what_is_unfrozen_is_under_a_third_of_layers_and_of_parameters(table: Table) -> None:
    count = table.top(table.network.fine_tuned_from)
    assert 0 < 3 * count < len(table.names)
    assert 0 < 3 * sum(table.parameters[-count:]) < sum(table.parameters)


def test_no_boundary_further_down_would_keep_both_rules(table: Table) -> None:
    count = table.top(table.network.fine_tuned_from)
    further = [table.top(first) for first in table.network.backbone.boundaries if table.top(first) > count]
    assert further
    for other in further:
        assert 3 * other >= len(table.names) or 3 * sum(table.parameters[-other:]) >= sum(table.parameters)


@pytest.mark.parametrize(
    ("name", "first", "layers"),
    [("resnet152v2", "conv5_block1_preact_bn", 36), ("mobilenetv2", "Conv_1", 3)],
)
def test_fine_tuning_starts_at_the_deepest_whole_block(name: str, first: str, layers: int) -> None:
    table = _table(name)
    assert table.network.fine_tuned_from == first
    assert table.top(first) == layers


def test_resnet152v2_has_the_size_that_the_rules_were_worked_out_for() -> None:
    table = _table("resnet152v2")
    assert (len(table.names), sum(table.parameters)) == (564, 58_331_648)


def test_everything_above_a_boundary_depends_on_below_only_through_its_input(table: Table) -> None:
    features = table.network.model.get_layer(table.network.backbone.feature_layer).output
    for first in table.network.backbone.boundaries:
        reached = _layers_between(table.network.model.get_layer(first).input, features)
        assert reached == set(table.names[table.names.index(first) :]), first


def test_the_check_of_boundaries_would_find_one_inside_a_block() -> None:
    table = _table("mobilenetv2")
    inside = table.network.model.get_layer("block_15_depthwise")  # block 15 has a residual connection
    features = table.network.model.get_layer("out_relu").output
    assert _layers_between(inside.input, features) != set(table.names[table.names.index(inside.name) :])


def _layers_between(low: Any, high: Any) -> set[str]:
    """Names of the layers on the way back from `high`, without passing `low`."""
    seen: set[str] = set()
    waiting = [high]
    while waiting:
        tensor = waiting.pop()
        layer = tensor._keras_history.operation
        if tensor is low or layer.name in seen:
            continue
        seen.add(layer.name)
        if not isinstance(layer, keras.layers.InputLayer):
            waiting += keras.tree.flatten(layer.input)
    return seen


def test_where_no_whole_block_fits_the_limit_itself_is_used() -> None:
    names = [f"layer{number}" for number in range(12)]
    assert unfrozen_layers(names, [1] * 12, ("layer2",)) == 3


def test_a_top_layer_that_is_too_large_alone_leaves_nothing_to_unfreeze() -> None:
    assert unfrozen_layers([f"layer{number}" for number in range(9)], [1] * 8 + [10], ()) == 0


def test_an_unknown_backbone_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'vgg99'.*choose one of: mobilenetv2, resnet50v2"):
        backbone_named("vgg99")


@pytest.mark.parametrize("head", [{"units": 0}, {"dropout": 1.0}, {"dropout": -0.1}])
def test_a_head_that_cannot_be_is_refused(head: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="wanted"):
        Head(**head)


def test_scaling_in_the_graph_maps_0_and_255_to_minus_one_and_one() -> None:
    model = _table("mobilenetv2").network.model
    scaled = model.get_layer("scaling")(np.array([[[[0, 127.5, 255]]]], np.float32))
    np.testing.assert_allclose(np.asarray(scaled).ravel(), [-1.0, 0.0, 1.0], atol=1e-6)
