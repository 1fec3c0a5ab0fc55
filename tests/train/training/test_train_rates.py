"""Rates by layer: one for all, or lower from block to block; and Adam as Keras has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from edgecad_train.networks.network import Network
from edgecad_train.training.adam import Adam
from edgecad_train.training.freezing import set_trainable
from edgecad_train.training.rates import rate_groups
from edgecad_train.training.strategies import Stage

Build = Callable[..., Network]


def _groups(network: Network, stage: Stage) -> dict[str, float]:
    set_trainable(network, stage)
    return {group.lowest_layer: group.rate for group in rate_groups(network, stage)}


def test_without_layerwise_rates_all_that_learns_has_one(small_network: Build) -> None:
    network = small_network()
    groups = rate_groups(network, Stage("s", "top", 1, 1e-3))
    assert [group.rate for group in groups] == [1e-3]


def test_layerwise_the_head_learns_fastest_then_the_top_block_and_each_block_below_slower(small_network: Build) -> None:
    rates = _groups(small_network(), Stage("s", "everything", 1, 1e-3, layerwise=True))
    # Boundaries lie 3 and 6 layers below the top: the head, b3, b2, b1.
    assert list(rates) == ["head_hidden", "b3_conv", "b2_conv", "b1_conv"]
    assert list(rates.values()) == pytest.approx([1e-3, 1e-3 / 2.6, 1e-3 / 2.6**2, 1e-3 / 2.6**3])


def test_layerwise_fine_tuning_of_one_block_has_two_rates(small_network: Build) -> None:
    rates = _groups(small_network(), Stage("s", "top", 1, 1e-3, layerwise=True))
    assert rates == pytest.approx({"head_hidden": 1e-3, "b3_conv": 1e-3 / 2.6})


def test_layerwise_a_head_alone_learns_at_the_stage_s_rate(small_network: Build) -> None:
    assert _groups(small_network(), Stage("s", "head", 1, 1e-3, layerwise=True)) == {"head_hidden": 1e-3}


def test_every_learning_variable_is_in_exactly_one_group(small_network: Build) -> None:
    network = small_network()
    stage = Stage("s", "everything", 1, 1e-3, layerwise=True)
    set_trainable(network, stage)
    grouped = [id(variable) for group in rate_groups(network, stage) for variable in group.variables]
    assert sorted(grouped) == sorted(id(variable) for variable in network.model.trainable_variables)


def test_in_an_epoch_each_group_moves_at_its_own_rate(
    small_network: Build, small_examples: Callable[[int, int], Any], run_stage: Callable[..., Any]
) -> None:
    """Adam's first step is its rate, whatever the slope: one batch shows both rates."""
    network, train = small_network(), small_examples(12, 1)
    before = {layer.name: [np.array(w) for w in layer.get_weights()] for layer in network.model.layers}
    run_stage(network, Stage("fine-tuning", "top", 1, 1e-3, layerwise=True), train, None, batch_size=12)
    moved = {
        layer.name: max(np.abs(w - old).max() for w, old in zip(layer.get_weights(), before[layer.name], strict=True))
        for layer in network.model.layers
        if layer.weights
    }
    still = ("b1_conv", "b1_bn", "b2_conv", "b2_bn", "b3_bn")
    assert {name: moved.pop(name) for name in still} == dict.fromkeys(still, 0.0)
    assert moved == pytest.approx({"b3_conv": 1e-3 / 2.6, "head_hidden": 1e-3, "head_logits": 1e-3}, rel=1e-2)


def test_the_fused_adam_moves_variables_as_keras_does() -> None:
    draw = np.random.default_rng(0)
    first = draw.normal(size=(5, 3)).astype(np.float32)
    one, other = (keras.Variable(first) for _ in range(2))
    ours, theirs = Adam([one], 3e-3), keras.optimizers.Adam(3e-3)
    theirs.build([other])
    for _ in range(50):
        gradient = tf.constant(draw.normal(size=(5, 3)).astype(np.float32))
        ours.apply([gradient])
        theirs.apply([gradient], [other])
    np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=0, atol=2e-6)
    assert np.abs(one.numpy() - first).max() > 0.01


def test_an_adam_that_forgets_begins_anew_and_one_that_is_restored_goes_on() -> None:
    gradient = tf.constant(np.full((4,), 0.3, np.float32))
    variable = keras.Variable(np.zeros(4, np.float32))
    adam = Adam([variable], 1e-2)
    adam.apply([gradient])
    after_one = variable.numpy().copy()
    kept = [value.numpy() for value in adam.memory]
    adam.apply([gradient * 2])
    after_two = variable.numpy().copy()
    variable.assign(after_one)
    for held, value in zip(adam.memory, kept, strict=True):
        held.assign(value)
    adam.apply([gradient * 2])
    np.testing.assert_array_equal(variable.numpy(), after_two)
    variable.assign(np.zeros(4, np.float32))
    adam.forget(1e-2)
    adam.apply([gradient])
    np.testing.assert_array_equal(variable.numpy(), after_one)
