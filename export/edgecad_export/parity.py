"""Proof that the exported file answers as the Keras model does, before it gets its name."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.checks import IDENTITY_TOLERANCE, PROBABILITY_TOLERANCE, probabilities_of
from edgecad.contract import Contract
from edgecad.errors import GateFailed, ModelInvalid
from edgecad.heatmap import Dense, agreement, class_activation, identity_error, logit_scale, score_map
from edgecad.runners.base import OUTPUTS
from edgecad.runners.devices import DeviceRequest
from edgecad.runners.onnx import OnnxRunner
from edgecad_export.cam_head import Classifier
from edgecad_export.runfiles import Run


@dataclass(frozen=True)
class Tolerances:
    """What the gate allows, fp32."""

    logits: float = 1e-4
    """Largest difference of logits, relative to the largest logit."""
    heatmap_correlation: float = 0.9999
    """Least agreement of the score's maps; see `edgecad.heatmap.agreement` for flat ones."""
    probabilities: float = PROBABILITY_TOLERANCE
    """Largest difference of a probability."""
    identity: float = IDENTITY_TOLERANCE
    """Largest relative error of mean(cam) + cam_bias == logits."""
    neighbourhood: float = 1e-3
    """Distance to the threshold, in probability, within which a flipped decision is rounding."""


@dataclass(frozen=True)
class Parity:
    """What was measured, on `images` images."""

    images: int
    logits: float
    probabilities: float
    flips: int
    flips_in_neighbourhood: int
    heatmap_correlation: float
    identity: float


SAME_MODEL = 1e-3
"""Largest difference, in logit scales, between the loaded model and what training recorded of it."""


def measure(classifier: Classifier, run: Run, model: bytes, tolerances: Tolerances) -> Parity:
    """Compare the trained model and the file on the run's validation images.

    The heat map's reference is not the converted graph but the numpy formula on Keras' features.

    Raises:
        ModelInvalid: the model in the run folder is not the one that training recorded.
        GateFailed: the file gives values that are not finite.
    """
    contract, images = run.contract, run.images
    keras_logits, keras_maps = _reference(classifier, contract, images)
    _check_same_model(keras_logits, run.logits)
    runner = OnnxRunner(model, DeviceRequest("cpu"), "fp32")
    parts = [runner.run(images[start : start + 8], OUTPUTS) for start in range(0, len(images), 8)]
    got = {name: np.concatenate([part[name] for part in parts]) for name in OUTPUTS}
    if not all(np.isfinite(value).all() for value in got.values()):
        raise GateFailed("the exported file gives values that are not finite; the trained weights may be damaged")
    maps = score_map(got["cam"], contract.positive_index)
    scale = logit_scale(keras_logits)
    wanted = probabilities_of(keras_logits, contract.decision.temperature)[:, contract.positive_index]
    seen = got["probabilities"][:, contract.positive_index]
    threshold = contract.decision.threshold
    flipped = (wanted >= threshold) != (seen >= threshold)
    near = np.abs(wanted - threshold) <= tolerances.neighbourhood
    return Parity(
        images=len(images),
        logits=float(np.abs(got["logits"] - keras_logits).max()) / scale,
        probabilities=float(np.abs(wanted - seen).max()),
        flips=int((flipped & ~near).sum()),
        flips_in_neighbourhood=int((flipped & near).sum()),
        heatmap_correlation=min(agreement(a, b, scale) for a, b in zip(keras_maps, maps, strict=True)),
        identity=identity_error(got["cam"], got["cam_bias"], got["logits"]),
    )


def _check_same_model(loaded: NDArray[np.float64], recorded: NDArray[np.float64]) -> None:
    if not np.isfinite(loaded).all():
        raise GateFailed("the trained model gives values that are not finite; its weights are damaged, train again")
    difference = float(np.abs(loaded - recorded).max()) / logit_scale(recorded)
    if not difference <= SAME_MODEL:
        raise ModelInvalid(
            f"model.keras gives other logits than training recorded (difference {difference:.1e} of their scale, "
            f"at most {SAME_MODEL:g}); it is another model than the contract's: run `edgecad train` again"
        )


def _reference(
    classifier: Classifier, contract: Contract, images: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits of the trained model itself, and score maps by the numpy formula."""
    outputs = keras.Model(classifier.model.inputs[0], [classifier.model.output, classifier.features])
    logits, features = (np.asarray(v, np.float64) for v in outputs.predict(images, batch_size=8, verbose=0))
    head = [Dense(*(np.asarray(w, np.float64) for w in layer.get_weights())) for layer in classifier.dense]
    return logits, np.asarray(score_map(class_activation(features, head).cam, contract.positive_index))


def enforce(parity: Parity, tolerances: Tolerances) -> None:
    """Raise `GateFailed`, naming each figure that is missed with its bound."""
    checks = (
        ("logit difference", parity.logits, parity.logits <= tolerances.logits, tolerances.logits),
        (
            "probability difference",
            parity.probabilities,
            parity.probabilities <= tolerances.probabilities,
            tolerances.probabilities,
        ),
        ("decision flips", parity.flips, parity.flips == 0, 0),
        (
            "heat map correlation",
            parity.heatmap_correlation,
            parity.heatmap_correlation >= tolerances.heatmap_correlation,
            tolerances.heatmap_correlation,
        ),
        ("identity error", parity.identity, parity.identity <= tolerances.identity, tolerances.identity),
    )
    missed = [f"{name} {seen:.3g} (bound {bound:g})" for name, seen, holds, bound in checks if not holds]
    if missed:
        raise GateFailed(
            f"the exported file differs from the Keras model: {'; '.join(missed)}; nothing was written under "
            "the model's name"
        )
