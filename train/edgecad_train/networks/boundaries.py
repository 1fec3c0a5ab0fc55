"""Where a network may be cut, and what lies above: the graph side of freezing."""

from __future__ import annotations

from typing import Any

import keras

FIRST_LAYERS = 200 / 564
"""Share of the layers that strategy S3 freezes: the paper's first 200 of ResNet152V2's 564, and the same share of the
other networks (ours)."""


def first_layers_count(layers: int) -> int:
    """How many of a backbone's `layers` strategy S3 freezes."""
    return round(FIRST_LAYERS * layers)


def cut_below(model: keras.Model, first: str) -> Any:
    """The tensor at which everything from layer `first` on can be computed without the layers below.

    It is the output of the deepest layer before `first` through which alone the rest depends on what
    lies below. So frozen layers inside a residual block are computed again, and never wrongly left out.

    Args:
        model: a functional model of one input.
        first: name of the lowest layer that learns.
    """
    layers = list(model.layers)
    names = [layer.name for layer in layers]
    reach = _last_uses(layers)
    furthest, cut = -1, 0
    for index in range(names.index(first)):
        if furthest <= index:
            cut = index
        furthest = max(furthest, reach[index])
    return layers[cut].output


def _last_uses(layers: list[keras.layers.Layer]) -> list[int]:
    """Index of the last layer that reads each layer's output; Keras lists layers in an order of computation."""
    position = {id(layer): index for index, layer in enumerate(layers)}
    last = [0] * len(layers)
    for index, layer in enumerate(layers):
        if isinstance(layer, keras.layers.InputLayer):
            continue
        for tensor in keras.tree.flatten(layer.input):
            read = position[id(tensor._keras_history.operation)]
            last[read] = max(last[read], index)
    return last
