"""Keras and TensorFlow on the trained model itself: score alone, with Grad-CAM, and from a folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from measures.peers.base import Peer, PeerModel
from measures.peers.messages import PeerAnswer

BATCHES = (1, 8, 16, 32)
"""That a pipeline is tried at; its best one is timed."""


def loaded(given: PeerModel) -> tuple[Any, Any]:
    """TensorFlow, and the trained model."""
    import keras
    import tensorflow

    return tensorflow, keras.models.load_model(given.keras_file, compile=False)


def predict(given: PeerModel) -> Peer:
    """`model.predict`, as a user calls it."""
    _, model = loaded(given)
    images = given.images()
    model.predict(images[0], verbose=0)
    run = lambda image: model.predict(image, verbose=0)  # noqa: E731
    return Peer({"answer": run}, images, given.answer_of_logits, {"jit_compile": bool(model.jit_compile)})


def function(given: PeerModel, xla: bool) -> Peer:
    """A `tf.function` that was traced once for one image, with or without XLA."""
    tensorflow, model = loaded(given)
    run = _traced(tensorflow, given, lambda image: model(image, training=False), xla)
    return Peer({"answer": lambda image: run(image).numpy()}, given.images(), given.answer_of_logits)


def grad_cam(given: PeerModel, xla: bool) -> Peer:
    """Score and Grad-CAM (Selvaraju et al. 2017) of the score at the last features, in one traced function.

    The network runs once, and the gradient goes through the head alone: the fastest way to write it. The gate s(z) of a
    hidden unit z s(z) counts as a constant, as in EdgeCAD's map; so both give one map, and their times are comparable.
    """
    tensorflow, model = loaded(given)
    below, above = _cut(model)
    _hold_gates(above)
    positive = given.contract.positive_index

    def explained(image: Any) -> Any:
        features = below(image, training=False)
        with tensorflow.GradientTape() as tape:
            tape.watch(features)
            logits = above(features, training=False)
            score = logits[:, positive] - logits[:, 1 - positive]
        weights = tensorflow.reduce_mean(tape.gradient(score, features), axis=(1, 2), keepdims=True)
        return logits, tensorflow.nn.relu(tensorflow.reduce_sum(weights * features, axis=-1))[0]

    run = _traced(tensorflow, given, explained, xla)

    def told(values: Any) -> PeerAnswer:
        logits, shown = (np.asarray(value) for value in values)
        return PeerAnswer(given.answer_of_logits(logits).probability, [float(value) for value in shown.ravel()])

    return Peer({"explained": lambda image: [value.numpy() for value in run(image)]}, given.images(), told)


def _cut(model: Any) -> tuple[Any, Any]:
    """The network up to its last features, and the head on them."""
    import keras

    features = model.get_layer("pooling").input
    return keras.Model(model.input, features), keras.Model(features, model.output)


def _hold_gates(head: Any) -> None:
    """Have no gradient go through the sigmoid of SiLU; what comes out forwards is the same."""
    import keras

    def held(z: Any) -> Any:
        return z * keras.ops.stop_gradient(keras.ops.sigmoid(z))

    for layer in head.layers:
        if getattr(layer, "activation", None) is keras.activations.silu:
            layer.activation = held


def _traced(tensorflow: Any, given: PeerModel, function: Callable[[Any], Any], xla: bool) -> Callable[[Any], Any]:
    signature = tensorflow.TensorSpec(given.images()[0].shape, tensorflow.uint8)
    compiled = tensorflow.function(function, jit_compile=xla).get_concrete_function(signature)
    return lambda image: compiled(tensorflow.constant(image))


def folder(given: PeerModel) -> Peer:
    """A `tf.data` pipeline over all screens: read, decode, resize side by side, batches read ahead, `predict`.

    Scores alone, of whole screens: nothing checks that they show a map, no map is found or cut out. `half` lets the
    decoder halve a JPEG, as EdgeCAD does.
    """
    tensorflow, model = loaded(given)
    size = given.images()[0].shape[1]

    def way(batch: int, ratio: int) -> Callable[[Any], None]:
        def read(path: Any) -> Any:
            screen = tensorflow.io.decode_jpeg(tensorflow.io.read_file(path), channels=3, ratio=ratio)
            return tensorflow.cast(tensorflow.image.resize(screen, (size, size)), tensorflow.uint8)

        screens = tensorflow.data.Dataset.from_tensor_slices(list(given.screens))
        # Numbers of our own: a pipeline that tunes itself sleeps for 10 ms, 20, 40, ..., and `predict` waits for it.
        options = tensorflow.data.Options()
        options.autotune.enabled = False
        prepared = screens.map(read, num_parallel_calls=os.cpu_count()).batch(batch)
        ready = prepared.prefetch(2).with_options(options)

        def whole(_: Any) -> None:
            found = model.predict(ready, verbose=0)
            if len(found) != len(given.screens):
                raise ValueError(f"{len(found)} answers to {len(given.screens)} screens")

        return whole

    ways = {f"batch {batch}{', half' * (ratio == 2)}": way(batch, ratio) for batch in BATCHES for ratio in (1, 2)}
    return Peer(ways, [None])
