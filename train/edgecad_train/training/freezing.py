"""Freeze, unfreeze and cut a network for a stage."""

from __future__ import annotations

from typing import Any

import keras

from edgecad_train.networks.boundaries import cut_below
from edgecad_train.networks.network import Network
from edgecad_train.networks.scaling import LAYERS as SCALING_LAYERS
from edgecad_train.training.strategies import Part, Stage

SCRATCH_MOMENTUM = 0.8
"""Of batch normalisation that learns. Keras' 0.99 to 0.999 remember the first variance, 1, for thousands of steps. The
activations of random weights vary by 1e-4 deep down, so that even 0.9 needs a hundred steps; and here there are few."""


def first_learning(network: Network, part: Part) -> str:
    """Name of the lowest layer that a stage of this part trains."""
    lowest = {
        "head": network.head_begins,
        "top": network.fine_tuned_from,
        "after-first": network.after_first,
        "everything": network.backbone_layers()[0].name,
    }
    return lowest[part]


def set_trainable(network: Network, stage: Stage) -> None:
    """Freeze and unfreeze layers for a stage.

    Batch normalisation is frozen by its own flag wherever it is held: calling a model with
    `training=False` does not do it in Keras 3 (keras issue 20285).
    """
    first, learns = first_learning(network, stage.part), False
    for layer in network.model.layers:
        learns = learns or layer.name == first
        normalises = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = learns and not (normalises and stage.hold_batch_norm) and layer.name not in SCALING_LAYERS
        if normalises and not stage.hold_batch_norm:
            layer.momentum = SCRATCH_MOMENTUM


def cut_of(network: Network, part: Part) -> Any:
    """The tensor below which a stage of this part changes nothing; None where it trains everything."""
    return None if part == "everything" else cut_below(network.model, first_learning(network, part))


def learning_part(network: Network, part: Part) -> keras.Model:
    """From the cut to the logits: what runs in every epoch. Layers are shared with the network."""
    cut = cut_of(network, part)
    return network.model if cut is None else keras.Model(cut, network.model.output)
