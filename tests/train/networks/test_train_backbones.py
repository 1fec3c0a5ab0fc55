"""The table of backbones against the networks themselves, and the one-third rules."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest

from edgecad.contract.scaling import DEVIATION, MEAN
from edgecad.errors import UsageError
from edgecad_train.networks.backbones import BACKBONES, backbone_named, unfreezing_limit, unfrozen_layers
from edgecad_train.networks.head import Head
from edgecad_train.networks.network import Network, build_network
from edgecad_train.networks.scaling import scaled
from edgecad_train.training.freezing import cut_of, learning_part, set_trainable
from edgecad_train.training.frozen import layer_of
from edgecad_train.training.rates import rate_groups
from edgecad_train.training.strategies import Stage, plan_for

LayersBetween = Callable[[Any, Any], set[str]]

LIMITS = {
    "vgg16": 3,
    "vgg19": 3,
    "xception": 18,
    "inceptionv3": 50,
    "inceptionresnetv2": 116,
    "resnet50": 16,
    "resnet101": 28,
    "resnet152": 71,
    "resnet50v2": 17,
    "resnet101v2": 29,
    "resnet152v2": 78,
    "densenet121": 115,
    "densenet169": 139,
    "densenet201": 185,
    "efficientnetb0": 19,
    "mobilenetv2": 10,
}
"""Top layers that both one-third rules allow, worked out by hand from the networks' tables."""
TRAINED = {
    "vgg16": 3,
    "vgg19": 3,
    "xception": 16,
    "inceptionv3": 31,
    "inceptionresnetv2": 114,
    "resnet50": 10,
    "resnet101": 20,
    "resnet152": 32,
    "resnet50v2": 13,
    "resnet101v2": 24,
    "resnet152v2": 36,
    "densenet121": 114,
    "densenet169": 135,
    "densenet201": 184,
    "efficientnetb0": 16,
    "mobilenetv2": 3,
}
"""Top layers above the deepest whole block within the limit; the limit itself for VGG."""
RESNET_BLOCKS = ["conv5_block3", "conv5_block2", "conv5_block1", "conv4_block1", "conv3_block1", "conv2_block1"]
EFFICIENTNET_BLOCKS = ["7a", "6d", "6c", "6b", "6a", "5c", "5b", "5a", "4c", "4b", "4a", "3b", "3a", "2b", "2a"]
INCEPTION_RESNET_BLOCKS = ["mixed_7a", "block17_20_ac", "mixed_6a", "block35_10_ac", "mixed_5b"]


def _dense_layers(last_stage: int) -> list[str]:
    blocks = [f"conv5_block{count}" for count in range(last_stage, 0, -1)]
    return [f"{block}_0_bn" for block in [*blocks, "conv4_block1", "conv3_block1", "conv2_block1"]]


FIRST_OF_BLOCK = {
    **{f"vgg{depth}": [f"block{count}_conv1" for count in (5, 4, 3, 2)] for depth in (16, 19)},
    **{f"resnet{depth}": [f"{block}_1_conv" for block in RESNET_BLOCKS] for depth in (50, 101, 152)},
    **{f"resnet{depth}v2": [f"{block}_preact_bn" for block in RESNET_BLOCKS] for depth in (50, 101, 152)},
    **{f"densenet{depth}": _dense_layers(last) for depth, last in ((121, 16), (169, 32), (201, 32))},
    "xception": ["block14_sepconv1", *(f"block{count}_sepconv1_act" for count in range(13, 2, -1)), "block2_sepconv1"],
    "mobilenetv2": ["Conv_1", *(f"block_{count}_expand" for count in range(16, 0, -1)), "expanded_conv_depthwise"],
    "efficientnetb0": ["top_conv", *(f"block{block}_expand_conv" for block in EFFICIENTNET_BLOCKS), "block1a_dwconv"],
}
"""Names of the lowest layers of the blocks, from the top down, where Keras' names tell them."""
LAST_BELOW = {
    "inceptionv3": [f"mixed{count}" for count in range(9, -1, -1)],
    "inceptionresnetv2": [*(f"block8_{count}_ac" for count in range(9, 0, -1)), *INCEPTION_RESNET_BLOCKS],
}
"""Names of the layers just below the boundaries, where the lowest of a block has only a number."""


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
    assert unfreezing_limit(table.parameters) == LIMITS[table.network.backbone.name]


def test_what_is_unfrozen_is_under_a_third_of_layers_and_of_parameters(table: Table) -> None:
    count = table.top(table.network.fine_tuned_from)
    assert 0 < 3 * count < len(table.names)
    assert 0 < 3 * sum(table.parameters[-count:]) < sum(table.parameters)


def test_fine_tuning_starts_at_the_deepest_whole_block_within_the_limit(table: Table) -> None:
    assert table.top(table.network.fine_tuned_from) == TRAINED[table.network.backbone.name]


@pytest.mark.parametrize(
    ("name", "first"),
    [("resnet152v2", "conv5_block1_preact_bn"), ("mobilenetv2", "Conv_1"), ("vgg16", "block5_conv2")],
)
def test_the_first_layer_that_learns_is_the_block_s_own(name: str, first: str) -> None:
    assert _table(name).network.fine_tuned_from == first


def test_resnet152v2_has_the_size_that_the_rules_were_worked_out_for() -> None:
    table = _table("resnet152v2")
    assert (len(table.names), sum(table.parameters)) == (564, 58_331_648)


def test_everything_above_a_boundary_depends_on_below_only_through_its_input(
    table: Table, layers_between: LayersBetween
) -> None:
    model, names = table.network.model, table.names
    features = table.network.pooled
    for count in {*table.network.blocks, TRAINED[table.network.backbone.name]}:
        first = model.get_layer(names[-count])
        assert layers_between(first.input, features) == set(names[-count:]), count


