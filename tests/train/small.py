"""A few layers that go by the name of MobileNetV2, for tests of what does not depend on the network: runs and studies.

The real one takes several times as long; it is looked at in `tests/train/networks`, and goes the whole way in
`tests/flow`. As a program this is `edgecad` with the small network.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest.mock import patch

ACTIVATIONS = {"Conv_1": "out_relu", "block_13_expand": "block_13_expand_relu"}
"""Names of the activations that may be pooled, as the real network has them."""


def _block(x: Any, name: str, filters: int, kernel: int, strides: int) -> Any:
    from keras import layers

    x = layers.Conv2D(filters, kernel, strides=strides, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return layers.ReLU(name=ACTIVATIONS.get(name, f"{name}_relu"))(x)


def mobilenet(include_top: bool, weights: None, input_tensor: Any = None, input_shape: Any = None) -> Any:
    """A few layers in place of `keras.applications.MobileNetV2`; of a 224 pixel image features `(n, 7, 7, 24)`, and
    `(n, 14, 14, 24)` at a sixteenth.

    As in the real one the top block boundary lies below the last convolution, `Conv_1`, and below `block_13_expand`.
    """
    import keras

    x = image = keras.Input(input_shape) if input_tensor is None else input_tensor
    for name, filters, kernel, strides in (
        ("stem", 6, 4, 4),
        ("low", 12, 3, 4),
        ("mid", 12, 3, 1),
        ("block_13_expand", 24, 1, 1),
        ("high", 24, 3, 2),
        ("Conv_1", 24, 1, 1),
    ):
        x = _block(x, name, filters, kernel, strides)
    return keras.Model(image if input_tensor is None else keras.utils.get_source_inputs(image)[0], x)


@contextmanager
def small_mobilenet() -> Iterator[None]:
    """Let `mobilenetv2` be the small network."""
    import edgecad_train  # noqa: F401 - silences TensorFlow before keras is imported

    import keras  # isort: skip

    with patch.object(keras.applications, "MobileNetV2", mobilenet):
        yield


if __name__ == "__main__":
    from edgecad.cli import main

    # Other commands need no network, and Keras takes seconds to import.
    with small_mobilenet() if sys.argv[1:2] in (["train"], ["study"]) else nullcontext():
        main()
