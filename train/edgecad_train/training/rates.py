"""Learning rates by layer: one for all, or lower from block to block on the way down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from edgecad_train.networks.network import Network
from edgecad_train.training.strategies import Stage

DECAY = 2.6
"""Factor between the rates of neighbouring blocks (Howard & Ruder 2018, arXiv:1801.06146, section 3.2). The paper
says that its rates differ by layer and not by how much, so this is ours."""


@dataclass(frozen=True)
class RateGroup:
    """Variables that learn at one rate, and the lowest layer among them."""

    rate: float
    variables: tuple[Any, ...]
    lowest_layer: str


def rate_groups(network: Network, stage: Stage) -> tuple[RateGroup, ...]:
    """Group what `stage` trains, from the top down; layers must be frozen and unfrozen already.

    The head and the topmost block learn at the stage's rate. With `layerwise`, each block below learns
    2.6 times slower than the one above it; blocks are those of the backbone's table.
    """
    learning = [layer for layer in network.model.layers if layer.trainable and layer.trainable_variables]
    depths = _depths(network, learning) if stage.layerwise else [0] * len(learning)
    groups = []
    for depth in sorted(set(depths)):
        own = [layer for layer, its in zip(learning, depths, strict=True) if its == depth]
        variables = tuple(variable for layer in own for variable in layer.trainable_variables)
        groups.append(RateGroup(stage.learning_rate / DECAY**depth, variables, own[0].name))
    return tuple(groups)


def _depths(network: Network, learning: list[keras.layers.Layer]) -> list[int]:
    """How many block boundaries lie above each layer, the topmost block's own not counted."""
    names = [layer.name for layer in network.backbone_layers()]
    depths = []
    for layer in learning:
        above = len(names) - names.index(layer.name) if layer.name in names else 0
        depths.append(max(0, sum(count < above for count in network.backbone.blocks)))
    return depths
