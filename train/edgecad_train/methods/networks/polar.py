"""Networks on the unrolled grid of uptake: a convolutional one, and one on the graph of its cells.

`polar-cnn` follows Betancur et al. (JACC Cardiovasc Imaging 2018;11:1654-1663): convolutions with ReLU and pooling of
2 x 2 on polar maps. Sizes, the continuation around, the coordinates and the pooling over the disc are ours.

`polar-gcn` follows Spier et al. (Sci Rep 2019;9:7569): a graph convolutional network whose graph holds the
neighbourhood on the map. Cells, weights, order, layers and pooling are ours; theirs are not to be found.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from edgecad.contract import Drawing
from edgecad_train.methods.answer import Answer
from edgecad_train.methods.graphs.changes import CHANNELS as CHANGES
from edgecad_train.methods.graphs.changes import SMALL, changes_in
from edgecad_train.methods.networks.answers import heat_maps, log_odds
from edgecad_train.methods.networks.around import (
    SIDE,
    mean_over_disc,
    padded,
    pooled_over_disc,
    standardised,
    with_coordinates,
)
from edgecad_train.methods.networks.chebyshev import Chebyshev
from edgecad_train.methods.networks.grid import Floats, PolarGrid
from edgecad_train.methods.networks.learning import Lessons, build_from, fit_network
from edgecad_train.methods.networks.unrolled import grids_of, unrolled
from edgecad_train.methods.task import Task, drawing_of
from edgecad_train.networks.network import DROPOUT, LOGITS, POOLING

Pool = Callable[[Any, PolarGrid], Any]
"""Features on a grid -> their mean over the disc."""
CHANNELS = (16, 32, 64)
LESSONS = Lessons(epochs=80)
DROPPED = 0.3
"""Share of the pooled features that training drops."""
LEAST_DEVIATION = 0.1
"""Percent of uptake below which a cell's spread is taken for this: cells that never vary tell nothing."""


@dataclass(frozen=True)
class PolarNetwork:
    """One of the two networks, on a grid: the same layers on grids of uptake, and on images.

    Attributes:
        name: `polar-cnn` or `polar-gcn`.
        grid: its cells.
        mean, deviation: of each cell over the scans to learn from, `(rings, angles)` percent.
    """

    name: str
    grid: PolarGrid
    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, name: str, grid: PolarGrid, grids: Floats) -> PolarNetwork:
        """One that expects uptake such as that of some scans, `(n, rings, angles)`."""
        return cls(name, grid, grids.mean(axis=0), np.maximum(grids.std(axis=0), np.float32(LEAST_DEVIATION)))

    def to_learn(self) -> keras.Model:
        """Uptake `(n, rings, angles, 1)` percent -> logits `(n, 2)`, with random weights; without heat maps."""
        return self._on_grids(mean_over_disc)

    def on_grids(self, trained: keras.Model) -> keras.Model:
        """The same with heat maps, and with the weights of one that has learnt."""
        return _with_weights(self._on_grids(pooled_over_disc), trained)

    def _on_grids(self, pool: Pool) -> keras.Model:
        uptake = keras.Input((self.grid.rings, self.grid.angles, 1), name="uptake")
        return keras.Model(uptake, self._logits(uptake, pool), name=self._word)

    def on_images(self, trained: keras.Model, size: int, drawing: Drawing) -> keras.Model:
        """Images `(n, size, size, 3)` uint8 RGB -> logits `(n, 2)`, with the weights of a model on grids.

        Args:
            drawing: how uptake is drawn in the images.

        Raises:
            UsageError: of that drawing colours do not tell uptake by their sum.
        """
        image = keras.Input((size, size, 3), dtype="uint8", name="image")
        pool = partial(pooled_over_disc, beside=changes_in(image, SIDE, drawing))
        model = keras.Model(image, self._logits(unrolled(image, self.grid, drawing), pool), name=self._word)
        kernel, bias = trained.get_layer(LOGITS).get_weights()
        _with_weights(model, trained, but=LOGITS)
        nothing = np.zeros((CHANGES, kernel.shape[1]), kernel.dtype)
        model.get_layer(LOGITS).set_weights([np.concatenate([kernel / np.float32(SMALL), nothing]), bias])
        return model

    @property
    def _word(self) -> str:
        return self.name.replace("-", "_")

    def _logits(self, uptake: Any, pool: Pool) -> Any:
        values = standardised(uptake, self.mean, self.deviation)
        pooled = pool(*_LAYERS[self.name](values, self.grid))
        return keras.layers.Dense(2, name=LOGITS)(keras.layers.Dropout(DROPPED, name=DROPOUT)(pooled))


def _with_weights(model: keras.Model, trained: keras.Model, but: str = "") -> keras.Model:
    """With those of all layers that both have, but for one."""
    for layer in trained.layers:
        if layer.weights and layer.name != but:
            model.get_layer(layer.name).set_weights(layer.get_weights())
    return model


def _convolutions(values: Any, grid: PolarGrid) -> tuple[Any, PolarGrid]:
    """23,858 weights that learn, with those of the head."""
    x = with_coordinates(values, grid)
    first, *others = CHANNELS
    x = keras.layers.Conv2D(first, 3, activation="relu", name="conv_1")(padded(x, "pad_1"))
    x = keras.layers.MaxPooling2D(2, name="pool_1")(x)
    for number, channels in enumerate(others, 2):
        x = keras.layers.Conv2D(channels, 3, activation="relu", name=f"conv_{number}")(padded(x, f"pad_{number}"))
    return x, grid.halved()


def _graph_convolutions(values: Any, grid: PolarGrid) -> tuple[Any, PolarGrid]:
    """7,970 weights that learn, with those of the head."""
    x = values
    for number, channels in enumerate(CHANNELS, 1):
        if number > 1:
            x, grid = keras.layers.MaxPooling2D(2, name=f"pool_{number - 1}")(x), grid.halved()
        x = keras.ops.reshape(x, (-1, grid.cells, x.shape[-1]))
        x = Chebyshev(channels, rings=grid.rings, angles=grid.angles, activation="relu", name=f"graph_{number}")(x)
        x = keras.ops.reshape(x, (-1, grid.rings, grid.angles, channels))
    return x, grid


_LAYERS: dict[str, Callable[[Any, PolarGrid], tuple[Any, PolarGrid]]] = {
    "polar-cnn": _convolutions,
    "polar-gcn": _graph_convolutions,
}
"""Values of a grid's cells -> features, and the grid that they are on."""


def answer_of(name: str, task: Task, lessons: Lessons = LESSONS) -> Answer:
    """Fit one of the two, and answer; the model that is given back takes images.

    Raises:
        UsageError: uptake is not the input, or colours do not tell it.
    """
    begun = time.monotonic()
    grid, how = PolarGrid(), task.scans.data.preparation
    drawing = drawing_of(how)
    grids = task.scans.shared(f"unrolled {grid}", lambda: grids_of(task.scans.data.images, grid, drawing))
    network = PolarNetwork.of(name, grid, grids[task.fit])
    learning = build_from(task.seed, network.to_learn)
    values = grids[..., None]
    chosen = fit_network(learning, (values,), task, lessons)
    model = network.on_grids(learning)
    said = log_odds(model, values, task.ask)
    return Answer(
        said,
        time.monotonic() - begun,
        heat_maps(model, values, POOLING, (LOGITS,)),
        chosen={"epochs": chosen.epochs},
        make_model=partial(network.on_images, model, how.size, drawing),
    )
