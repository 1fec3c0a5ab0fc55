"""Learning rates by layer: one for all, or lower from the head down, block by block."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

import keras

from edgecad_train.networks.network import Network
from edgecad_train.training.strategies import Stage

DECAY = 2.6
"""Factor between the rates of neighbouring groups (Howard & Ruder 2018, arXiv:1801.06146, section 3.2, whose new head
is a layer group like the others). The paper that EdgeCAD follows says that its rates differ by layer and not by how
much, so this is ours."""


@dataclass(frozen=True)
class RateGroup:
    """Variables that learn at one rate, and the lowest layer among them."""

    rate: float
    variables: tuple[Any, ...]
    lowest_layer: str


def rate_groups(network: Network, stage: Stage) -> tuple[RateGroup, ...]:
    """Group what `stage` trains, from the top down; layers must be frozen and unfrozen already.

    Without `layerwise` all is one group. With it the head is a group of its own and learns at the stage's rate;
    the backbone's topmost block learns 2.6 times slower than the head, and each block below 2.6 times slower
    than the one above it. Blocks are those of the backbone's table (stages, where it lists no blocks inside
    them), and what lies below its lowest boundary is the last.
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
    """How many groups lie above each layer: none for the head, one for the topmost block."""
    height = {layer.name: count for count, layer in enumerate(reversed(network.backbone_layers()), 1)}
    # The first boundary below the layer tells its block.
    return [bisect_left(network.blocks, height[layer.name]) + 1 if layer.name in height else 0 for layer in learning]
