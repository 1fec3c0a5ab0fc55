"""Networks joined into one: mean logits, exact maps, and layers that all have are there once."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest

from edgecad.answer.heatmap import class_activation, identity_error
from edgecad.contract import Features, PooledOver
from edgecad_train.ensembles.grids import on_grid
from edgecad_train.ensembles.joining import FEATURES, channel_lengths, joined_model
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.networks.explain import dense_head, dense_layers
from edgecad_train.networks.head import Head
from edgecad_train.networks.network import HIDDEN, LOGITS, POOLING, Network, build_network

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), np.uint8)
SILU = Head(8)


def _network(
    seed: int,
    head: Head = SILU,
    features: Features = "stride-16",
    over: PooledOver = "disc",
    first: int | None = None,
    scaling: Any = "tf",
) -> Network:
    """A network whose layers below the head are drawn by `first`, or else by `seed`."""
    backbone = dataclasses.replace(backbone_named("mobilenetv2"), scaling=scaling)
    network = build_network(backbone, "none", head, features, over)
    for draw, layers in (
        (seed if first is None else first, [own for own in network.model.layers if own not in network.head_layers()]),
        (seed, network.head_layers()),
    ):
        drawn = np.random.default_rng(draw)
        for layer in layers:
            layer.set_weights([drawn.uniform(0.1, 0.6, own.shape) for own in layer.get_weights()])
    return network


def _logits(model: Any) -> np.ndarray:
    return np.asarray(model.predict(IMAGES, verbose=0), np.float64)


def _maps(model: Any) -> np.ndarray:
    features = keras.Model(model.input, model.get_layer(POOLING).input).predict(IMAGES, verbose=0)
    head = dense_layers([layer for layer in model.layers if layer.name in (HIDDEN, LOGITS)])
    return np.asarray(class_activation(features.astype(np.float64), head).cam)


CASES: dict[str, list[dict[str, Any]]] = {
    "seeds": [{}, {}, {}],
    "grids": [{}, {"features": "last"}, {"features": "both"}],
    "whole images": [{"over": "all"}, {"over": "all", "features": "last"}],
    "hidden units": [{"head": Head(8)}, {"head": Head(3)}],
    "ReLU": [{"head": Head(8, activation="relu")}, {"head": Head(5, activation="relu")}],
    "no hidden layer": [{"head": Head(0)}, {"head": Head(0), "features": "last"}],
    "scalings": [{}, {"scaling": "caffe"}, {"scaling": "unit"}],
}


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_logits_are_the_mean_and_maps_the_mean_on_one_grid(cases: list[dict[str, Any]]) -> None:
    members = [_network(seed, **own) for seed, own in enumerate(cases)]
    model = joined_model(members)
    wanted = np.mean([_logits(own.model) for own in members], axis=0)
    scale = np.abs(wanted).max()
    np.testing.assert_allclose(_logits(model), wanted, atol=2e-6 * scale)
    features = keras.Model(model.input, model.get_layer(POOLING).input).predict(IMAGES, verbose=0).astype(np.float64)
    head = dense_layers([own for own in model.layers if own.name in (HIDDEN, LOGITS)])
    found = class_activation(features, head)
    assert identity_error(found.cam, found.cam_bias, found.logits) < 1e-9
    side = features.shape[1]
    maps = [
        on_grid(
            class_activation(keras.Model(own.model.input, own.pooled).predict(IMAGES, verbose=0), dense_head(own)).cam[
                :, 0
            ],
            side,
            own.over,
        )
        for own in members
    ]
    assert {len(own[0]) for own in maps} == {14 if any("features" not in own for own in cases) else 7}
    np.testing.assert_allclose(found.cam[:, 0], np.mean(maps, axis=0), atol=5e-6 * np.abs(found.cam).max())


def test_what_all_members_have_from_the_same_first_weights_is_there_once() -> None:
    members = [_network(seed, first=9) for seed in range(3)]
    model = joined_model(members)
    assert FEATURES not in [layer.name for layer in model.layers]
    assert model.get_layer(POOLING).output.shape[-1] == 24
    assert sum("conv" in type(layer).__name__.lower() for layer in model.layers) == 4
    # One weight of an upper layer differs: all from there on is the member's own, and what lies below is shared.
    weights = members[2].model.get_layer("block_13_expand").get_weights()
    members[2].model.get_layer("block_13_expand").set_weights([weights[0] * 1.5])
    apart = joined_model(members)
    assert sum("conv" in type(layer).__name__.lower() for layer in apart.layers) == 5
    assert apart.get_layer(POOLING).output.shape[-1] == 48
    np.testing.assert_allclose(
        _logits(apart), np.mean([_logits(own.model) for own in members], axis=0), rtol=1e-4, atol=1e-5
    )


def test_members_of_longer_features_count_no_more_and_logits_and_maps_stay() -> None:
    members = [_network(0), _network(1), _network(2, features="last")]
    plain = joined_model(members)
    assert channel_lengths(plain, np.ones((4, 72))) is None  # as long as one another
    pooled = keras.Model(plain.input, plain.get_layer(POOLING).output).predict(IMAGES, verbose=0)
    longer = pooled * np.repeat([1.0, 5.0, 0.2], 24)
    lengths = channel_lengths(plain, longer)
    assert lengths is not None
    even = np.square((longer / lengths).reshape(-1, 3, 24)).sum(axis=2).mean(axis=0)
    np.testing.assert_allclose(even, even[0], rtol=1e-6)
    model = joined_model(members, lengths)
    scaled = keras.Model(model.input, model.get_layer(POOLING).output).predict(IMAGES, verbose=0)
    np.testing.assert_allclose(scaled, pooled / lengths, rtol=1e-4)
    wanted = _logits(plain)
    np.testing.assert_allclose(_logits(model), wanted, atol=2e-6 * np.abs(wanted).max())
    one, other = _maps(plain), _maps(model)
    np.testing.assert_allclose(other, one, atol=5e-6 * np.abs(one).max())


def test_the_joined_model_is_a_file_of_layers_of_keras_own(tmp_path: Any) -> None:
    model = joined_model([_network(0), _network(1, features="last")])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    np.testing.assert_array_equal(_logits(again), _logits(model))
