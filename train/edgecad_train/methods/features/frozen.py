"""Features of a network with its first weights, for every scan."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Preparation
from edgecad_train.methods.task import Rows, Task
from edgecad_train.networks.head import Head
from edgecad_train.networks.network import Network, build_network
from edgecad_train.networks.pooled import pooled_over
from edgecad_train.training.frozen import Rows as Stored
from edgecad_train.training.frozen import Scans, Storage, frozen_outputs, layer_of
from edgecad_train.training.settings import Settings

BATCH = 64


@dataclass(frozen=True, eq=False)
class FrozenGrid:
    """What is pooled, of every scan.

    Attributes:
        cells: `(n, h, w, channels)` float32, weighted so that the mean over cells is what a head would read.
        means: that mean, `(n, channels)`.
        seconds: what the network took, whoever ran it.
        weights: where its weights came from, in words.
    """

    cells: Stored
    means: NDArray[np.float64]
    seconds: float
    weights: str

    def weighted(self, rows: Rows, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        """Maps `(k, h, w)` of the sum over channels by `weights` `(channels,)`."""
        parts = (self.cells[rows[start : start + BATCH]] for start in range(0, len(rows), BATCH))
        return np.concatenate([np.asarray(part @ weights, np.float32) for part in parts])


def frozen_grid(task: Task) -> FrozenGrid:
    """Run the network of the settings, or take what it gave before."""
    return task.scans.shared("features", lambda: _computed(task))


def frozen_network(settings: Settings, how: Preparation, head: Head) -> Network:
    """The network of the settings with its first weights; random ones are the same every time."""
    keras.utils.set_random_seed(settings.seed)
    over = pooled_over(how.input)
    return build_network(settings.network, settings.first_weights, head, settings.features, over)


def _computed(task: Task) -> FrozenGrid:
    data, settings = task.scans.data, task.settings
    network = frozen_network(settings, data.preparation, settings.head)
    found = frozen_outputs(
        network,
        [network.pooled],
        Scans(data.images, data.images_sha256),
        settings.batch_size,
        Storage(cache=task.cache),
        lambda done, of: task.tell("frozen part", done, of),
    )
    cells = found.outputs[layer_of(network.pooled)]
    starts = range(0, len(cells), BATCH)
    means = [np.asarray(cells[start : start + BATCH], np.float64).mean(axis=(1, 2)) for start in starts]
    return FrozenGrid(cells, np.concatenate(means), found.seconds, network.weights)
