"""The method `vgg16-maps`: one frozen VGG16 reads several maps of a patient, after Apostolopoulos et al. 2020.

Theirs: VGG16 with the convolutions kept as ImageNet left them, a small dense network on top, maps at stress and rest
with and without attenuation correction together. Ours: what is pooled of each map stands side by side; which features
are pooled, and the hidden layer on top, are the run's; the number of epochs by inner folds; no augmentation. The maps
are that of the column `path` and those of the columns `map:NAME`. There is no heat map: the score is of several maps.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.errors import UsageError
from edgecad_train.data.table.further import GIVE_MAPS, NO_MAPS
from edgecad_train.methods.answer import Answer
from edgecad_train.methods.networks.answers import log_odds
from edgecad_train.methods.networks.learning import Lessons, build_from, fit_network
from edgecad_train.methods.task import Task
from edgecad_train.networks.head import Head
from edgecad_train.networks.network import DROPOUT, HIDDEN, LOGITS, POOLING, build_network
from edgecad_train.networks.pooled import pooled_over
from edgecad_train.training.frozen import Scans, Storage, frozen_outputs, layer_of

LESSONS = Lessons(epochs=100, folds=3, held=3)
NETWORK = "vgg16"
FIRST = "path"
"""Name of the map that every scan has."""


@dataclass(frozen=True, eq=False)
class PooledMaps:
    """What is pooled of every map.

    Attributes:
        values: `(n, maps * channels)` float32, map after map, each channel in standard deviations from its mean.
        seconds: that the network took.
        weights: where its weights came from, in words.
    """

    values: NDArray[np.float32]
    seconds: float
    weights: str


def answer(task: Task, lessons: Lessons = LESSONS) -> Answer:
    """Fit, and answer.

    Raises:
        UsageError: scans have one map each, or the run's network is another one.
    """
    if not task.scans.data.further:
        raise UsageError(f"vgg16-maps: {NO_MAPS}; {GIVE_MAPS}")
    pooled = task.scans.shared("pooled maps", lambda: _pooled(task))
    begun, head = time.monotonic(), task.settings.head
    taught = pooled.values[task.fit]
    deviation = np.maximum(taught.std(axis=0), np.float32(1e-6))
    values = (pooled.values - taught.mean(axis=0)) / deviation
    model = build_from(task.seed, lambda: head_on(values.shape[1], head))
    chosen = fit_network(model, (values,), task, lessons)
    said = log_odds(model, values, task.ask)
    return Answer(
        said,
        time.monotonic() - begun,
        chosen={"epochs": chosen.epochs, "maps": ", ".join((FIRST, *task.scans.data.further))},
        frozen_seconds=pooled.seconds,
        weights=pooled.weights,
        make_model=lambda: model,
    )


def head_on(channels: int, head: Head) -> keras.Model:
    """Pooled values `(n, channels)` -> logits `(n, 2)`."""
    pooled = keras.Input((channels,), name="pooled")
    x: Any = keras.layers.Dense(head.units, activation=head.activation, name=HIDDEN)(pooled) if head.units else pooled
    x = keras.layers.Dropout(head.dropout, name=DROPOUT)(x)
    return keras.Model(pooled, keras.layers.Dense(2, name=LOGITS)(x), name="vgg16_maps")


def _pooled(task: Task) -> PooledMaps:
    """Run the network on every map; what it gives is kept in the run's cache."""
    data, settings = task.scans.data, task.settings
    backbone = replace(settings.network, size=data.preparation.size)
    if backbone.name != NETWORK:
        raise UsageError(
            f"vgg16-maps stands on {NETWORK}, and the run is about {backbone.name}; give --backbones {NETWORK}"
        )
    over = pooled_over(data.preparation.input)
    network = build_from(  # random weights, where they are wanted, are those of the run
        settings.seed,
        lambda: build_network(backbone, settings.first_weights, settings.head, settings.features, over),
    )
    pooling = network.model.get_layer(POOLING).output
    parts, seconds = [], 0.0
    for name, images in ((FIRST, data.images), *data.further.items()):
        found = frozen_outputs(
            network,
            [pooling],
            Scans(images, f"{data.images_sha256} {name}"),
            settings.batch_size,
            Storage(cache=task.cache),
            lambda done, of: task.tell("frozen part", done, of),
        )
        parts.append(np.asarray(found.outputs[layer_of(pooling)][:]))
        seconds += found.seconds
    return PooledMaps(np.concatenate(parts, axis=1), seconds, network.weights)
