"""First weights with which a network without training gives every image an answer of its own.

    python benchmarks/measures/models/lively.py BACKBONE FILE.npz

With Keras' random weights what MobileNetV2 computes shrinks from layer to layer to 1e-11: every image gets one answer,
and an engine that computed nonsense would give it too. Here each normalisation divides by the size of what it sees.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

IMAGES = 16
"""Phantoms' maps that sizes are taken from."""


def write_lively(backbone: str, file: Path) -> None:
    """Write weights that `edgecad train --weights` takes."""
    import keras

    from edgecad_train.networks.backbones import backbone_named
    from edgecad_train.networks.head import Head
    from edgecad_train.networks.network import build_network

    keras.utils.set_random_seed(0)
    entry = backbone_named(backbone)
    network = build_network(entry, "none", Head())
    layers = network.backbone_layers()
    for layer in layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # statistics are those of the next batch
            layer._moments = partial(_size_alone, layer)
    network.model(_maps(entry.size), training=True)
    np.savez(
        file, **{f"{layer.name}/{variable.name}": variable.numpy() for layer in layers for variable in layer.weights}
    )


def _size_alone(layer: Any, inputs: Any, mask: Any) -> tuple[Any, Any]:
    """Statistics that scale and do not centre: a random network that also centres amplifies rounding by 1.2 a layer
    (Yang et al. 2019, arXiv:1902.08129), which a trained one does not.
    """
    from keras import ops

    square = ops.mean(ops.square(inputs), axis=layer._reduction_axes)
    return ops.zeros_like(square), square


def _maps(size: int) -> NDArray[np.uint8]:
    """Phantoms' maps as a network gets them, `(n, size, size, 3)` uint8."""
    from edgecad.contract import Preparation
    from edgecad.preparing import prepared_from
    from edgecad_train.phantoms import draw_patient, render_screen

    preparation = Preparation(size=size)
    return np.stack(
        [prepared_from(render_screen(draw_patient(0, index)), preparation).image for index in range(IMAGES)]
    )


if __name__ == "__main__":
    write_lively(sys.argv[1], Path(sys.argv[2]))
