"""Weights of a Keras 2 file for a model of Keras 3, each found by name or place, each used once.

Keras 3 reads such files by the order of weights. That order depends on which layers were frozen, and layers of one
shape would be given each other's weights without a word.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.errors import ModelInvalid
from edgecad_export.external.keras2_links import plain_name

ALIASES = {"depthwise_kernel": ("depthwise_kernel", "kernel")}
"""What Keras 3 calls a weight, for each name of Keras 2 that it changed."""
Values = list[tuple[str, NDArray[Any]]]
"""Weights with their names, in the order of their making within each layer."""


def give_weights_of_h5(model: keras.Model, file: Any) -> None:
    """Give a model the weights of an open `.h5` file of Keras 2.

    Raises:
        ModelInvalid: a weight lacks its layer, or a layer its weight.
    """
    group = file.get("model_weights", file)
    top = {layer.name: layer for layer in model.layers}
    given: set[int] = set()
    for name in _names(group, "layer_names"):
        stored = [(path, np.asarray(group[name][path])) for path in _names(group[name], "weight_names")]
        layer = top.get(plain_name(name))
        if layer is None and stored:
            raise ModelInvalid(f"it has weights of a layer {name!r} that it does not describe")
        leaves = list(_leaves(layer)) if layer is not None else []
        for leaf, values in _by_leaf(leaves, stored, name):
            _give(leaf, values)
            given.add(id(leaf))
    _check_given(model, given)


def give_weights_of_keras(model: keras.Model, file: Any, description: dict[str, Any]) -> None:
    """Give a model the weights of an open `model.weights.h5` from a `.keras` archive of Keras 2.

    There a layer stands at the place that its class and its number among layers of that class give.

    Args:
        description: as the file has it: the order of its layers counts.

    Raises:
        ModelInvalid: a weight lacks its layer, or a layer its weight.
    """
    given: set[int] = set()
    for leaf, stored in _by_place(model, file, description):
        _give(leaf, stored)
        given.add(id(leaf))
    _check_given(model, given)


def _by_place(model: keras.Model, group: Any, description: dict[str, Any]) -> Iterator[tuple[Any, Values]]:
    counts: Counter[str] = Counter()
    layers = {layer.name: layer for layer in model.layers}
    for entry in description["config"]["layers"]:
        kind = snake_case(str(entry["class_name"]))
        place = f"layers/{kind}_{counts[kind]}" if counts[kind] else f"layers/{kind}"
        counts[kind] += 1
        layer = layers.get(plain_name(str(entry["config"]["name"])))
        if layer is None or place not in group:
            continue
        if isinstance(layer, keras.Model):
            yield from _by_place(layer, group[place], entry)
        elif "vars" in group[place]:
            own = group[place]["vars"]
            yield layer, [("", np.asarray(own[str(number)])) for number in range(len(own))]


def snake_case(name: str) -> str:
    """`DepthwiseConv2D` as `depthwise_conv2d`, `ReLU` as `re_lu`."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _names(group: Any, attribute: str) -> list[str]:
    """A list of names; a long one is split over attributes with numbers."""
    parts = [attribute] if attribute in group.attrs else []
    while f"{attribute}{len(parts)}" in group.attrs:
        parts.append(f"{attribute}{len(parts)}")
    names = [name for part in parts for name in group.attrs[part]]
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def _leaves(layer: Any) -> Iterator[Any]:
    """A layer, or the layers of a model and of the models in it."""
    if isinstance(layer, keras.Model):
        for inner in layer.layers:
            yield from _leaves(inner)
    else:
        yield layer


def _by_leaf(leaves: list[Any], stored: Values, group: str) -> Iterator[tuple[Any, Values]]:
    """The stored weights of each layer; the name of a weight begins with the layer's, except where it has none."""
    found: dict[int, Values] = defaultdict(list)
    for path, value in stored:
        holders = leaves if len(leaves) == 1 else _holders(leaves, path)
        if len(holders) != 1:
            raise ModelInvalid(f"weight {path!r} of {group!r} is of {len(holders)} layers; one wanted")
        found[id(holders[0])].append((path.rpartition("/")[2].partition(":")[0], value))
    for leaf in leaves:
        if id(leaf) in found:
            yield leaf, found[id(leaf)]


def _holders(leaves: list[Any], path: str) -> list[Any]:
    parts = path.split("/")[:-1]
    for begin in range(len(parts)):
        name = plain_name("/".join(parts[begin:]))
        if named := [leaf for leaf in leaves if leaf.name == name]:
            return named
    weight = path.rpartition("/")[2].partition(":")[0]
    return [leaf for leaf in leaves if not parts and any(own.name == weight for own in leaf.weights)]


def _give(layer: Any, stored: Values) -> None:
    own = layer.weights
    shapes = [tuple(weight.shape) for weight in own]
    if shapes != [value.shape for _, value in stored]:
        raise ModelInvalid(f"layer {layer.name!r} has weights {[value.shape for _, value in stored]}; {shapes} wanted")
    for weight, (name, _) in zip(own, stored, strict=True):
        if name and weight.name not in (name, *ALIASES.get(name, ())):
            raise ModelInvalid(f"layer {layer.name!r} has a weight {name!r} where {weight.name!r} is wanted")
    layer.set_weights([value for _, value in stored])
    if isinstance(layer, keras.layers.Normalization):
        layer.finalize_state()  # it computes with copies of its weights


def _check_given(model: keras.Model, given: set[int]) -> None:
    missing = [leaf.name for leaf in _leaves(model) if leaf.weights and id(leaf) not in given]
    if missing:
        raise ModelInvalid(f"it has no weights of layer {missing[0]!r} ({len(missing)} layers lack theirs)")
