"""What a model says of some images: the trained Keras model, or an exported file."""

from __future__ import annotations

from dataclasses import dataclass, replace

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.checks import probabilities_of
from edgecad.contract import Contract
from edgecad.heatmap import Dense, class_activation, identity_error, score_map
from edgecad.runners.base import OUTPUTS
from edgecad.runners.devices import DeviceRequest
from edgecad.runners.onnx import OnnxRunner
from edgecad.verification import comparison
from edgecad_export.cam_head import Classifier

BATCH = 8
"""Images at a time, so that memory does not grow with their number."""
ROUNDING = 1e-5
"""Share of a hidden layer's largest value within which float32 may set a unit on the other side of nought."""


@dataclass(frozen=True)
class Answers(comparison.Answers):
    """What a model says of `n` images, and whether its outputs fit together.

    Attributes:
        identity: relative error of mean(cam) + cam_bias == logits, the largest.
        finite: whether every value of every output is.
        sides: other maps that are as good, `(n, h, w)` each: where a hidden unit stands within rounding of nought,
            those with it on and with it off; elsewhere they are `maps`.
    """

    identity: float
    finite: bool
    sides: tuple[NDArray[np.float64], ...] = ()

    def only(self, rows: NDArray[np.intp]) -> Answers:
        """Those to some of the images."""
        return replace(
            self, logits=self.logits[rows], scores=self.scores[rows], maps=self.maps[rows],
            sides=tuple(side[rows] for side in self.sides),
        )  # fmt: skip

    def on_the_side_of(self, seen: comparison.Answers) -> Answers:
        """The same, each map that of its sides which is most like the one seen."""
        choices = np.stack([self.maps, *self.sides])
        if choices.shape[1:] != seen.maps.shape or not np.isfinite(seen.maps).all():
            return self
        distances = np.abs(choices - seen.maps).max(axis=(2, 3))
        return replace(self, maps=choices[distances.argmin(axis=0), np.arange(len(self.maps))])


def answers_of_keras(classifier: Classifier, contract: Contract, images: NDArray[np.uint8]) -> Answers:
    """Answers of the trained model itself; its maps by the numpy formula on its features, not by a graph."""
    outputs = keras.Model(classifier.model.inputs[0], [classifier.model.output, classifier.features])
    logits, features = (np.asarray(v, np.float64) for v in outputs.predict(images, batch_size=BATCH, verbose=0))
    head = [Dense(*(np.asarray(w, np.float64) for w in layer.get_weights())) for layer in classifier.dense]
    activation = class_activation(features, head)
    sides = (class_activation(features, head, on_from).cam for on_from in (-ROUNDING, ROUNDING))
    return Answers(
        logits,
        probabilities_of(logits, contract.decision.temperature)[:, contract.positive_index],
        np.asarray(score_map(activation.cam, contract.positive_index), np.float64),
        identity_error(activation.cam, activation.cam_bias, logits),
        bool(np.isfinite(logits).all() and np.isfinite(features).all()),
        tuple(np.asarray(score_map(side, contract.positive_index), np.float64) for side in sides),
    )


def answers_of_file(model: bytes, contract: Contract, images: NDArray[np.uint8]) -> Answers:
    """Answers of an ONNX file on the reference runtime, ONNX Runtime on the CPU."""
    runner = OnnxRunner(model, DeviceRequest("cpu"))
    parts = [runner.run(images[start : start + BATCH], OUTPUTS) for start in range(0, len(images), BATCH)]
    got = {name: np.concatenate([part[name] for part in parts]) for name in OUTPUTS}
    return Answers(
        np.asarray(got["logits"], np.float64),
        np.asarray(got["probabilities"][:, contract.positive_index], np.float64),
        np.asarray(score_map(got["cam"], contract.positive_index), np.float64),
        identity_error(got["cam"], got["cam_bias"], got["logits"]),
        all(bool(np.isfinite(value).all()) for value in got.values()),
    )
