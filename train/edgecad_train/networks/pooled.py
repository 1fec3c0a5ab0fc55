"""What is pooled: the last features, those at a sixteenth of the input's side, or both; over all cells or the disc."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgecad.answer.heatmap import disc_weights
from edgecad.contract import Features, Input, PooledOver
from edgecad_train.networks.backbones import Backbone

if TYPE_CHECKING:
    import keras

JOINED = "both_features"
"""Name of the layer that joins the last features to those at a sixteenth."""
REPEATED = "last_features_repeated"
"""Name of the layer that repeats the last features' cells on the finer grid, and the beginning of other such names."""
DISC_WEIGHTS = "disc_weights"
"""Name of the layer that weighs each cell by the share of its area inside the disc; export knows it by this name."""
ADDED = (JOINED, REPEATED, DISC_WEIGHTS)
"""What the names begin with of layers that this module adds on top of a backbone; they have no weights."""


def pooled_over(seen: Input) -> PooledOver:
    """Over which cells features are pooled: the disc's of uptake, all of colours, as in the paper."""
    return "disc" if seen == "uptake" else "all"


def within_disc(features: Any) -> Any:
    """Features `(n, h, w, channels)`, each cell weighted so that their mean is the mean over the disc."""
    import keras  # here and below, because what is pooled over is asked where no network is built

    weights = disc_weights(*features.shape[1:3])[..., None]
    # A layer of Keras' own needs no code when the model is loaded.
    return keras.layers.Rescaling(weights.tolist(), name=DISC_WEIGHTS)(features)


def features_of(base: keras.Model, backbone: Backbone, features: Features) -> Any:
    """The tensor `(n, h, w, channels)` that is pooled; what lies above it is no part of a network that ends there.

    Args:
        base: the whole backbone.
    """
    import keras

    if features != "both":
        return base.get_layer(backbone.top(features).layer).output
    last, finer = (base.get_layer(top.layer).output for top in (backbone.last, backbone.stride_16))
    return keras.layers.Concatenate(name=JOINED)([_repeated(last, finer.shape[1]), finer])


def _repeated(coarse: Any, side: int) -> Any:
    """Each cell twice down and twice across, then cut to `side` cells, or the last cells once more.

    Grids are 7 and 14, 10 and 19, or 8 and 17 cells a side. Doubling is exact in every engine; nearest cells by other
    factors lie on ties.
    """
    import keras

    doubled = 2 * coarse.shape[1]
    # Not UpSampling2D, of which the converter makes shape arithmetic.
    x = keras.layers.Resizing(doubled, doubled, interpolation="nearest", name=REPEATED)(coarse)
    if side < doubled:
        return keras.layers.Cropping2D(((0, doubled - side),) * 2, name=f"{REPEATED}_cut")(x)
    for axis, name in enumerate(("row", "column") if side > doubled else (), 1):
        before = [(0, 0), (0, 0)]
        before[axis - 1] = (doubled - (side - doubled), 0)
        end = keras.layers.Cropping2D(tuple(before), name=f"{REPEATED}_last_{name}")(x)
        x = keras.layers.Concatenate(axis=axis, name=f"{REPEATED}_with_last_{name}")([x, end])
    return x
