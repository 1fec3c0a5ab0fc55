"""The networks on offer, as data: what each takes in, where its features come out, where it may be cut.

A boundary is the first layer of a block through whose input alone everything above depends on what
is below. Listed are the stages and, within the last stage, its residual blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgecad.contract import Scaling
from edgecad.errors import UsageError


@dataclass(frozen=True)
class Backbone:
    """One network of `keras.applications`.

    Attributes:
        name: what the user types.
        application: its function in `keras.applications`.
        size: side of the square input, pixels.
        scaling: how uint8 becomes its input.
        feature_layer: layer whose output feeds global average pooling.
        boundaries: first layers of its blocks, from the input to the output.
        imagenet_file: file name of Keras' ImageNet weights without top.
    """

    name: str
    application: str
    size: int
    scaling: Scaling
    feature_layer: str
    boundaries: tuple[str, ...]
    imagenet_file: str


def _resnet_v2(depth: int) -> Backbone:
    stages = tuple(f"conv{stage}_block1_preact_bn" for stage in (2, 3, 4, 5))
    return Backbone(
        name=f"resnet{depth}v2",
        application=f"ResNet{depth}V2",
        size=224,
        scaling="tf",
        feature_layer="post_relu",
        boundaries=(*stages, "conv5_block2_preact_bn", "conv5_block3_preact_bn"),
        imagenet_file=f"resnet{depth}v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
    )


_MOBILENET_V2 = Backbone(
    name="mobilenetv2",
    application="MobileNetV2",
    size=224,
    scaling="tf",
    feature_layer="out_relu",
    boundaries=(*(f"block_{block}_expand" for block in range(1, 17)), "Conv_1"),
    imagenet_file="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
)

BACKBONES = {entry.name: entry for entry in (_MOBILENET_V2, *(_resnet_v2(depth) for depth in (50, 101, 152)))}


def backbone_named(name: str) -> Backbone:
    """Look a backbone up; an unknown name is a usage error that lists the known ones."""
    try:
        return BACKBONES[name]
    except KeyError:
        raise UsageError(f"no backbone is called {name!r}; choose one of: {', '.join(BACKBONES)}") from None


def unfrozen_layers(names: Sequence[str], parameters: Sequence[int], boundaries: Sequence[str]) -> int:
    """How many top layers fine-tuning may train.

    The paper's rule: fewer than a third of the layers and fewer than a third of the parameters.
    EdgeCAD starts at the deepest block boundary within both; where no whole block fits (VGG), at the
    limit itself.

    Args:
        names: layer names from the input to the feature layer.
        parameters: parameters of each of these layers.
        boundaries: first layers of blocks.
    """
    limit, held = 0, 0
    for count in reversed(parameters):
        if 3 * (limit + 1) >= len(names) or 3 * (held + count) >= sum(parameters):
            break
        limit, held = limit + 1, held + count
    whole = [len(names) - names.index(first) for first in boundaries if first in names]
    fitting = [count for count in whole if count <= limit]
    return max(fitting, default=limit)
