"""The networks on offer, as data: what each takes in, where its features come out, where it may be cut.

The paper names families and a few members; the list of fifteen is ours, with MobileNetV2 beside it for
the edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from edgecad.contract import Features, Scaling
from edgecad.errors import UsageError
from edgecad.system.words import did_you_mean


@dataclass(frozen=True)
class Top:
    """Where a network may end: features that are pooled, and the blocks below them.

    Attributes:
        layer: whose output is pooled; by a name that Keras gives in every process.
        blocks: how many layers lie above each block boundary, from `layer` down. Counted, not named: Keras numbers
            some layers anew in every process. Listed are the stages down to the stem and, within the last stage, its
            blocks (ResNet, DenseNet, Inception-ResNet), or else all blocks or modules. All above a boundary depends
            on what lies below through one tensor alone.
    """

    layer: str
    blocks: tuple[int, ...]


@dataclass(frozen=True)
class Backbone:
    """One network of `keras.applications`.

    Attributes:
        name: what the user types.
        application: its function in `keras.applications`.
        size: side of the square input, pixels.
        scaling: how uint8 becomes its input.
        last: its last features, at a thirty-second of the input's side.
        stride_16: its last activations at a sixteenth.
        imagenet_file: file name of Keras' ImageNet weights without top.
    """

    name: str
    application: str
    size: int
    scaling: Scaling
    last: Top
    stride_16: Top
    imagenet_file: str

    def top(self, features: Features) -> Top:
        """Where the network ends if these features are pooled; of `both`, the higher one."""
        return self.stride_16 if features == "stride-16" else self.last


def _file(stem: str) -> str:
    return f"{stem}_weights_tf_dim_ordering_tf_kernels_notop.h5"


def _below(*heights: int) -> tuple[int, ...]:
    """Boundaries below blocks of so many layers each, from the top down."""
    return tuple(accumulate(heights))


def _vgg(depth: int, convolutions: int) -> Backbone:
    # Blocks 5, 4 and 3 have so many convolutions, block 2 has two; each ends in a pooling.
    last = Top("block5_pool", _below(*[convolutions + 1] * 3, 3))
    stride_16 = Top(f"block5_conv{convolutions}", _below(convolutions, *[convolutions + 1] * 2, 3))
    return Backbone(f"vgg{depth}", f"VGG{depth}", 224, "caffe", last, stride_16, _file(f"vgg{depth}"))


def _resnet(depth: int, conv4: int, conv3: int) -> Backbone:
    # A block has ten layers; the first of a stage has two more, on its shortcut.
    name = f"resnet{depth}"
    below = (10 * conv3 + 2, 32)
    last = Top("conv5_block3_out", _below(10, 10, 12, 10 * conv4 + 2, *below))
    stride_16 = Top(f"conv4_block{conv4}_out", _below(*[10] * (conv4 - 1), 12, *below))
    return Backbone(name, f"ResNet{depth}", 224, "caffe", last, stride_16, _file(name))


def _resnet_v2(depth: int, conv4: int, conv3: int) -> Backbone:
    # A block has eleven layers; the first of a stage has one more on its shortcut, and so has the last, which
    # strides, of all stages but conv5. Two layers follow the last stage. The last block of conv4 begins with a
    # normalisation and an activation, from which it strides.
    name = f"resnet{depth}v2"
    below = (11 * conv3 + 2, 35)
    last = Top("post_relu", _below(2 + 11, 11, 12, 11 * conv4 + 2, *below))
    stride_16 = Top(f"conv4_block{conv4}_preact_relu", _below(2 + 11, *[11] * (conv4 - 3), 12, *below))
    return Backbone(name, f"ResNet{depth}V2", 224, "tf", last, stride_16, _file(name))


def _densenet(depth: int, conv4: int, conv5: int) -> Backbone:
    # A dense layer is seven layers. One normalisation and its activation follow conv5, a transition of four
    # layers each other stage, of which the last two halve the grid; conv3 has twelve dense layers and conv2 six.
    name, below = f"densenet{depth}", [7 * count + 4 for count in (12, 6)]
    last = Top("relu", _below(2 + 7, *[7] * (conv5 - 1), 7 * conv4 + 4, *below))
    stride_16 = Top("pool4_relu", _below(2 + 7, *[7] * (conv4 - 1), *below))
    return Backbone(name, f"DenseNet{depth}", 224, "torch", last, stride_16, _file(name))


_MOBILENETV2 = Backbone(
    "mobilenetv2",
    "MobileNetV2",
    224,
    "tf",
    # The last convolution, blocks 16 to 1 (nine layers with an addition or a padding, eight with neither), block 0.
    Top("out_relu", _below(3, 8, *[9] * 5, 8, *[9] * 9, 5)),
    # Block 13 strides after its first convolution and activation, three layers.
    Top("block_13_expand_relu", _below(3, *[9] * 2, 8, *[9] * 9, 5)),
    "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
)
_XCEPTION = Backbone(
    "xception",
    "Xception",
    299,
    "tf",
    # Blocks 14, 13 to 3, 2.
    Top("block14_sepconv2_act", _below(6, *[10] * 11, 9)),
    # Block 13 strides; it begins with an activation.
    Top("block13_sepconv1_act", _below(1, *[10] * 10, 9)),
    _file("xception"),
)
_INCEPTIONV3 = Backbone(
    "inceptionv3",
    "InceptionV3",
    299,
    "tf",
    # Modules mixed10 and mixed9, mixed8 that strides, mixed7 to mixed4, mixed3 that strides, mixed2 to mixed0.
    Top("mixed10", _below(31, 31, 20, *[32] * 4, 14, *[23] * 3)),
    Top("mixed7", _below(*[32] * 4, 14, *[23] * 3)),
    _file("inception_v3"),
)
_INCEPTIONRESNETV2 = Backbone(
    "inceptionresnetv2",
    "InceptionResNetV2",
    299,
    "tf",
    # The ten blocks of block8, mixed_7a, the twenty of block17, mixed_6a, the ten of block35, mixed_5b.
    Top("conv_7b_ac", _below(18, *[16] * 9, 23, 20 * 16, 14, 10 * 22, 23)),
    Top("block17_20_ac", _below(*[16] * 20, 14, 10 * 22, 23)),
    _file("inception_resnet_v2"),
)
_EFFICIENTNETB0 = Backbone(
    "efficientnetb0",
    "EfficientNetB0",
    224,
    "efficientnet",
    # The last convolution; 7a; 6d to 6a; 5c to 5a; 4c to 4a; 3b, 3a; 2b, 2a; 1a.
    Top("top_activation", _below(3, 13, *(15, 15, 15, 14), *(15, 15, 13), *(15, 15, 14), *(15, 14), *(15, 14), 10)),
    # 6a strides after its first convolution and activation, three layers.
    Top("block6a_expand_activation", _below(3, *(15, 15, 13), *(15, 15, 14), *(15, 14), *(15, 14), 10)),
    "efficientnetb0_notop.h5",
)

_ALL = (
    _MOBILENETV2,
    _vgg(16, 3),
    _vgg(19, 4),
    _XCEPTION,
    _INCEPTIONV3,
    _INCEPTIONRESNETV2,
    _resnet(50, conv4=6, conv3=4),
    _resnet(101, conv4=23, conv3=4),
    _resnet(152, conv4=36, conv3=8),
    _resnet_v2(50, conv4=6, conv3=4),
    _resnet_v2(101, conv4=23, conv3=4),
    _resnet_v2(152, conv4=36, conv3=8),
    _densenet(121, conv4=24, conv5=16),
    _densenet(169, conv4=32, conv5=32),
    _densenet(201, conv4=48, conv5=32),
    _EFFICIENTNETB0,
)

BACKBONES = {entry.name: entry for entry in _ALL}


def backbone_named(name: str) -> Backbone:
    """Look a backbone up; an unknown name is a usage error that lists the known ones."""
    try:
        return BACKBONES[name]
    except KeyError:
        raise UsageError(
            f"no backbone is called {name!r}{did_you_mean(name, BACKBONES)}; choose one of: {', '.join(BACKBONES)}"
        ) from None


def unfrozen_layers(parameters: Sequence[int], blocks: Sequence[int]) -> int:
    """How many top layers fine-tuning may train.

    The paper's rule: fewer than a third of the layers and fewer than a third of the parameters.
    EdgeCAD starts at the deepest block boundary within both; where no whole block fits (VGG), at the
    limit itself.

    Args:
        parameters: parameters of each layer from the input to the feature layer.
        blocks: top layers above each block boundary.
    """
    limit = unfreezing_limit(parameters)
    return max((count for count in blocks if count <= limit), default=limit)


def unfreezing_limit(parameters: Sequence[int]) -> int:
    """Most top layers within both one-third rules."""
    limit, held = 0, 0
    for count in reversed(parameters):
        if 3 * (limit + 1) >= len(parameters) or 3 * (held + count) >= sum(parameters):
            break
        limit, held = limit + 1, held + count
    return limit
