"""One scan from nothing: whole processes, ours against a Keras script."""

from __future__ import annotations

import tempfile
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from measures.command import environment
from measures.kept import kept_model, model_in, run_in
from measures.networks import told_of
from measures.processes import quartiles, seconds_in_turn, spread
from measures.screens import drawn_screens

COLD = {"resnet152v2": 0.25}
Found = dict[str, Any]
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
"""What a user writes: `predict` for the score, then Grad-CAM. No gate, no disc, no checks."""
ONE_PASS = f"{_OPENED}{_GRAD_CAM}print(logits.numpy().tolist(), shown.tolist())\n"
"""The same for one who saves the second pass: score and map from one, eager, nothing compiled."""


def cold(arguments: Namespace, backbone: str) -> Found:
    """Seconds from start to exit of one scan's answer; the bar is taken against the faster script."""
    place = kept_model(backbone, arguments.models).resolve()
    model, network = str(model_in(place)), str(run_in(place) / "model.keras")
    with tempfile.TemporaryDirectory() as folder:
        (scan,) = drawn_screens(Path(folder), 1)
        ours = ["-m", "edgecad", "infer", scan, "--model", model, "--device", "cpu", "--json"]
        commands = {
            "EdgeCAD fp32": [*ours, "--precision", "fp32"],
            "EdgeCAD auto": ours,
            "Keras, predict and Grad-CAM": ["-c", PREDICT, network, scan],
            "Keras, one pass": ["-c", ONE_PASS, network, scan],
        }
        times = seconds_in_turn(commands, arguments.rounds, environment() | {"TF_CPP_MIN_LOG_LEVEL": "3"})
    fastest = min(list(times)[2:], key=lambda name: float(np.median(times[name])))
    wanted = COLD.get(backbone)
    shares = {name: _share(times[name], times[fastest], wanted) for name in list(times)[:2]}
    found = {
        "backbone": backbone, "rounds": arguments.rounds, "seconds": spread(times), "all_seconds": times,
        "against": fastest, "shares": shares,
    }  # fmt: skip
    _tell(found)
    return found


def _share(ours: list[float], theirs: list[float], wanted: float | None) -> Found:
    measured = quartiles([one / other for one, other in zip(ours, theirs, strict=True)])
    return {"measured": measured, "at_most": wanted, "held": None if wanted is None else measured["median"] <= wanted}


def _tell(found: Found) -> None:
    print(f"\n{found['backbone']}\n| process | s (quartiles) | share of {found['against']} | held |\n|---|---|---|---|")
    for name, own in found["seconds"].items():
        share = found["shares"].get(name, {"measured": None, "held": None})
        held = {None: "", True: "yes", False: "NO"}[share["held"]]
        print(f"| {name} | {told_of(own)} | {told_of(share['measured'])} | {held} |", flush=True)
