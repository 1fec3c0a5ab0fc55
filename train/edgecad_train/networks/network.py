"""Build a network: uint8 image, scaling, backbone up to the features that are pooled, pooling, head. One flat Keras
graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras

from edgecad.contract import Features, PooledOver
from edgecad_train.networks.backbones import Backbone, unfrozen_layers
from edgecad_train.networks.boundaries import first_layers_count
from edgecad_train.networks.head import Head, Unfrozen
from edgecad_train.networks.pooled import ADDED, DISC_WEIGHTS, features_of, within_disc
from edgecad_train.networks.scaling import LAYERS as SCALING_LAYERS
from edgecad_train.networks.scaling import scaled
from edgecad_train.networks.weights import load_first_weights

POOLING = "pooling"
"""Name of the layer that pools the features."""
HIDDEN, DROPOUT, LOGITS = "head_hidden", "head_dropout", "head_logits"
"""Names of the head's layers; a head without units has no hidden one."""


@dataclass(frozen=True)
class Network:
    """A Keras model and what training must know of its parts.

    Attributes:
        model: image `(n, size, size, 3)` uint8 RGB -> logits `(n, 2)`.
        backbone: the table's entry.
        fine_tuned_from: first layer that fine-tuning trains.
        weights: where the first weights came from.
        features: which are pooled; what the backbone has above them is not in the model.
        over: which cells they are pooled over.
    """

    model: keras.Model
    backbone: Backbone
    fine_tuned_from: str
    weights: str
    features: Features = "last"
    over: PooledOver = "all"

    def head_layers(self) -> list[keras.layers.Dense]:
        """The head's layers that learn, from the pooling on; the last gives the logits."""
        return [layer for layer in self.model.layers if layer.name in (HIDDEN, LOGITS)]

    @property
    def head_begins(self) -> str:
        """The head's lowest layer: what stands on the pooling."""
        names = [layer.name for layer in self.model.layers]
        return HIDDEN if HIDDEN in names else DROPOUT

    @property
    def pooled(self) -> Any:
        """The tensor `(n, h, w, channels)` whose mean over all cells is taken, weighted already."""
        return self.model.get_layer(POOLING).input

    @property
    def feature_layer(self) -> str:
        """Name of the layer whose output is pooled, weighted or not."""
        return feature_layer_of(self.model)

    def backbone_layers(self) -> list[keras.layers.Layer]:
        """Layers from the input to the top of the network that runs, without those that EdgeCAD adds."""
        names = [layer.name for layer in self.model.layers]
        below = self.model.layers[: names.index(self.backbone.top(self.features).layer) + 1]
        return [layer for layer in below if layer.name not in SCALING_LAYERS and not layer.name.startswith(ADDED)]

    @property
    def blocks(self) -> tuple[int, ...]:
        """How many of the backbone's layers lie above each block boundary, from the top of what runs down."""
        return self.backbone.top(self.features).blocks

    @property
    def after_first(self) -> str:
        """First layer that strategy S3 trains."""
        layers = self.backbone_layers()
        return str(layers[first_layers_count(len(layers))].name)

    def unfrozen(self) -> Unfrozen:
        """What fine-tuning trains, in numbers."""
        layers = self.backbone_layers()
        first = [layer.name for layer in layers].index(self.fine_tuned_from)
        counts = [layer.count_params() for layer in layers]
        return Unfrozen(len(layers) - first, len(layers), sum(counts[first:]) / sum(counts))


def feature_layer_of(model: keras.Model) -> str:
    """Name of the layer of a model whose output is pooled, weighted or not."""
    layer = model.get_layer(POOLING).input._keras_history.operation
    return str((layer.input._keras_history.operation if layer.name == DISC_WEIGHTS else layer).name)


def build_network(
    backbone: Backbone, weights: str, head: Head, features: Features = "last", over: PooledOver = "all"
) -> Network:
    """Build and initialise a network.

    Args:
        weights: `imagenet`, `none`, or a file; see `edgecad_train.networks.weights`.
        features: which are pooled. What the backbone has above them is cut off.
        over: which cells they are pooled over.

    Raises:
        NotAvailable: `imagenet` was asked for and is neither in Keras' cache nor to be fetched.
        UsageError: the weights file does not fit.
    """
    image = keras.Input((backbone.size, backbone.size, 3), dtype="uint8", name="image")
    application = getattr(keras.applications, backbone.application)
    base = application(include_top=False, weights=None, input_tensor=scaled(image, backbone.scaling))
    own = features_of(base, backbone, features)
    pooled = within_disc(own) if over == "disc" else own
    runs = keras.Model(image, own)
    origin = load_first_weights(base, backbone, weights, {layer.name for layer in runs.layers})
    top = keras.layers.GlobalAveragePooling2D(name=POOLING)(pooled)
    network = Network(_with_head(image, top, head, backbone.name), backbone, "", origin, features, over)
    layers = network.backbone_layers()
    count = unfrozen_layers([layer.count_params() for layer in layers], network.blocks)
    return replace(network, fine_tuned_from=layers[-count].name)


def with_head(network: Network, head: Head) -> Network:
    """The same backbone, layers shared, under a new head with random weights."""
    image, pooled = network.model.input, network.model.get_layer(POOLING).output
    return replace(network, model=_with_head(image, pooled, head, network.backbone.name))


def _with_head(image: Any, pooled: Any, head: Head, name: str) -> keras.Model:
    x = keras.layers.Dense(head.units, activation=head.activation, name=HIDDEN)(pooled) if head.units else pooled
    x = keras.layers.Dropout(head.dropout, name=DROPOUT)(x)
    return keras.Model(image, keras.layers.Dense(2, name=LOGITS)(x), name=name)
