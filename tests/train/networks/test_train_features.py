"""Which features are pooled: the layers of all backbones, what is cut off, blocks of what runs, both side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import keras
import numpy as np
import pytest

from edgecad.answer.heatmap import cell_coverage
from edgecad.contract import Features
from edgecad_train.networks import network as module
from edgecad_train.networks.backbones import BACKBONES, backbone_named
from edgecad_train.networks.head import Head
from edgecad_train.networks.network import Network, build_network, with_head
from edgecad_train.networks.pooled import features_of, pooled_over
from edgecad_train.networks.scaling import LAYERS as SCALING_LAYERS
from edgecad_train.training.freezing import cut_of, learning_part, set_trainable
from edgecad_train.training.frozen import Scans, Storage, frozen_outputs, layer_of
from edgecad_train.training.rates import rate_groups
from edgecad_train.training.strategies import Stage, plan_for

NUMBERED = ("conv2d", "batch_normalization", "activation", "add", "concatenate", "max_pooling2d", "custom_scale_layer")
"""What names begin with that Keras numbers anew in every process."""
GRIDS = {"xception": 19, "inceptionv3": 17, "inceptionresnetv2": 17}
"""Cells a side of the features at a sixteenth, where it is not 14: a sixteenth of 299 is 18.7, and some layers do not
pad."""
CHANNELS = {
    "mobilenetv2": 576, "efficientnetb0": 672, "vgg16": 512, "vgg19": 512, "xception": 728, "inceptionv3": 768,
    "inceptionresnetv2": 1088, "densenet121": 1024, "densenet169": 1280, "densenet201": 1792,
    **{f"resnet{depth}{version}": 1024 for depth in (50, 101, 152) for version in ("", "v2")},
}  # fmt: skip
FIRST_OF_BLOCK = {
    "vgg16": ["block5_conv1", "block4_conv1", "block3_conv1", "block2_conv1"],
    "resnet50": [*(f"conv4_block{n}_1_conv" for n in range(6, 0, -1)), "conv3_block1_1_conv", "conv2_block1_1_conv"],
    "resnet50v2": [
        *(f"conv4_block{n}_preact_bn" for n in range(5, 0, -1)), "conv3_block1_preact_bn", "conv2_block1_preact_bn"
    ],
    "densenet121": [*(f"conv4_block{n}_0_bn" for n in range(24, 0, -1)), "conv3_block1_0_bn", "conv2_block1_0_bn"],
    "xception": [
        "block13_sepconv1_act", *(f"block{count}_sepconv1_act" for count in range(12, 2, -1)), "block2_sepconv1"
    ],
    "mobilenetv2": [*(f"block_{count}_expand" for count in range(13, 0, -1)), "expanded_conv_depthwise"],
    "efficientnetb0": [
        *(f"block{block}_expand_conv" for block in ["6a", "5c", "5b", "5a", "4c", "4b", "4a", "3b", "3a", "2b", "2a"]),
        "block1a_dwconv",
    ],
}  # fmt: skip
"""Names of the lowest layers of the blocks of what runs, from the top down, one network a family."""


@dataclass(frozen=True)
class Built:
    """A network, and the whole backbone that it was cut from."""

    network: Network
    whole: list[Any]


@cache
def _built(name: str, features: Features = "stride-16") -> Built:
    with patch.object(module, "features_of", wraps=features_of) as asked:
        network = build_network(backbone_named(name), "none", Head(), features)
    base = asked.call_args.args[0]
    return Built(network, [layer for layer in base.layers if layer.name not in SCALING_LAYERS])


def _network(name: str, features: Features = "stride-16") -> Network:
    return _built(name, features).network


@pytest.fixture(params=list(BACKBONES))
def built(request: pytest.FixtureRequest) -> Built:
    return _built(request.param)


@pytest.fixture
def cut(built: Built) -> Network:
    return built.network


def _names(network: Network) -> list[str]:
    return [layer.name for layer in network.backbone_layers()]


def test_the_features_at_a_sixteenth_are_named_and_lie_on_the_grid_of_a_sixteenth(cut: Network) -> None:
    name = cut.backbone.name
    side = GRIDS.get(name, 14)
    assert cut.pooled.shape[1:] == (side, side, CHANNELS[name])
    assert abs(side - cut.backbone.size / 16) < 2
    assert cut.feature_layer == cut.backbone.stride_16.layer
    assert not cut.feature_layer.startswith(NUMBERED)


def test_what_is_above_the_features_is_not_in_the_network(built: Built) -> None:
    below = built.network.backbone_layers()
    assert below == built.whole[: len(below)]
    assert below[-1].name == built.network.feature_layer
    above = {layer.name for layer in built.whole[len(below) :]}
    assert above
    assert not above & {layer.name for layer in built.network.model.layers}


def test_no_later_activation_of_that_grid_has_more_channels(built: Built) -> None:
    """One that comes later is the waist of a block, or its middle."""
    _, side, _, channels = built.network.pooled.shape
    above = built.whole[len(built.network.backbone_layers()) :]
    for layer in above:
        if isinstance(layer, (keras.layers.Activation, keras.layers.ReLU)):
            assert layer.output.shape[1] < side or layer.output.shape[3] <= channels, layer.name


def test_above_a_boundary_everything_depends_on_below_through_its_input_alone(
    cut: Network, layers_between: Callable[[Any, Any], set[str]]
) -> None:
    layers = cut.backbone_layers()
    for count in cut.blocks:
        first = layers[-count]
        assert layers_between(first.input, cut.pooled) == {layer.name for layer in layers[-count:]}, count


@pytest.mark.parametrize("name", FIRST_OF_BLOCK)
def test_boundaries_count_from_the_layer_that_is_pooled(name: str) -> None:
    network = _network(name)
    wanted, names = FIRST_OF_BLOCK[name], _names(network)
    # In the pre-activation networks the topmost block is two layers of a block that was cut, and the block below.
    found = [names[-count] for count in network.blocks]
    assert found[-len(wanted) :] == wanted
    assert len(found) == len(wanted)


def test_fine_tuning_trains_less_than_a_third_of_the_network_that_runs(cut: Network) -> None:
    unfrozen = cut.unfrozen()
    assert unfrozen.of_layers == len(_names(cut))
    assert 0 < 3 * unfrozen.layers < unfrozen.of_layers
    assert 0 < 3 * unfrozen.parameter_share < 1
    assert cut.fine_tuned_from in _names(cut)


@pytest.mark.parametrize("part", ["top", "after-first", "everything"])
def test_layerwise_what_learns_of_a_cut_network_has_a_rate_for_each_block(part: Any) -> None:
    network = _network("mobilenetv2")
    stage = Stage("s", part, 1, 1e-3, layerwise=True)
    set_trainable(network, stage)
    groups = rate_groups(network, stage)
    assert groups[0].lowest_layer == "head_hidden"
    grouped = [id(variable) for group in groups for variable in group.variables]
    assert sorted(grouped) == sorted(id(variable) for variable in network.model.trainable_variables)
    if part == "everything":
        assert len(groups) == 1 + len(network.blocks) + 1


@pytest.mark.parametrize("name", ["mobilenetv2", "inceptionv3"])
def test_both_are_the_last_features_repeated_beside_those_at_a_sixteenth(name: str) -> None:
    both, last, cut = (_network(name, features) for features in ("both", "last", "stride-16"))
    _, side, _, channels = both.pooled.shape
    assert (side, channels) == (cut.pooled.shape[1], last.pooled.shape[3] + cut.pooled.shape[3])
    assert both.feature_layer == "both_features"
    assert len(_names(both)) == len(_names(last))
    assert both.blocks == last.blocks
    assert both.unfrozen() == last.unfrozen()


@pytest.mark.parametrize(("fine", "coarse"), [(14, 7), (19, 10), (17, 8)])
def test_each_cell_is_repeated_at_its_place_and_nothing_else_changes(fine: int, coarse: int) -> None:
    backbone = backbone_named("mobilenetv2")
    image = keras.Input((fine, fine, 2))
    finer = keras.layers.Identity(name=backbone.stride_16.layer)(image)
    low = keras.layers.Conv2D(1, fine - 2 * (coarse - 1), strides=2, use_bias=False, name=backbone.last.layer)(finer)
    model = keras.Model(image, low)
    joined = keras.Model(image, [features_of(model, backbone, "both"), low])
    both, below = joined.predict(np.random.default_rng(0).normal(size=(3, fine, fine, 2)), verbose=0)
    assert below.shape[1:3] == (coarse, coarse)
    for row in range(fine):
        for column in range(fine):
            own = below[:, min(row // 2, coarse - 1), min(column // 2, coarse - 1)]
            np.testing.assert_array_equal(both[:, row, column, :1], own)


def test_first_weights_are_called_untrained_only_where_their_layers_run(tmp_path: Path) -> None:
    """An archive that ends below the top holds all of a network that is cut there."""
    whole = _network("mobilenetv2", "last")
    held = [layer for layer in whole.backbone_layers() if layer.weights]
    names = [layer.name for layer in held]
    archive = tmp_path / "w.npz"
    until = names.index("block_13_depthwise")
    np.savez(archive, **{f"{own.name}/{each.name}": np.asarray(each) for own in held[:until] for each in own.weights})
    backbone = backbone_named("mobilenetv2")
    assert "UNTRAINED" not in build_network(backbone, str(archive), Head(), "stride-16").weights
    told = build_network(backbone, str(archive), Head(), "both").weights
    assert f"UNTRAINED, random: {len(held) - until} layers from block_13_depthwise on" in told
    np.savez(
        archive, **{f"{own.name}/{each.name}": np.asarray(each) for own in held[: until - 2] for each in own.weights}
    )
    told = build_network(backbone, str(archive), Head(), "stride-16").weights
    assert "UNTRAINED, random: 2 layers from block_13_expand on" in told


def test_frozen_outputs_of_other_features_are_other_outputs(tmp_path: Path) -> None:
    """The last features and both stand on the same weights, and are pooled by a layer of one name."""
    images = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3)).astype(np.uint8)
    storage, found = Storage(cache=tmp_path), {}
    last = _network("mobilenetv2", "last")
    for features in ("last", "both", "stride-16"):
        network = _network("mobilenetv2", features)
        for mine, given in zip(network.backbone_layers(), last.backbone_layers(), strict=False):
            mine.set_weights(given.get_weights())
        pooled = cut_of(network, "head")
        assert layer_of(pooled) == "pooling"
        found[features] = frozen_outputs(network, [pooled], Scans(images, "a hash"), 2, storage).outputs["pooling"]
    np.testing.assert_allclose(
        found["both"][:, -576:], found["stride-16"], rtol=1e-5, atol=1e-5 * float(np.abs(found["stride-16"]).max())
    )
    np.testing.assert_allclose(found["both"][:, :1280], found["last"], rtol=1e-5, atol=1e-6)
    assert len(list(tmp_path.glob("*.npy"))) == 3


@pytest.mark.parametrize("features", ["last", "stride-16", "both"])
def test_pooled_over_the_disc_nothing_outside_it_counts(features: Features) -> None:
    network = build_network(backbone_named("mobilenetv2"), "none", Head(), features, pooled_over("uptake"))
    assert network.feature_layer == _network("mobilenetv2", features).feature_layer
    assert _names(network) == _names(_network("mobilenetv2", features))
    height, width = network.pooled.shape[1:3]
    counted = keras.Model(network.pooled._keras_history.operation.input, network.model.get_layer("pooling").output)
    values = np.random.default_rng(0).normal(size=(2, height, width, network.pooled.shape[3])).astype(np.float32)
    coverage = cell_coverage(height, width)[..., None]
    mean = (values * coverage).sum(axis=(1, 2)) / coverage.sum()
    np.testing.assert_allclose(counted(values), mean, rtol=1e-4, atol=1e-5)
    beyond = np.where(coverage == 0, 1e6, values).astype(np.float32)
    assert not np.array_equal(beyond, values)
    np.testing.assert_array_equal(counted(beyond), counted(values))


def test_colours_are_pooled_over_all_cells_as_in_the_paper() -> None:
    assert pooled_over("rgb") == "all"
    assert _network("mobilenetv2").pooled is _network("mobilenetv2").model.get_layer("block_13_expand_relu").output


def test_a_network_over_the_disc_is_saved_and_loaded_without_code_of_ours(tmp_path: Path) -> None:
    network = build_network(backbone_named("mobilenetv2"), "none", Head(), "both", "disc")
    network.model.save(tmp_path / "model.keras")
    images = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3)).astype(np.uint8)
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images), network.model(images))


def test_another_head_stands_on_the_same_features() -> None:
    network = with_head(_network("mobilenetv2", "both"), Head(units=8))
    assert (network.features, network.feature_layer) == ("both", "both_features")
    assert layer_of(cut_of(network, "head")) == "pooling"
    assert learning_part(network, "top").output.shape == (None, 2)
    assert plan_for("two-stage").stages[0].part == "head"
