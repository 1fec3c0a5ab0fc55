"""Whether EdgeCAD's epochs are those of plain Keras: losses of both, epoch by epoch."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import numpy as np

from measures.scans import labels_of, pictures, size_of

STAGES = ("warm-up", "fine-tuning")
FIRST_EPOCHS, FIRST_LIMIT, LATER_LIMIT = 10, 1e-4, 1e-3
"""Relative differences of losses that float noise may make, which grows from epoch to epoch."""
MOVED = 1e-4
"""Nats by which a loss must differ from that of even odds for its sameness to say anything."""
Found = dict[str, Any]


def network_for(arguments: Namespace, dropout: float = 0.3) -> Any:
    """A network with the default head."""
    import keras

    from edgecad_train.networks.backbones import backbone_named
    from edgecad_train.networks.head import Head
    from edgecad_train.networks.network import build_network

    keras.utils.set_random_seed(0)
    return build_network(backbone_named(arguments.backbone), arguments.weights, Head(64, dropout))


def stages_of(warmup: int, finetune: int) -> Any:
    """Stages of S6 at a = 4, with so many epochs each."""
    from edgecad_train.training.strategies import plan_for

    return plan_for("two-stage", 4.0, warmup, finetune).stages


def same(arguments: Namespace) -> Found:
    """Losses of the cut network and of the whole graph: dropout 0, the same order, from the same weights a stage."""
    import edgecad_train  # noqa: F401 - sets TensorFlow's switches

    network = network_for(arguments, dropout=0.0)
    rows = [
        row
        for index, stage in enumerate(stages_of(arguments.epochs, arguments.epochs))
        for row in _same_stage(arguments, network, index, stage)
    ]
    worst = [_worst(rows, stage, name, first) for stage in STAGES for name in ("loss", "val_loss") for first in (1, 0)]
    told = [entry["held"] for entry in worst if entry["held"] is not None]
    held = all(told) if told else None
    return {"backbone": arguments.backbone, "weights": arguments.weights, "worst": worst, "held": held, "rows": rows}


def _same_stage(arguments: Namespace, network: Any, index: int, stage: Any) -> list[Found]:
    from edgecad_train.training.epochs import EpochSeed
    from edgecad_train.training.freezing import cut_of
    from edgecad_train.training.frozen import Scans, Storage, frozen_outputs, layer_of
    from edgecad_train.training.plain import fit_plainly
    from edgecad_train.training.stages import StageOptions, StageRunner, examples_of

    count = arguments.train + arguments.held
    images, labels = np.stack([*pictures(count, size_of(arguments.backbone))]), labels_of(count)
    train, held = np.arange(arguments.train), np.arange(arguments.train, count)
    before, cut, seed = network.model.get_weights(), cut_of(network, stage.part), EpochSeed(0, 0, index)
    values = frozen_outputs(network, [cut], Scans(images, ""), 16, Storage()).outputs[layer_of(cut)]
    examples = [examples_of([values], rows, labels) for rows in (train, held)]
    own = StageRunner(network, stage, StageOptions()).run(*examples, seed)
    after = network.model.get_weights()
    network.model.set_weights(before)
    plain, _ = fit_plainly(
        network, stage, (images[train], labels[train]), (images[held], labels[held]), stage.epochs, seed
    )
    network.model.set_weights(after)
    return [
        {"stage": stage.name, "epoch": number + 1}
        | {name: getattr(epoch, name) for name in ("loss", "val_loss")}
        | {f"plain_{name}": plain[name][number] for name in ("loss", "val_loss")}
        for number, epoch in enumerate(own.history.epochs)
    ]


def _worst(rows: list[Found], stage: str, name: str, first: int) -> Found:
    """The largest relative difference among a stage's first ten epochs, or among the later ones."""
    chosen = [row for row in rows if row["stage"] == stage and (row["epoch"] <= FIRST_EPOCHS) == bool(first)]
    worst = max((abs(row[name] - row[f"plain_{name}"]) / row[f"plain_{name}"] for row in chosen), default=None)
    epochs, limit = (f"first {FIRST_EPOCHS}", FIRST_LIMIT) if first else ("later", LATER_LIMIT)
    # A network that answers even odds to everything, as MobileNetV2 does untrained, agrees with any other such network.
    moved = any(abs(row[f"plain_{name}"] - np.log(2)) > MOVED for row in chosen)
    held = worst <= limit if worst is not None and moved else None
    return {"stage": stage, "loss": name, "epochs": epochs, "worst_relative": worst, "limit": limit, "held": held}
