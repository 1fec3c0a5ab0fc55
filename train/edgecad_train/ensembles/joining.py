"""The members' networks as one Keras model, whose logits are the mean of theirs.

The features of all members lie side by side on the finest of their grids, and one head pools them. Its hidden layer
has the hidden units of all members, each with weights for its own features alone; its logits are sums over all hidden
units, each member's weights divided by the number of members. So the ensemble has the form of any other network, and
its heat map is exact by the same formula.

Where members' features differ in length each is divided by its own, and the head's weights are multiplied by it: logits
and maps stay, and no member counts more than another where directions of features are compared, as by familiarity.

Layers that do the same in several members, on the same input and with the same weights, are there once: members that
were trained from the same first weights share all that was frozen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import Dense
from edgecad_train.ensembles.grids import axis_spread, cell_gains
from edgecad_train.networks.explain import dense_head
from edgecad_train.networks.network import HIDDEN, LOGITS, POOLING, Network
from edgecad_train.networks.pooled import DISC_WEIGHTS, within_disc

Floats = NDArray[np.float64]

FEATURES = "features_of_members"
"""Name of the layer that lays the members' features side by side."""
ALIKE = 1.25
"""Times by which lengths of members' features may differ and be left as they are."""
SPREAD = "features_on_finest_grid"
"""What the names begin with of layers that bring a member's features to the common grid."""


def joined_model(members: Sequence[Network], lengths: Floats | None = None) -> keras.Model:
    """Image `(n, size, size, 3)` uint8 RGB -> mean of the members' logits `(n, 2)`; the weights are copies.

    Args:
        members: networks of one input size, pooled over the same cells, with heads of one form.
        lengths: what each channel is divided by, `(channels,)`; None leaves all as they are.
    """
    size = members[0].model.input_shape[1]
    image = keras.Input((size, size, 3), dtype="uint8", name="image")
    copies = SharedLayers({FEATURES, POOLING, HIDDEN, LOGITS, DISC_WEIGHTS})
    own = [copies.called(keras.Model(one.model.input, _unweighted(one)), image) for one in members]
    blocks = list({id(tensor): tensor for tensor in own}.values())
    side = max(int(tensor.shape[1]) for tensor in blocks)
    on_grid = [_on_grid(tensor, side, members[0], number) for number, tensor in enumerate(blocks, 1)]
    own_name = FEATURES if lengths is None else f"{FEATURES}_as_they_are"
    features = keras.layers.Concatenate(name=own_name)(on_grid) if len(on_grid) > 1 else on_grid[0]
    if lengths is not None:
        features = keras.layers.Rescaling((1 / lengths).tolist(), name=FEATURES)(features)
    weighted = within_disc(features) if members[0].over == "disc" else features
    values = keras.layers.GlobalAveragePooling2D(name=POOLING)(weighted)
    places = _places(blocks, own)
    *hidden, last = _undoing(lengths, joined_head([dense_head(one) for one in members], places, features.shape[-1]))
    for layer in hidden:
        values = _dense(layer, HIDDEN, values)
    return keras.Model(image, _dense(last, LOGITS, values), name="ensemble")


def channel_lengths(model: keras.Model, pooled: NDArray[np.floating]) -> Floats | None:
    """Length of the pooled features that each channel is among, beside the mean length; None where all are alike.

    Args:
        model: joined, its features as they are.
        pooled: what it pools of some scans, `(n, channels)`.

    Returns:
        `(channels,)`, the root mean square over the scans.
    """
    if FEATURES not in {layer.name for layer in model.layers}:
        return None  # all members have the same
    widths = [int(block.shape[-1]) for block in model.get_layer(FEATURES).input]
    parts = np.split(np.asarray(pooled, np.float64), np.cumsum(widths)[:-1], axis=1)
    lengths = np.sqrt([np.square(part).sum(axis=1).mean() for part in parts])
    beside = np.where(lengths > 0, lengths / lengths.mean(), 1.0)
    return None if beside.max() <= ALIKE * beside.min() else np.repeat(beside, widths)


def joined_head(heads: Sequence[Sequence[Dense]], places: Sequence[slice], channels: int) -> list[Dense]:
    """One head over the features of all members, whose logits are the mean of their heads'.

    Args:
        heads: layers of each member's head, in order; of one form.
        places: where each member's features lie among the `channels` of all.
    """
    found: list[Dense] = []
    rows, inputs = list(places), channels
    for depth in range(len(heads[0])):
        layers, last = [head[depth] for head in heads], depth == len(heads[0]) - 1
        columns = [slice(0, 2)] * len(heads) if last else list(_after_one_another(layers))
        weights = np.zeros((inputs, max(column.stop for column in columns)))
        bias = np.zeros(weights.shape[1])
        share = len(heads) if last else 1
        for layer, row, column in zip(layers, rows, columns, strict=True):
            weights[row, column] += layer.weights / share  # members of the same features share their rows
            bias[column] += layer.bias / share
        found.append(Dense(weights, bias, layers[0].activation))
        rows, inputs = columns, weights.shape[1]
    return found


