"""One scan from nothing: whole processes, ours against a Keras script."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import numpy as np

from measures.command import EDGECAD, environment, seconds_in_turn
from measures.inference.options import InferenceOptions
from measures.inference.rows import words_of
from measures.models.kept import kept_model, model_in, run_in
from measures.models.screens import drawn_screens
from measures.quartiles import Quartiles, quartiles_of, spread

COLD = {"resnet152v2": 0.25}
_OPENED = """
import sys
import cv2
import keras
import numpy as np
import tensorflow as tf
model = keras.models.load_model(sys.argv[1], compile=False)
size = model.input_shape[1]
image = cv2.cvtColor(cv2.imread(sys.argv[2]), cv2.COLOR_BGR2RGB)
image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)[None]
features = model.get_layer("pooling").input
below, above = keras.Model(model.input, features), keras.Model(features, model.output)
"""
_GRAD_CAM = """
values = below(image, training=False)
with tf.GradientTape() as tape:
    tape.watch(values)
    logits = above(values, training=False)
    score = logits[:, 0] - logits[:, 1]
weights = tf.reduce_mean(tape.gradient(score, values), axis=(1, 2), keepdims=True)
shown = tf.nn.relu(tf.reduce_sum(weights * values, axis=-1))[0].numpy()
"""
PREDICT = f"{_OPENED}found = model.predict(image, verbose=0)\n{_GRAD_CAM}print(found.tolist(), shown.tolist())\n"
"""What a user writes: `predict` for the score, then Grad-CAM. No map check, no disc, no other checks."""
ONE_PASS = f"{_OPENED}{_GRAD_CAM}print(logits.numpy().tolist(), shown.tolist())\n"
"""The same for one who saves the second pass: score and map from one, eager, nothing compiled."""


class ColdShare(msgspec.Struct, frozen=True):
    """Our seconds in the faster script's, round by round; `at_most` and `held` are None without a bound."""

    measured: Quartiles
    at_most: float | None
    held: bool | None


class ColdStarts(msgspec.Struct, frozen=True):
    """Whole processes of each kind.

    Attributes:
        all_seconds: of every round.
        against: the faster script.
        shares: of ours.
    """

    backbone: str
    rounds: int
    seconds: dict[str, Quartiles]
    all_seconds: dict[str, list[float]]
    against: str
    shares: dict[str, ColdShare]


def cold(options: InferenceOptions, backbone: str) -> ColdStarts:
    """Seconds from start to exit of one scan's answer; the bar is taken against the faster script."""
    place = kept_model(backbone, options.models).resolve()
    model, network = str(model_in(place)), str(run_in(place) / "model.keras")
    with tempfile.TemporaryDirectory() as folder:
        (scan,) = drawn_screens(Path(folder), 1)
        ours = [*EDGECAD, "infer", scan, "--model", model, "--device", "cpu", "--json"]
        commands = {
            "EdgeCAD fp32": [*ours, "--precision", "fp32"],
            "EdgeCAD auto": ours,
            "Keras, predict and Grad-CAM": ["-c", PREDICT, network, scan],
            "Keras, one pass": ["-c", ONE_PASS, network, scan],
        }
        times = seconds_in_turn(commands, options.rounds, environment() | {"TF_CPP_MIN_LOG_LEVEL": "3"})
    fastest = min(list(times)[2:], key=lambda name: float(np.median(times[name])))
    bound = COLD.get(backbone)
    shares = {name: _share(times[name], times[fastest], bound) for name in list(times)[:2]}
    found = ColdStarts(backbone, options.rounds, spread(times), times, fastest, shares)
    _tell(found)
    return found


def _share(ours: list[float], theirs: list[float], bound: float | None) -> ColdShare:
    measured = quartiles_of([one / other for one, other in zip(ours, theirs, strict=True)])
    return ColdShare(measured, bound, None if bound is None else measured.median <= bound)


def _tell(found: ColdStarts) -> None:
    print(f"\n{found.backbone}\n| process | s (quartiles) | share of {found.against} | held |\n|---|---|---|---|")
    for name, own in found.seconds.items():
        share = found.shares.get(name)
        held = {None: "", True: "yes", False: "NO"}[share.held if share else None]
        print(f"| {name} | {own.words()} | {words_of(share.measured if share else None)} | {held} |", flush=True)
