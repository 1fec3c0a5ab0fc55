"""Build a network: uint8 image, scaling, backbone, pooling, head. One flat Keras graph."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from edgecad.errors import NotAvailable, UsageError
from edgecad_train.networks.backbones import Backbone, unfrozen_layers
from edgecad_train.networks.scaling import LAYERS as SCALING_LAYERS
from edgecad_train.networks.scaling import scaled

DOWNLOAD_PATIENCE_S = 20


@dataclass(frozen=True)
class Head:
    """Global average pooling, one hidden layer, two logits.

    `units` and `dropout` are EdgeCAD's defaults; the paper finds its own by a search.
    """

    units: int = 64
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if self.units < 1 or not 0 <= self.dropout < 1:
            raise UsageError(f"head of {self.units} units, dropout {self.dropout}: units > 0, 0 <= dropout < 1 wanted")

    def __str__(self) -> str:
        return f"GAP - Dense({self.units}, relu) - Dropout({self.dropout:g}) - Dense(2)"


@dataclass(frozen=True)
class Network:
    """A Keras model and what training must know of its parts.

    Attributes:
        model: image `(n, size, size, 3)` uint8 RGB -> logits `(n, 2)`.
        backbone: the table's entry.
        fine_tuned_from: first layer that fine-tuning trains.
        weights: where the first weights came from.
    """

    model: keras.Model
    backbone: Backbone
    fine_tuned_from: str
    weights: str

    def backbone_layers(self) -> list[keras.layers.Layer]:
        """Layers from the input to the feature layer, without the scaling that EdgeCAD adds."""
        layers = self.model.layers
        last = [layer.name for layer in layers].index(self.backbone.feature_layer)
        return [layer for layer in layers[: last + 1] if layer.name not in SCALING_LAYERS]


def build_network(backbone: Backbone, weights: str, head: Head) -> Network:
    """Build and initialise a network.

    Args:
        weights: `imagenet`, `none`, or a Keras weights file of the backbone without top.

    Raises:
        NotAvailable: `imagenet` was asked for and is neither in Keras' cache nor to be fetched.
        UsageError: the weights file does not fit.
    """
    image = keras.Input((backbone.size, backbone.size, 3), dtype="uint8", name="image")
    application = getattr(keras.applications, backbone.application)
    base = application(include_top=False, weights=None, input_tensor=scaled(image, backbone.scaling))
    origin = _load_weights(base, backbone, weights)
    features = base.get_layer(backbone.feature_layer).output
    x = keras.layers.GlobalAveragePooling2D(name="pooling")(features)
    x = keras.layers.Dense(head.units, activation="relu", name="head_hidden")(x)
    x = keras.layers.Dropout(head.dropout, name="head_dropout")(x)
    model = keras.Model(image, keras.layers.Dense(2, name="head_logits")(x), name=backbone.name)
    network = Network(model, backbone, "", origin)
    layers = network.backbone_layers()
    count = unfrozen_layers([layer.count_params() for layer in layers], backbone.blocks)
    return Network(model, backbone, layers[-count].name, origin)


def _load_weights(base: keras.Model, backbone: Backbone, weights: str) -> str:
    """Put first weights into `base`; return the words that record where they came from."""
    if weights == "none":
        return "none"
    path = _imagenet_file(backbone) if weights == "imagenet" else Path(weights)
    if not path.is_file():
        raise UsageError(f"no weights file at {path}; give --weights imagenet, none or an existing file")
    bare: Any = getattr(keras.applications, backbone.application)(
        include_top=False, weights=None, input_shape=(backbone.size, backbone.size, 3)
    )
    try:
        with warnings.catch_warnings():
            # Keras only warns, layer by layer, where it leaves one with random weights.
            warnings.simplefilter("error", UserWarning)
            bare.load_weights(path)
    except (OSError, ValueError, KeyError, UserWarning) as error:
        other = "its layers are others"
        first_line = other if isinstance(error, UserWarning) else str(error).strip().partition("\n")[0]
        raise UsageError(
            f"{path} does not hold the weights of {backbone.name} without top: {first_line}; "
            "give the Keras weights file of this backbone"
        ) from error
    own = [layer for layer in base.layers if layer.name not in SCALING_LAYERS]
    for mine, loaded in zip(own, bare.layers, strict=True):
        mine.set_weights(loaded.get_weights())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return f"{'imagenet' if weights == 'imagenet' else 'file'} {path.name} sha256:{digest}"


def _imagenet_file(backbone: Backbone) -> Path:
    """Keras' ImageNet weights from its cache, or fetched through Keras."""
    home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    cached = home / "models" / backbone.imagenet_file
    if cached.is_file():
        return cached
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_PATIENCE_S)
    try:
        # Keras tells of a download on stdout, which is for answers.
        with contextlib.redirect_stdout(sys.stderr):
            getattr(keras.applications, backbone.application)(
                include_top=False, weights="imagenet", input_shape=(backbone.size, backbone.size, 3)
            )
    except Exception as error:
        raise NotAvailable(
            f"ImageNet weights of {backbone.name} are not here and could not be fetched; put "
            f"{backbone.imagenet_file} into {cached.parent}, or give --weights FILE or --weights none"
        ) from error
    finally:
        socket.setdefaulttimeout(before)
    if not cached.is_file():
        raise NotAvailable(f"Keras fetched no {backbone.imagenet_file} into {cached.parent}; give --weights FILE")
    return cached