@dataclass
class SharedLayers:
    """Copies of models' layers on one input; a layer that another model has too, on the same input, is copied once.

    Attributes:
        reserved: names that no copy may bear.
    """

    reserved: set[str]
    _seen: dict[str, Any] = field(default_factory=dict)
    _kept: list[Any] = field(default_factory=list)
    """Tensors by whose identity layers are told apart: they must live as long."""

    def called(self, model: keras.Model, tensor: Any) -> Any:
        """Output tensor of the copy of a flat functional model on `tensor`."""
        copy = keras.models.clone_model(
            model, input_tensors=tensor, clone_function=lambda layer: layer, call_function=self._call
        )
        return copy.output

    def _call(self, layer: Any, *values: Any, **options: Any) -> Any:
        if isinstance(layer, keras.layers.InputLayer):
            return values[0]
        key = _key_of(layer, values, options)
        if key not in self._seen:
            copy = type(layer).from_config({**layer.get_config(), "name": self._free_name(layer.name)})
            result = copy(*values, **options)
            copy.set_weights(layer.get_weights())
            self._kept += [*values, result]
            self._seen[key] = result
        return self._seen[key]

    def _free_name(self, base: str) -> str:
        name, number = base, 1
        while name in self.reserved:
            number += 1
            name = f"{base}_{number}"
        self.reserved.add(name)
        return name


def _undoing(lengths: Floats | None, layers: list[Dense]) -> list[Dense]:
    """A head for features that were divided by these lengths."""
    if lengths is None:
        return layers
    first, *others = layers
    return [replace(first, weights=first.weights * lengths[:, None]), *others]


def _key_of(layer: Any, values: tuple[Any, ...], options: dict[str, Any]) -> str:
    """Tells what a layer computes: its kind and settings, its weights, and the tensors that it is called on."""
    settings = {name: value for name, value in layer.get_config().items() if name not in ("name", "trainable")}
    words = json.dumps([type(layer).__name__, settings], sort_keys=True, default=str)
    called = keras.tree.map_structure(lambda one: id(one) if isinstance(one, keras.KerasTensor) else one, values)
    digest = hashlib.sha256(f"{words} {called} {options}".encode())
    for weights in layer.get_weights():
        digest.update(str(weights.shape).encode())
        digest.update(weights.tobytes())
    return digest.hexdigest()


def _unweighted(network: Network) -> Any:
    """The features that a network pools, before their cells are weighted; `(n, h, w, channels)`."""
    layer = network.pooled._keras_history.operation
    return layer.input if layer.name == DISC_WEIGHTS else network.pooled


def _on_grid(features: Any, side: int, network: Network, number: int) -> Any:
    """Features `(n, own, own, channels)` on a grid of `side` cells a side, by layers of Keras' own."""
    own = int(features.shape[1])
    if own == side:
        return features
    name, gains = f"{SPREAD}_{number}", cell_gains(side, own, network.over)[..., None]
    if not np.allclose(gains, 1.0, atol=1e-12):
        features = keras.layers.Rescaling(gains.tolist(), name=f"{name}_gains")(features)
    # Convolutions of one pixel whose channels are a column's cells, then a row's. Reshaping a stack of images, or a
    # product of stacks, would become shape arithmetic in the converter.
    columns = keras.layers.Permute((2, 3, 1), name=f"{name}_columns")(features)
    rows = keras.layers.Permute((3, 2, 1), name=f"{name}_rows")(_mixed(columns, side, own, f"{name}_down"))
    return keras.layers.Permute((1, 3, 2), name=name)(_mixed(rows, side, own, f"{name}_across"))


def _mixed(cells: Any, side: int, own: int, name: str) -> Any:
    """Means of `own` cells, the last axis, over each of `side`."""
    layer = keras.layers.Conv2D(side, 1, use_bias=False, name=name)
    mixed = layer(cells)
    layer.set_weights([axis_spread(side, own).T[None, None].astype(np.float32)])
    return mixed


def _places(blocks: Sequence[Any], own: Sequence[Any]) -> list[slice]:
    """Channels of each member's features among those of all blocks."""
    ends = np.cumsum([int(block.shape[-1]) for block in blocks])
    begins = {id(block): int(end) - int(block.shape[-1]) for block, end in zip(blocks, ends, strict=True)}
    return [slice(begins[id(tensor)], begins[id(tensor)] + int(tensor.shape[-1])) for tensor in own]


def _after_one_another(layers: Sequence[Dense]) -> Iterator[slice]:
    end = 0
    for layer in layers:
        end += layer.weights.shape[1]
        yield slice(end - layer.weights.shape[1], end)


def _dense(layer: Dense, name: str, values: Any) -> Any:
    weights: tuple[NDArray[np.float32], ...] = (layer.weights.astype(np.float32), layer.bias.astype(np.float32))
    own = keras.layers.Dense(len(layer.bias), activation=layer.activation, name=name)
    result = own(values)
    own.set_weights(list(weights))
    return result
