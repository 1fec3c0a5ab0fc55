"""`normal-limits` and `segments-logistic` as one graph: uptake of the segments' parts, and what is below the limits.

Channels of the features: for `segments-logistic` 17 of uptake above the usual; the deficit; and 17 of uptake itself,
which weigh nothing in the score. Those tell whether a scan is like those of the training: the direction of 17 means of
uptake is a pattern, that of one deficit is not.
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
    weights = np.zeros(1 + SEGMENTS)
    weights[0] = learnt["slope"]
    return weights, float(learnt["intercept"])


def segment_weights(learnt: Learnt) -> tuple[Floats, float]:
    """The same of `segments-logistic`."""
    return np.concatenate([learnt["slopes"], np.zeros(SEGMENTS)]), float(learnt["intercept"])


def model_on_deficits(learnt: Learnt, how: Preparation) -> keras.Model:
    """`normal-limits`: images `(n, size, size, 3)` uint8 RGB -> logits `(n, 2)`."""
    return _model(learnt, how, None, *deficit_weights(learnt))


def model_on_segments(learnt: Learnt, how: Preparation) -> keras.Model:
    """`segments-logistic`: the same."""
    return _model(learnt, how, learnt["usual"], *segment_weights(learnt))


def _model(learnt: Learnt, how: Preparation, usual: Floats | None, weights: Floats, bias: float) -> keras.Model:
    """The graph; with the usual means of segments `(17,)` there are channels of what lies above them."""
    image = keras.Input((how.size, how.size, 3), dtype="uint8", name="image")
    parts = CellParts.of(how.size, SIDE)
    # What is pooled is weighted by the disc's share of each cell; the methods' own shares of the disc are others.
    over = disc_weights(SIDE, SIDE).ravel()
    even = np.where(over > 0, 1.0 / np.where(over > 0, over, 1.0), 0.0)
    of_slots = parts.segment_weights() * even[:, None]
    kernel = np.concatenate([parts.mean_weights()[..., None], of_slots], axis=-1)
    offsets = np.zeros(kernel.shape[1:])
    offsets[:, 0] = -MIDDLE
    if usual is not None:
        offsets[:, 1:] = -_usual_of(parts, learnt["usual_parts"], how.size) * even[:, None]
    sums = parts.sums(image, kernel, offsets, drawing_of(how))
    deficit, uptake = _deficits(sums[:, :, 0], learnt, even), parts.by_segment(sums[:, :, 1:])
    channels = [deficit, uptake]
    if usual is not None:
        # Only the means of these are looked at, so that the usual ones may be added anywhere.
        whole = keras.layers.Rescaling(1.0, usual.tolist(), name="uptake")(uptake)
        channels = [uptake, deficit, whole]
    joined = keras.layers.Concatenate(name="channels")(channels)
    features = keras.layers.Reshape((SIDE, SIDE, joined.shape[-1]), name=FEATURES)(joined)
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
