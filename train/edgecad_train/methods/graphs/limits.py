"""`normal-limits` and `segments-logistic` as one graph: uptake of the segments' parts, and what is below the limits.

Channels of the features: the deficit, or for `segments-logistic` 17 of uptake above the usual; and those of `changes`,
which weigh nothing in the score. Those tell whether a scan is like those of the training. What makes the score is made
small beside them, because familiarity is the direction of all channels together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import disc_weights
from edgecad.contract import Preparation
from edgecad_train.evaluation.localisation.cells import cells_of_disc
from edgecad_train.methods.graphs.changes import CHANNELS, SMALL, changes
from edgecad_train.methods.graphs.head import with_log_odds
from edgecad_train.methods.graphs.parts import SEGMENTS, CellParts
from edgecad_train.methods.graphs.percents import MIDDLE
from edgecad_train.methods.limits.limits import FROM, SIDE, WARM, areas
from edgecad_train.methods.segments.spreading import pieces_of
from edgecad_train.methods.task import drawing_of
from edgecad_train.networks.network import POOLING
from edgecad_train.networks.pooled import within_disc

Floats = NDArray[np.float64]
Learnt = Mapping[str, NDArray[Any]]
FEATURES = "square"
"""Name of the layer whose output is pooled, before its cells are weighted."""


def deficit_weights(learnt: Learnt) -> tuple[Floats, float]:
    """Weights of the features, and the constant, of `normal-limits`: log-odds."""
    return _weights(learnt["slope"]), float(learnt["intercept"])


def segment_weights(learnt: Learnt) -> tuple[Floats, float]:
    """The same of `segments-logistic`."""
    return _weights(learnt["slopes"]), float(learnt["intercept"])


def _weights(slopes: NDArray[Any]) -> Floats:
    return np.concatenate([np.atleast_1d(slopes) / SMALL, np.zeros(CHANNELS)])


def model_on_deficits(learnt: Learnt, how: Preparation) -> keras.Model:
    """`normal-limits`: images `(n, size, size, 3)` uint8 RGB -> logits `(n, 2)`."""
    return _model(learnt, how, *deficit_weights(learnt), of_segments=False)


def model_on_segments(learnt: Learnt, how: Preparation) -> keras.Model:
    """`segments-logistic`: the same."""
    return _model(learnt, how, *segment_weights(learnt), of_segments=True)


def _model(learnt: Learnt, how: Preparation, weights: Floats, bias: float, *, of_segments: bool) -> keras.Model:
    """The graph; `of_segments`: with channels of what lies above the usual means of segments."""
    image = keras.Input((how.size, how.size, 3), dtype="uint8", name="image")
    parts = CellParts.of(how.size, SIDE)
    # What is pooled is weighted by the disc's share of each cell; the methods' own shares of the disc are others.
    over = disc_weights(SIDE, SIDE).ravel()
    even = np.where(over > 0, 1.0 / np.where(over > 0, over, 1.0), 0.0)
    of_quarters = parts.quarter_weights()
    kernel = np.concatenate([parts.mean_weights()[..., None], of_quarters], axis=-1)
    # Where a cell or a quarter has no pixels its sum is 0 for `_deficits` and `changes`.
    offsets = -MIDDLE * np.concatenate([np.ones((SIDE**2, 1)), of_quarters.sum(axis=0)], axis=-1)
    if of_segments:
        kernel = np.concatenate([kernel, parts.segment_weights() * even[:, None]], axis=-1)
        below_usual = -_usual_of(parts, learnt["usual_parts"], how.size) * even[:, None]
        offsets = np.concatenate([offsets, below_usual], axis=-1)
    sums = parts.sums(image, kernel, offsets, drawing_of(how))
    score = [_deficits(sums[:, :, 0], learnt, even)]
    if of_segments:
        score = [parts.by_segment(sums[:, :, 5:]), *score]
    made = keras.layers.Reshape((SIDE, SIDE, -1), name="score_cells")(keras.ops.concatenate(score, axis=-1))
    small = keras.layers.Rescaling(SMALL, name="small")(made)
    features = keras.layers.Concatenate(name=FEATURES)([small, changes(sums[:, :, 1:5], how.size, SIDE)])
    pooled = keras.layers.GlobalAveragePooling2D(name=POOLING)(within_disc(features))
    return with_log_odds(image, pooled, weights, bias)


def _usual_of(parts: CellParts, usual: Floats, size: int) -> Floats:
    """What the usual scan adds to each slot, `(cells, slots)`; `usual` is of the pieces of the disc."""
    pieces, found = pieces_of(size), np.zeros((SIDE * SIDE, SEGMENTS + 1))
    found[pieces.cell, pieces.segment + 1] = usual * pieces.share * SIDE**2
    return np.take_along_axis(found, parts.slots, axis=1)


def _deficits(cells: Any, learnt: Learnt, even: Floats) -> Any:
    """Deficits below the limits of cells, `(n, cells, 1)`: their mean over the disc is the total.

    A cell outside the disc has no uptake, and neither mean nor deviation: it is never below.

    Args:
        cells: `(n, cells)` percent less `MIDDLE`.
    """
    inside = cells_of_disc(SIDE, SIDE).ravel()
    mean, scale, limit = np.zeros(SIDE * SIDE), np.zeros(SIDE * SIDE), np.full(SIDE * SIDE, -FROM)
    share = even[inside] * areas() * SIDE**2
    mean[inside], scale[inside], limit[inside] = learnt["mean"], share / learnt["deviation"], -FROM * share
    # (mean - uptake / warm), written as (mean * warm - uptake) / warm with `MIDDLE` taken off both: the numbers stay
    # small, of which halves keep more.
    warm = _warm(cells, int(inside.sum()))
    usual = keras.layers.Dense(SIDE * SIDE, trainable=False, name="usual")
    below = keras.ops.divide(keras.ops.subtract(usual(warm), cells), keras.ops.maximum(warm + MIDDLE, 1e-6))
    usual.set_weights([mean[None].astype(np.float32), (MIDDLE * (mean - 1.0)).astype(np.float32)])
    beyond = keras.layers.Rescaling(scale.tolist(), limit.tolist(), name="below_limits")(below)
    return keras.layers.Reshape((SIDE * SIDE, 1), name="deficits")(keras.layers.ReLU(name="beyond")(beyond))


def _warm(cells: Any, inside: int) -> Any:
    """The quantile of the disc's cells that is a scan's normal uptake, `(n, 1)`; linear, as numpy's.

    Cells outside have no uptake, which is below all others.
    """
    place = WARM * (inside - 1)
    below = int(np.floor(place))
    share = place - below
    warmest, _ = keras.ops.top_k(cells, inside - below)
    lower, upper = warmest[:, -1:], warmest[:, -2:-1]
    return lower + (upper - lower) * share
