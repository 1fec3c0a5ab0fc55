"""How much uptake changes across rings and along them, by scale: the features by which a scan is like the training's.

Means of segments do not tell a map from another picture: deep copies of training maps lie as far from the others as any
blot does. How fine the changes are, and which way they go, stays the same however deep a deficit is. There are three
bands of scale, two directions and three rings; each feature is the mean absolute slope of a band.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Drawing
from edgecad.polarmap.square import input_mask
from edgecad_train.evaluation.localisation.cells import counts_by_cell
from edgecad_train.methods.graphs.parts import CellParts
from edgecad_train.methods.graphs.percents import MIDDLE

Floats = NDArray[np.float64]

FINE = 56
"""Cells across and down on which slopes are taken; in prepared images of 224 pixels one is 4 pixels wide."""
BLURS = (2.0, 4.0, 8.0)
"""Standard deviations that bound the bands, in fine cells; the finest band is what the first blur takes away."""
RINGS = (0.0, 0.4, 0.7, 0.93)
"""Radii that bound the rings, of the disc's; farther out the rim itself is the steepest slope."""
CHANNELS = len(BLURS) * 2 * (len(RINGS) - 1)
WEIGHED = "likeness"
"""Name of the layer that weighs the features, channel by channel."""
LARGE, SMALL = 16.0, 1 / 64
"""Factors on these features, and on what makes the score, which hardly counts beside them; powers of two take no
precision from it."""


def changes(quarters: Any, size: int, side: int) -> Any:
    """Features `(n, side, side, CHANNELS)`, of which means over the disc are looked at; each weighs 1 for now.

    Args:
        quarters: uptake in the quarters of cells, `(n, (FINE / 2)^2, 4)` percent, less any number; 0 outside the disc.
        size: of the prepared image, pixels.
        side: cells across and down; a divisor of `FINE`.
    """
    half = FINE // 2
    cells = keras.layers.Reshape((half, half, 2, 2), name="quarters")(quarters)
    grid = keras.layers.Reshape((FINE, FINE, 1), name="fine_cells")(keras.layers.Permute((1, 3, 2, 4))(cells))
    known = (counts_by_cell(input_mask(size, "polar-map"), FINE, FINE) > 0).reshape(FINE, FINE)
    blurred = [grid, *(_blurred(grid, known, blur) for blur in BLURS)]
    bands = [keras.ops.subtract(*two) for two in pairwise(blurred)]
    slopes = _slopes(keras.layers.Concatenate(name="bands")(bands), FINE)
    by_cell = keras.layers.AveragePooling2D(FINE // side, name="slopes")(slopes)
    radii = np.hypot(*_from_centre(side))
    rings = [(radii >= inner) & (radii < outer) for inner, outer in pairwise(RINGS)]
    by_ring = [_times(by_cell, ring[..., None], f"ring_{number}") for number, ring in enumerate(rings)]
    joined = keras.layers.Concatenate(name="changes")(by_ring)
    weighed = keras.layers.DepthwiseConv2D(1, use_bias=False, trainable=False, name=WEIGHED)
    features = weighed(joined)
    _set_weights(weighed, np.ones(CHANNELS))
    return features


def changes_in(image: Any, side: int, drawing: Drawing) -> Any:
    """`changes` of images `(n, size, size, 3)` uint8 RGB, for a model that needs no other sums of uptake.

    Raises:
        UsageError: of that drawing colours do not tell uptake by their sum.
    """
    size = image.shape[1]
    parts = CellParts.of(size, FINE // 2)
    weights = parts.quarter_weights()
    return changes(parts.sums(image, weights, -MIDDLE * weights.sum(axis=0), drawing), size, side)


def weigh_changes(model: keras.Model, pooled: NDArray[np.floating]) -> None:
    """Weigh each feature by the root of its mean, so that no band and no direction drowns the others.

    Args:
        pooled: of training scans, features each with weight 1, the last of `(n, channels)`.
    """
    usual = np.asarray(pooled, np.float64)[:, -CHANNELS:].mean(axis=0)
    # One that is the same in all scans, as in a ring without a slope, tells nothing.
    _set_weights(model.get_layer(WEIGHED), np.where(usual > 0, LARGE / np.sqrt(np.maximum(usual, 1e-12)), 0.0))


def _set_weights(layer: Any, weights: Floats) -> None:
    layer.set_weights([weights.astype(np.float32).reshape(1, 1, -1, 1)])


def _blurred(grid: Any, known: NDArray[np.bool_], deviation: float) -> Any:
    """A Gaussian mean of what is known, out to three deviations; `grid` is 0 elsewhere."""
    reach, places = round(3 * deviation), np.arange(len(known))
    apart = places - places[:, None]
    kernel = np.where(np.abs(apart) <= reach, np.exp(-(apart**2) / 2 / deviation**2), 0.0)
    share = kernel @ known @ kernel
    taps = np.exp(-(np.arange(-reach, reach + 1) ** 2) / 2 / deviation**2)
    name = f"blur_{deviation:g}"
    found = _along(_along(grid, taps, name, down=False), taps, f"{name}_down", down=True)
    return _times(found, (known / np.maximum(share, 1e-6))[..., None], f"{name}_of_known")


def _slopes(bands: Any, side: int) -> Any:
    """Absolute slopes across rings and along them, `(n, side, side, 2 * bands)` percent a quarter.

    Slopes are half the difference of both neighbours.
    """
    step = np.array([-0.5, 0.0, 0.5])
    x, y = _along(bands, step, "slope_across", down=False), _along(bands, step, "slope_down", down=True)
    down, across = _from_centre(side)
    radius = np.hypot(down, across)
    sine, cosine = (down / radius)[..., None], (across / radius)[..., None]
    outward = keras.ops.add(_times(x, cosine, "across_outward"), _times(y, sine, "down_outward"))
    around = keras.ops.subtract(_times(y, cosine, "down_around"), _times(x, sine, "across_around"))
    return keras.ops.absolute(keras.layers.Concatenate(name="both_slopes")([outward, around]))


def _from_centre(side: int) -> tuple[Floats, Floats]:
    """How far down and across each cell lies from the centre, in radii of the disc, `(side, side)` each."""
    places = (np.arange(side) + 0.5) * 2 / side - 1
    down, across = np.meshgrid(places, places, indexing="ij")
    return down, across


def _along(grids: Any, taps: Floats, name: str, *, down: bool) -> Any:
    """Each channel's sums of neighbours in a row, or in a column, times `taps`; what lies beyond the grid is 0."""
    shape = (len(taps), 1) if down else (1, len(taps))
    layer = keras.layers.DepthwiseConv2D(shape, padding="same", use_bias=False, trainable=False, name=name)
    found = layer(grids)
    layer.set_weights([np.tile(taps.reshape(*shape, 1, 1), (1, 1, grids.shape[-1], 1)).astype(np.float32)])
    return found


def _times(grids: Any, factors: NDArray[Any], name: str) -> Any:
    return keras.layers.Rescaling(np.asarray(factors, np.float64).tolist(), name=name)(grids)
