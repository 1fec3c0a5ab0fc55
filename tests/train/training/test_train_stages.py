"""What a stage may change, what it must leave alone, and which epoch goes on."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad_train.data.cases import PreparedData
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.networks.network import Head, Network, build_network
from edgecad_train.training.stages import Examples, predict_logits, run_stage, set_trainable, split_network
from edgecad_train.training.strategies import Stage, plan_for

Build = Callable[..., Network]
Draw = Callable[[int, int], Examples]
Weights = dict[str, list[NDArray[np.float32]]]

WARM, FINE = (
    Stage("warm-up", "head", 2, 1e-2),
    Stage("fine-tuning", "top", 2, 1e-3),
)


def _weights(network: Network) -> Weights:
    return {layer.name: layer.get_weights() for layer in network.model.layers if layer.weights}


def _changed(before: Weights, after: Weights) -> set[str]:
    return {
        name
        for name, values in before.items()
        if any(not np.array_equal(one, two) for one, two in zip(values, after[name], strict=True))
    }


@pytest.fixture(scope="module")
def mobilenet_snapshots(phantoms: PreparedData) -> tuple[Network, list[Weights]]:
    """MobileNetV2 before training, after warm-up, after fine-tuning at a rate high enough to show."""
    keras.utils.set_random_seed(1)
    network = build_network(backbone_named("mobilenetv2"), "none", Head(units=8))
    draw = np.random.default_rng(1)
    for layer in network.model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([draw.uniform(0.8, 1.2, w.shape) for w in layer.get_weights()])
    train = Examples(phantoms.images[::3], phantoms.labels[::3])
    snapshots = [_weights(network)]
    for stage in (WARM, FINE):
        run_stage(network, stage, train, train, batch_size=4)
        snapshots.append(_weights(network))
    return network, snapshots


def test_batch_norm_is_bit_equal_after_both_stages(mobilenet_snapshots: tuple[Network, list[Weights]]) -> None:
    network, (before, *after) = mobilenet_snapshots
    norms = {layer.name for layer in network.model.layers if isinstance(layer, keras.layers.BatchNormalization)}
    assert "Conv_1_bn" in norms  # one of them lies among the unfrozen layers
    for later in after:
        assert not norms & _changed(before, later)


def test_warm_up_changes_the_head_alone(mobilenet_snapshots: tuple[Network, list[Weights]]) -> None:
    _, (before, warm, _) = mobilenet_snapshots
    assert _changed(before, warm) == {"head_hidden", "head_logits"}


def test_fine_tuning_changes_the_head_and_what_lies_above_the_boundary(
    mobilenet_snapshots: tuple[Network, list[Weights]],
) -> None:
    _, (_, warm, fine) = mobilenet_snapshots
    assert _changed(warm, fine) == {"Conv_1", "head_hidden", "head_logits"}


def test_from_scratch_all_layers_learn_batch_norm_included(small_network: Build, small_examples: Draw) -> None:
    network = small_network()
    before = _weights(network)
    (stage,) = plan_for("scratch", 3.0, warmup=1).stages
    run_stage(network, stage, small_examples(8, 0), small_examples(4, 1), batch_size=4)
    assert _changed(before, _weights(network)) == set(before)
    moving = [network.model.get_layer("b1_bn").moving_mean, network.model.get_layer("b1_bn").moving_variance]
    assert not any(np.array_equal(old, np.asarray(new)) for old, new in zip(before["b1_bn"][2:], moving, strict=True))


@pytest.mark.parametrize("stage", [Stage("warm-up", "head", 4, 1e-2), Stage("fine-tuning", "top", 4, 1e-2)])
def test_running_the_frozen_part_once_gives_the_losses_of_the_whole_graph(
    stage: Stage, small_network: Build, small_examples: Draw
) -> None:
    train, validation = small_examples(24, 0), small_examples(10, 1)
    whole = small_network()
    set_trainable(whole, stage)
    whole.model.compile(
        optimizer=keras.optimizers.Adam(stage.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    keras.utils.set_random_seed(5)
    wanted = whole.model.fit(
        train.images,
        train.labels,
        validation_data=(validation.images, validation.labels),
        epochs=stage.epochs,
        batch_size=6,
        verbose=0,
    ).history
    again = small_network()
    keras.utils.set_random_seed(5)
    history = run_stage(again, stage, train, validation, batch_size=6)
    assert [epoch.loss for epoch in history.epochs] == pytest.approx(wanted["loss"], rel=1e-4)
    assert [epoch.val_loss for epoch in history.epochs] == pytest.approx(wanted["val_loss"], rel=1e-4)
    assert wanted["loss"][-1] < wanted["loss"][0]  # it did learn, so that the comparison says something


def test_the_cut_graph_computes_what_the_whole_one_does(small_network: Build, small_examples: Draw) -> None:
    network = small_network()
    images = small_examples(5, 2).images
    frozen, learning = split_network(network, FINE)
    assert frozen is not None
    pieces = learning.predict(frozen.predict(images, verbose=0), verbose=0)
    np.testing.assert_allclose(pieces, predict_logits(network, images), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_best_epoch_is_by_accuracy_then_loss_then_the_earlier(
    seed: int, small_network: Build, small_examples: Draw
) -> None:
    stage = Stage("warm-up", "head", 8, 3e-2)
    history = run_stage(small_network(seed), stage, small_examples(12, seed), small_examples(7, seed + 50), 4)
    order = sorted(range(8), key=lambda i: (-history.epochs[i].val_accuracy, history.epochs[i].val_loss, i))
    assert history.best == order[0]


def test_accuracy_goes_before_loss(small_network: Build, small_examples: Draw) -> None:
    """With validation labels of chance, the least loss and the highest accuracy soon fall apart."""
    for seed in range(8, 20):
        draw = np.random.default_rng(seed)
        noisy = Examples(small_examples(7, seed).images, draw.integers(0, 2, 7))
        history = run_stage(small_network(seed), Stage("warm-up", "head", 6, 3e-2), small_examples(8, seed), noisy, 8)
        best = history.epochs[history.best]
        assert best.val_accuracy == max(epoch.val_accuracy for epoch in history.epochs)
        if best.val_loss > min(epoch.val_loss for epoch in history.epochs):
            return
    pytest.fail("no case told the two rules apart")


def test_of_equal_epochs_the_earlier_goes_on(small_network: Build, small_examples: Draw) -> None:
    history = run_stage(
        small_network(), Stage("warm-up", "head", 3, 0.0), small_examples(6, 0), small_examples(6, 1), 6
    )
    assert history.best == 0


@pytest.mark.parametrize("part", ["head", "top", "everything"])
def test_the_network_holds_the_best_epochs_weights_afterwards(
    part: str, small_network: Build, small_examples: Draw
) -> None:
    network = small_network(1)
    train = small_examples(12, 1)
    # Validation labels turned round: the more is learnt, the worse it gets, so an early epoch goes on.
    validation = Examples(train.images[:7], 1 - train.labels[:7])
    history = run_stage(network, Stage("a stage", part, 6, 3e-2), train, validation, 4)  # type: ignore[arg-type]
    losses = [epoch.val_loss for epoch in history.epochs]
    assert history.best != 5, "the last epoch is the best, so nothing is shown; choose another seed"
    assert losses[history.best] != pytest.approx(losses[-1], rel=1e-3)
    logits = predict_logits(network, validation.images).astype(np.float64)
    own = np.logaddexp(logits[:, 0], logits[:, 1]) - logits[np.arange(7), validation.labels]
    assert own.mean() == pytest.approx(losses[history.best], rel=1e-4)


def test_progress_is_told_after_every_epoch(small_network: Build, small_examples: Draw) -> None:
    told: list[tuple[str, int, int]] = []
    run_stage(
        small_network(),
        WARM,
        small_examples(4, 0),
        small_examples(4, 1),
        4,
        lambda name, done, of, line: told.append((name, done, of)),
    )
    assert told == [("warm-up", 1, 2), ("warm-up", 2, 2)]


def test_the_same_seed_gives_the_same_network_and_another_seed_another(
    small_network: Build, small_examples: Draw
) -> None:
    trained = []
    for seed in (3, 3, 4):
        network = small_network(dropout=0.5)
        keras.utils.set_random_seed(seed)
        run_stage(network, WARM, small_examples(8, 0), small_examples(4, 1), 4)
        trained.append(_weights(network))
    assert not _changed(trained[0], trained[1])
    assert _changed(trained[0], trained[2])
