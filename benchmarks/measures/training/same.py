"""Whether EdgeCAD's epochs are those of plain Keras: losses of both, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from measures.training.options import STAGES, TrainingOptions
from measures.training.scans import labels_of, pictures, size_of

if TYPE_CHECKING:
    from edgecad_train.networks.network import Network
    from edgecad_train.training.strategies import Stage

FIRST_EPOCHS, FIRST_LIMIT, LATER_LIMIT = 10, 1e-4, 1e-3
"""Relative differences of losses that float noise may make, which grows from epoch to epoch."""
MOVED = 1e-4
"""Nats by which a loss must differ from that of even odds for its sameness to say anything."""
LossName = Literal["loss", "val_loss"]
LOSSES: tuple[LossName, LossName] = ("loss", "val_loss")


class EpochLosses(msgspec.Struct, frozen=True):
    """Losses of one epoch, ours and plain Keras', nats."""

    stage: str
    epoch: int
    loss: float
    val_loss: float
    plain_loss: float
    plain_val_loss: float

    def pair(self, name: LossName) -> tuple[float, float]:
        """Ours and plain Keras' of one kind."""
        return (self.loss, self.plain_loss) if name == "loss" else (self.val_loss, self.plain_val_loss)


class WorstLoss(msgspec.Struct, frozen=True):
    """The largest relative difference among some epochs of a stage; None where there are none, or they say nothing."""

    stage: str
    loss: LossName
    epochs: str
    worst_relative: float | None
    limit: float
    held: bool | None


class Sameness(msgspec.Struct, frozen=True):
    """All epochs, and the worst of them."""

    backbone: str
    weights: str
    worst: tuple[WorstLoss, ...]
    held: bool | None
    rows: tuple[EpochLosses, ...]


def network_for(options: TrainingOptions, dropout: float = 0.3) -> Network:
    """A network with the default head."""
    import keras

    from edgecad_train.networks.backbones import backbone_named
    from edgecad_train.networks.head import Head
    from edgecad_train.networks.network import build_network

    keras.utils.set_random_seed(0)
    return build_network(backbone_named(options.backbone), options.weights, Head(64, dropout))


def stages_of(warmup: int, finetune: int) -> tuple[Stage, ...]:
    """Stages of S6 at a = 4, with so many epochs each."""
    from edgecad_train.training.strategies import plan_for

    return plan_for("two-stage", 4.0, warmup, finetune).stages


def same(options: TrainingOptions) -> Sameness:
    """Losses of the cut network and of the whole graph: dropout 0, the same order, from the same weights a stage."""
    import edgecad_train  # noqa: F401 - sets TensorFlow's switches

    network = network_for(options, dropout=0.0)
    rows = [
        row
        for index, stage in enumerate(stages_of(options.epochs, options.epochs))
        for row in _same_stage(options, network, index, stage)
    ]
    worst = tuple(worst_of(rows, stage, name, first) for stage in STAGES for name in LOSSES for first in (True, False))
    told = [entry.held for entry in worst if entry.held is not None]
    return Sameness(options.backbone, options.weights, worst, all(told) if told else None, tuple(rows))


def _same_stage(options: TrainingOptions, network: Network, index: int, stage: Stage) -> list[EpochLosses]:
    from edgecad_train.training.epochs import EpochSeed
    from edgecad_train.training.freezing import cut_of
    from edgecad_train.training.frozen import Scans, Storage, frozen_outputs, layer_of
    from edgecad_train.training.plain import fit_plainly
    from edgecad_train.training.stages import StageOptions, StageRunner, examples_of

    count = options.train + options.held
    images, labels = np.stack([*pictures(count, size_of(options.backbone))]), labels_of(count)
    train, held = np.arange(options.train), np.arange(options.train, count)
    before, cut, seed = network.model.get_weights(), cut_of(network, stage.part), EpochSeed(0, 0, index)
    values = frozen_outputs(network, [cut], Scans(images, ""), 16, Storage()).outputs[layer_of(cut)]
    learnt, judged = (examples_of([values], rows, labels) for rows in (train, held))
    own = StageRunner(network, stage, StageOptions()).run(learnt, judged, seed)
    after = network.model.get_weights()
    network.model.set_weights(before)
    plain, _ = fit_plainly(
        network, stage, (images[train], labels[train]), (images[held], labels[held]), stage.epochs, seed
    )
    network.model.set_weights(after)
    return [
        EpochLosses(
            stage.name,
            number + 1,
            epoch.loss,
            _judged(epoch.val_loss),
            plain["loss"][number],
            plain["val_loss"][number],
        )
        for number, epoch in enumerate(own.history.epochs)
    ]


def _judged(loss: float | None) -> float:
    if loss is None:
        raise TypeError("an epoch that nothing judged")
    return loss


def worst_of(rows: Sequence[EpochLosses], stage: str, name: LossName, first: bool) -> WorstLoss:
    """The largest relative difference among a stage's first ten epochs, or among the later ones."""
    pairs = [row.pair(name) for row in rows if row.stage == stage and (row.epoch <= FIRST_EPOCHS) == first]
    worst = max((abs(own - plain) / plain for own, plain in pairs), default=None)
    epochs, limit = (f"first {FIRST_EPOCHS}", FIRST_LIMIT) if first else ("later", LATER_LIMIT)
    # A network that answers even odds to everything, as MobileNetV2 does untrained, agrees with any other such network.
    moved = any(abs(plain - np.log(2)) > MOVED for _, plain in pairs)
    held = worst <= limit if worst is not None and moved else None
    return WorstLoss(stage, name, epochs, worst, limit, held)
