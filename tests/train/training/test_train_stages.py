"""What a stage may change, what it must leave alone, and which epoch goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad_train.data import PreparedData
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.networks.head import Head
from edgecad_train.networks.network import Network, build_network
from edgecad_train.training.epochs import EpochSeed
from edgecad_train.training.freezing import cut_of, learning_part, set_trainable
from edgecad_train.training.history import StageHistory
from edgecad_train.training.loss import Loss
from edgecad_train.training.plain import fit_plainly
from edgecad_train.training.strategies import Stage, plan_for

Build = Callable[..., Network]
Draw = Callable[[int, int], Any]
RunStage = Callable[..., StageHistory]
Weights = dict[str, list[NDArray[np.float32]]]

WARM, FINE = (
    Stage("warm-up", "head", 2, 1e-2),
    Stage("fine-tuning", "top", 2, 1e-3),
)


class Part:
    """Images and labels."""

    def __init__(self, images: Any, labels: Any) -> None:
        self.images, self.labels = images, labels


def _weights(network: Network) -> Weights:
    return {layer.name: layer.get_weights() for layer in network.model.layers if layer.weights}


def _changed(before: Weights, after: Weights) -> set[str]:
    return {
        name
        for name, values in before.items()
        if any(not np.array_equal(one, two) for one, two in zip(values, after[name], strict=True))
    }


@pytest.fixture(scope="module")
def mobilenet_snapshots(phantoms: PreparedData, run_stage: RunStage) -> tuple[Network, list[Weights]]:
    """MobileNetV2 before training, after warm-up, after fine-tuning at a rate high enough to show."""
    keras.utils.set_random_seed(1)
    network = build_network(backbone_named("mobilenetv2"), "none", Head(units=8))
    draw = np.random.default_rng(1)
    for layer in network.model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([draw.uniform(0.8, 1.2, w.shape) for w in layer.get_weights()])
    train = Part(phantoms.images[::3], phantoms.labels[::3])
    snapshots = [_weights(network)]
    for stage in (WARM, FINE):
        run_stage(network, stage, train, train, 4)
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


def test_after_the_first_layers_only_what_lies_above_them_learns(
    small_network: Build, small_examples: Draw, run_stage: RunStage
) -> None:
    network = small_network()
    before = _weights(network)
    run_stage(network, Stage("s3", "after-first", 1, 1e-2), small_examples(8, 0), small_examples(4, 1), 4)
    # 200 of 564 layers, of the backbone's ten: the first four, input included, b1 whole.
    assert network.after_first == "b2_conv"
    assert _changed(before, _weights(network)) == {"b2_conv", "b3_conv", "head_hidden", "head_logits"}


def test_from_scratch_all_layers_learn_batch_norm_included(
    small_network: Build, small_examples: Draw, run_stage: RunStage
) -> None:
    network = small_network()
    before = _weights(network)
    (stage,) = plan_for("scratch", 3.0, warmup=1).stages
    run_stage(network, stage, small_examples(8, 0), small_examples(4, 1), 4)
    assert _changed(before, _weights(network)) == set(before)
    moving = [network.model.get_layer("b1_bn").moving_mean, network.model.get_layer("b1_bn").moving_variance]
    assert not any(np.array_equal(old, np.asarray(new)) for old, new in zip(before["b1_bn"][2:], moving, strict=True))


@pytest.mark.parametrize(
    "stage",
    [
        Stage("warm-up", "head", 14, 1e-3),
        Stage("fine-tuning", "top", 14, 1e-4),
        Stage("s3", "after-first", 14, 1e-4),
        Stage("all", "everything", 14, 1e-4),
        Stage("scratch", "everything", 14, 1e-3, hold_batch_norm=False),
    ],
    ids=lambda stage: stage.name,
)
def test_losses_are_those_of_plain_keras_on_the_whole_graph(
    stage: Stage, small_network: Build, small_examples: Draw, run_stage: RunStage
) -> None:
    """Dropout 0 and the same order: within 1e-4 for the first ten epochs, within 1e-3 after (float noise grows).

    From scratch nothing is frozen, and statistics of batches of two make the noise grow sooner.
    """
    early = 1e-4 if stage.hold_batch_norm else 1e-3
    train, held = small_examples(26, 0), small_examples(10, 1)
    wanted, _ = fit_plainly(
        small_network(), stage, (train.images, train.labels), (held.images, held.labels), stage.epochs,
        EpochSeed(5, 0, 0), batch_size=6,
    )  # fmt: skip
    epochs = run_stage(small_network(), stage, train, held, 6, seed=5).epochs
    for name, own in (
        ("loss", [epoch.loss for epoch in epochs]),
        ("val_loss", [epoch.val_loss for epoch in epochs]),
    ):
        assert own[:10] == pytest.approx(wanted[name][:10], rel=early), name
        assert own[10:] == pytest.approx(wanted[name][10:], rel=1e-3), name
    assert [epoch.val_accuracy for epoch in epochs] == pytest.approx(wanted["val_accuracy"])
    assert wanted["loss"][-1] < wanted["loss"][0]  # it did learn, so that the comparison says something


@pytest.mark.parametrize("stage", [Stage("warm-up", "head", 5, 1e-3), Stage("all", "everything", 5, 1e-4)])
def test_smoothed_losses_are_those_of_plain_keras(
    stage: Stage, small_network: Build, small_examples: Draw, run_stage: RunStage
) -> None:
    train, held = small_examples(26, 0), small_examples(10, 1)
    wanted, _ = fit_plainly(
        small_network(), stage, (train.images, train.labels), (held.images, held.labels), stage.epochs,
        EpochSeed(5, 0, 0), batch_size=6, loss=Loss(label_smoothing=0.2),
    )  # fmt: skip
    epochs = run_stage(small_network(), stage, train, held, 6, seed=5, label_smoothing=0.2).epochs
    assert [epoch.loss for epoch in epochs] == pytest.approx(wanted["loss"], rel=1e-4)
    assert [epoch.val_loss for epoch in epochs] == pytest.approx(wanted["val_loss"], rel=1e-4)
    plain = run_stage(small_network(), stage, train, held, 6, seed=5).epochs
    assert epochs[0].loss != pytest.approx(plain[0].loss, rel=1e-2)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_a_label_gives_its_smoothed_share_to_both_classes(smoothing: float) -> None:
    logits, labels = np.array([[2.0, -1.0], [0.5, 0.0]], np.float32), np.array([0, 1])
    shares = np.array([[1 - smoothing / 2, smoothing / 2], [smoothing / 2, 1 - smoothing / 2]])
    wanted = np.log(np.exp(logits).sum(axis=1)) - (shares * logits).sum(axis=1)
    np.testing.assert_allclose(Loss(label_smoothing=smoothing).of_rows(labels, logits), wanted, rtol=1e-5)


def test_another_order_gives_other_losses(small_network: Build, small_examples: Draw, run_stage: RunStage) -> None:
    """The test above would be worth nothing if the order did not matter."""
    train, held = small_examples(26, 0), small_examples(10, 1)
    one, other = (run_stage(small_network(), WARM, train, held, 6, seed=seed).epochs[-1].loss for seed in (5, 6))
    assert abs(one - other) > 1e-3 * one


def test_the_cut_graph_computes_what_the_whole_one_does(small_network: Build, small_examples: Draw) -> None:
    network = small_network()
    images = small_examples(5, 2).images
    wanted = network.model.predict(images, verbose=0)
    for part in ("head", "top", "after-first"):
        below = keras.Model(network.model.input, cut_of(network, part)).predict(images, verbose=0)  # type: ignore[arg-type]
        pieces = learning_part(network, part).predict(below, verbose=0)  # type: ignore[arg-type]
        np.testing.assert_allclose(pieces, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_best_epoch_is_by_accuracy_then_loss_then_the_earlier(
    seed: int, small_network: Build, small_examples: Draw, run_stage: RunStage
) -> None:
    stage = Stage("warm-up", "head", 8, 3e-2)
    history = run_stage(small_network(seed), stage, small_examples(12, seed), small_examples(7, seed + 50), 4)
    order = sorted(range(8), key=lambda i: (-history.epochs[i].val_accuracy, history.epochs[i].val_loss, i))
    assert history.best == order[0]


def test_accuracy_goes_before_loss(small_network: Build, small_examples: Draw, run_stage: RunStage) -> None:
    """With validation labels of chance, the least loss and the highest accuracy soon fall apart."""
    for seed in range(8, 20):
        draw = np.random.default_rng(seed)
        noisy = Part(small_examples(7, seed).images, draw.integers(0, 2, 7))
        history = run_stage(small_network(seed), Stage("warm-up", "head", 6, 3e-2), small_examples(8, seed), noisy, 8)
        best = history.epochs[history.best]
        assert best.val_accuracy == max(epoch.val_accuracy or 0 for epoch in history.epochs)
        if (best.val_loss or 0) > min(epoch.val_loss or 0 for epoch in history.epochs):
            return
    pytest.fail("no case told the two rules apart")


def test_of_equal_epochs_the_earlier_goes_on(small_network: Build, small_examples: Draw, run_stage: RunStage) -> None:
    stage = Stage("warm-up", "head", 3, 0.0)
    assert run_stage(small_network(), stage, small_examples(6, 0), small_examples(6, 1), 6).best == 0


def _turned_round(train: Any) -> Part:
    """The more is learnt, the worse it gets, so that an early epoch goes on."""
    return Part(train.images[:7], 1 - train.labels[:7])


@pytest.mark.parametrize("part", ["head", "top", "everything"])
def test_the_network_holds_the_best_epochs_weights_afterwards(
    part: str, small_network: Build, small_examples: Draw, run_stage: RunStage
) -> None:
    network = small_network(1)
    train = small_examples(12, 1)
    validation = _turned_round(train)
    history = run_stage(network, Stage("a stage", part, 6, 3e-2), train, validation, 4)  # type: ignore[arg-type]
    losses = [epoch.val_loss for epoch in history.epochs]
    assert history.best != 5, "the last epoch is the best, so nothing is shown; choose another seed"
    assert losses[history.best] != pytest.approx(losses[-1], rel=1e-3)
    logits = network.model.predict(validation.images, verbose=0).astype(np.float64)
    own = np.logaddexp(logits[:, 0], logits[:, 1]) - logits[np.arange(7), validation.labels]
    assert own.mean() == pytest.approx(losses[history.best], rel=1e-4)


def test_without_validation_every_epoch_is_run_and_the_last_stays(
    small_network: Build, small_examples: Draw, run_stage: RunStage
) -> None:
    history = run_stage(small_network(), WARM, small_examples(8, 0), None, 4, epochs=5)
    assert (len(history.epochs), history.best) == (5, 4)
    assert all(epoch.val_loss is None for epoch in history.epochs)
    assert history.epochs[-1].loss < history.epochs[0].loss


def test_early_stopping_ends_a_stage_after_so_many_epochs_without_a_better_one(
    small_network: Build, small_examples: Draw, run_stage: RunStage
) -> None:
    train = small_examples(12, 1)
    stage = Stage("warm-up", "head", 60, 3e-2)
    history = run_stage(small_network(1), stage, train, _turned_round(train), 4, patience=3)
    assert len(history.epochs) == history.best + 1 + 3 < 60


def test_class_weights_weigh_the_loss_as_keras_does(
    small_network: Build, small_examples: Draw, run_stage: RunStage
) -> None:
    network, train = small_network(), small_examples(7, 3)
    still = Stage("warm-up", "head", 1, 0.0)
    set_trainable(network, still)
    network.model.compile(
        optimizer=keras.optimizers.SGD(0.0), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    wanted = network.model.fit(
        train.images, train.labels, batch_size=7, class_weight={0: 3.0, 1: 0.5}, verbose=0
    ).history["loss"][0]
    history = run_stage(small_network(), still, train, train, 7, class_weights=(3.0, 0.5))
    assert history.epochs[0].loss == pytest.approx(wanted, rel=1e-5)
    assert history.epochs[0].val_loss != pytest.approx(wanted, rel=1e-2)  # validation weighs every scan alike


def test_progress_is_told_after_every_epoch(small_network: Build, small_examples: Draw, run_stage: RunStage) -> None:
    told: list[tuple[str, int, int]] = []
    run_stage(
        small_network(), WARM, small_examples(4, 0), small_examples(4, 1), 4,
        progress=lambda name, done, of, line: told.append((name, done, of)),
    )  # fmt: skip
    assert told == [("warm-up", 1, 2), ("warm-up", 2, 2)]


def test_the_same_seed_gives_the_same_network_and_another_seed_another(
    small_network: Build, small_examples: Draw, run_stage: RunStage
) -> None:
    trained = []
    for seed in (3, 3, 4):
        network = small_network(dropout=0.5)
        run_stage(network, WARM, small_examples(8, 0), small_examples(4, 1), 4, seed=seed)
        trained.append(_weights(network))
    assert not _changed(trained[0], trained[1])
    assert _changed(trained[0], trained[2])
