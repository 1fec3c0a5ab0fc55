"""An int8 file beside its fp32 file on phantoms that neither training, nor the fit, nor the gate has seen."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from edgecad.contract import Contract, Preparation
from edgecad.inference.loading import load_model
from edgecad.modelfiles.file import FILES
from edgecad.verification.comparison import compare
from edgecad_export.proof.answers import CheckedAnswers, answers_of_file
from edgecad_train.phantoms import PhantomPatient, draw_patient, jpeg_bytes, render_screen
from measures.uptake.maps import FRESH_SEED, Refused, prepared_image


class FreshParity(msgspec.Struct, frozen=True):
    """How far int8's answers lie from fp32's; as in `edgecad.verification.comparison`.

    Attributes:
        images: phantoms that could be prepared.
        probabilities_rms: root mean square of the difference of P(positive).
        beyond: how many lie farther off than the bound of `probabilities`.
        flips, flips_in_neighbourhood: of label or certainty, away from where it changes and near to it.
        auc_loss: by how much the area under the ROC curve fell.
    """

    images: int
    logits: float
    probabilities: float
    probabilities_rms: float
    beyond: int
    flips: int
    flips_in_neighbourhood: int
    heatmap_correlation: float
    heatmap_median: float
    auc_loss: float


def fresh_parity(folder: Path, count: int) -> FreshParity:
    """Compare a model folder's int8 file with its fp32 file on `count` phantoms."""
    contract = load_model(folder, "cpu", "int8").contract
    images, positive = _phantoms(contract.preparation, count)
    exact, seen = (_answers(folder / FILES[name], contract, images) for name in ("fp32", "int8"))
    bounds = contract.tolerances
    found = compare(exact, seen, contract.decision.threshold, bounds["neighbourhood"], zone=contract.decision.zone)
    moved = np.abs(seen.scores - exact.scores)
    return FreshParity(
        images=found.images, logits=found.logits, probabilities=found.probabilities,
        probabilities_rms=float(np.sqrt(np.mean(moved**2))), beyond=int((moved > bounds["probabilities"]).sum()),
        flips=found.flips, flips_in_neighbourhood=found.flips_in_neighbourhood,
        heatmap_correlation=found.heatmap_correlation, heatmap_median=found.heatmap_median,
        auc_loss=float(roc_auc_score(positive, exact.scores) - roc_auc_score(positive, seen.scores)),
    )  # fmt: skip


def _phantoms(preparation: Preparation, count: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The network's inputs `(n, size, size, 3)` and which are positive `(n,)`; refused screens are left out."""
    patients = [draw_patient(FRESH_SEED, index) for index in range(count)]
    drawn = [(patient, prepared_image(jpeg_bytes(render_screen(patient)), preparation)) for patient in patients]
    kept: list[tuple[PhantomPatient, NDArray[np.uint8]]] = [
        (patient, image) for patient, image in drawn if not isinstance(image, Refused)
    ]
    return np.stack([image for _, image in kept]), np.array([patient.label == "CAD" for patient, _ in kept])


def _answers(file: Path, contract: Contract, images: NDArray[np.uint8]) -> CheckedAnswers:
    return answers_of_file(onnx.load(file), contract, images, head=())
