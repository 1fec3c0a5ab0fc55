"""The networks on offer, as data: what each takes in, where its features come out, where it may be cut.

The paper names families and a few members; the list of fifteen is ours, with MobileNetV2 beside it for
the edge.
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
        blocks: how many top layers lie above each block boundary. Counted, not named: Keras numbers some
            layers anew in every process. Listed are the stages and, within the last stage, its blocks.
        imagenet_file: file name of Keras' ImageNet weights without top.
    """

    name: str
    application: str
    size: int
    scaling: Scaling
    feature_layer: str
    blocks: tuple[int, ...]
    imagenet_file: str


def _file(stem: str) -> str:
    return f"{stem}_weights_tf_dim_ordering_tf_kernels_notop.h5"


def _vgg(depth: int, last_block: int) -> Backbone:
    return Backbone(f"vgg{depth}", f"VGG{depth}", 224, "caffe", "block5_pool", (last_block,), _file(f"vgg{depth}"))


def _resnet(depth: int) -> Backbone:
    name = f"resnet{depth}"
    return Backbone(name, f"ResNet{depth}", 224, "caffe", "conv5_block3_out", (10, 20, 32), _file(name))


def _resnet_v2(depth: int) -> Backbone:
    name = f"resnet{depth}v2"
    return Backbone(name, f"ResNet{depth}V2", 224, "tf", "post_relu", (13, 24, 36), _file(name))


def _densenet(depth: int, last_stage: int) -> Backbone:
    # Its last stage has `last_stage` dense layers of seven, then one normalisation and its activation.
    blocks = tuple(2 + 7 * count for count in range(1, last_stage + 1))
    return Backbone(f"densenet{depth}", f"DenseNet{depth}", 224, "torch", "relu", blocks, _file(f"densenet{depth}"))


_ALL = (
    Backbone(
        "mobilenetv2",
        "MobileNetV2",
        224,
        "tf",
        "out_relu",
        (3, 11),
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
    ),
    _vgg(16, 4),
    _vgg(19, 5),
    Backbone("xception", "Xception", 299, "tf", "block14_sepconv2_act", (6, 16), _file("xception")),
    Backbone("inceptionv3", "InceptionV3", 299, "tf", "mixed10", (31,), _file("inception_v3")),
    Backbone(
        "inceptionresnetv2",
        "InceptionResNetV2",
        299,
        "tf",
        "conv_7b_ac",
        tuple(range(18, 115, 16)),
        _file("inception_resnet_v2"),
    ),
    _resnet(50),
    _resnet(101),
    _resnet(152),
    _resnet_v2(50),
    _resnet_v2(101),
    _resnet_v2(152),
    _densenet(121, 16),
    _densenet(169, 32),
    _densenet(201, 32),
    Backbone(
        "efficientnetb0", "EfficientNetB0", 224, "efficientnet", "top_activation", (3, 16), "efficientnetb0_notop.h5"
    ),
)

BACKBONES = {entry.name: entry for entry in _ALL}


def backbone_named(name: str) -> Backbone:
    """Look a backbone up; an unknown name is a usage error that lists the known ones."""
    try:
        return BACKBONES[name]
    except KeyError:
        raise UsageError(f"no backbone is called {name!r}; choose one of: {', '.join(BACKBONES)}") from None


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