def test_boundaries_are_those_of_whole_blocks_and_stages_from_the_top_down_to_the_stem(table: Table) -> None:
    name, blocks = table.network.backbone.name, table.network.blocks
    if name in FIRST_OF_BLOCK:
        assert [table.names[-count] for count in blocks] == FIRST_OF_BLOCK[name]
        return
    *below, stem = [table.names[-count - 1] for count in blocks]
    assert below == LAST_BELOW[name]
    assert stem.startswith("max_pooling2d")


@pytest.mark.parametrize("strategy", ["two-stage", "scratch", "all", "first-layers"])
def test_layerwise_every_network_has_a_rate_for_each_block_falling_by_2_6_from_the_head(
    table: Table, strategy: str
) -> None:
    stage = plan_for(strategy, layerwise=True).stages[-1]
    set_trainable(table.network, stage)
    groups = rate_groups(table.network, stage)
    assert len(groups) >= 2
    wanted = [stage.learning_rate / 2.6**group for group in range(len(groups))]
    assert [group.rate for group in groups] == pytest.approx(wanted, rel=1e-9, abs=0)
    assert groups[0].lowest_layer == "head_hidden"
    grouped = [id(variable) for group in groups for variable in group.variables]
    assert sorted(grouped) == sorted(id(variable) for variable in table.network.model.trainable_variables)


def test_layerwise_more_blocks_that_learn_have_more_rates(table: Table) -> None:
    counts = []
    for part in ("head", "top", "everything"):
        stage = Stage("s", part, 1, 1e-3, layerwise=True)
        set_trainable(table.network, stage)
        counts.append(len(rate_groups(table.network, stage)))
    blocks = table.network.blocks
    above = sum(count < TRAINED[table.network.backbone.name] for count in blocks)
    # The head, the blocks above the lowest that fine-tuning trains, that one; and at last the stem below all.
    assert counts == [1, 1 + above + 1, 1 + len(blocks) + 1]


def test_the_check_of_boundaries_would_find_one_inside_a_block(layers_between: LayersBetween) -> None:
    table = _table("mobilenetv2")
    inside = table.network.model.get_layer("block_15_depthwise")  # block 15 has a residual connection
    features = table.network.model.get_layer("out_relu").output
    assert layers_between(inside.input, features) != set(table.names[table.names.index(inside.name) :])


def test_where_no_whole_block_fits_the_limit_itself_is_used() -> None:
    assert unfrozen_layers([1] * 12, (10,)) == 3


def test_a_top_layer_that_is_too_large_alone_leaves_nothing_to_unfreeze() -> None:
    assert unfrozen_layers([1] * 8 + [10], ()) == 0


def test_an_unknown_backbone_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'vgg99'.*choose one of: mobilenetv2, vgg16"):
        backbone_named("vgg99")


@pytest.mark.parametrize("units", [0, 8])
def test_dropout_acts_on_every_head_while_it_learns(units: int) -> None:
    """Without a hidden layer it stands on the pooled features, and the frozen part must end below it."""
    keras.utils.set_random_seed(1)
    network = build_network(backbone_named("mobilenetv2"), "none", Head(units, 0.5))
    assert layer_of(cut_of(network, "head")) == "pooling"
    learning = learning_part(network, "head")
    pooled = np.random.default_rng(0).normal(size=(4, 1280)).astype(np.float32)
    still, moving = (np.asarray(learning(pooled, training=training)) for training in (False, True))
    assert np.abs(still - moving).max() > 1e-3
    np.testing.assert_allclose(np.asarray(learning(pooled, training=False)), still)


@pytest.mark.parametrize("head", [{"units": -1}, {"dropout": 1.0}, {"dropout": -0.1}])
def test_a_head_that_cannot_be_is_refused(head: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="wanted"):
        Head(**head)


@pytest.mark.parametrize("name", [name for name in BACKBONES if name != "efficientnetb0"])
def test_every_network_is_fed_as_the_module_of_its_weights_feeds_it(name: str) -> None:
    backbone = backbone_named(name)
    application = getattr(keras.applications, backbone.application)
    module = importlib.import_module(application.__module__)
    pixels = np.random.default_rng(0).integers(0, 256, (1, 4, 4, 3)).astype(np.uint8)
    image = keras.Input((4, 4, 3), dtype="uint8")
    ours = keras.Model(image, scaled(image, backbone.scaling))(pixels)
    np.testing.assert_allclose(ours, module.preprocess_input(pixels.astype(np.float32)), rtol=0, atol=1e-4)


def test_every_network_takes_the_size_of_its_weights() -> None:
    large = {"xception", "inceptionv3", "inceptionresnetv2"}
    assert {name: backbone.size for name, backbone in BACKBONES.items()} == {
        name: 299 if name in large else 224 for name in BACKBONES
    }


def test_efficientnet_is_fed_what_keras_feeds_it_for_imagenet_weights() -> None:
    """Keras: x / 255, less the mean, by the deviation, by the root of the deviation."""
    image = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)
    tensor = keras.Input((8, 8, 3), dtype="uint8")
    fed = keras.Model(tensor, scaled(tensor, "efficientnet")).predict(image, verbose=0)
    normalised = (fed / 255 - MEAN) / DEVIATION
    wanted = (image / 255 - MEAN) / DEVIATION / np.sqrt(DEVIATION)
    np.testing.assert_allclose(normalised, wanted, rtol=1e-4, atol=1e-4)


def test_scaling_never_learns_even_from_scratch() -> None:
    network = _table("vgg16").network
    set_trainable(network, plan_for("scratch").stages[0])
    assert not network.model.get_layer("scaling").trainable
    assert network.model.get_layer("block1_conv1").trainable
