"""The gate: no file gets its name unless it answers as the trained Keras model does."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import onnx
from msgspec.structs import replace as msgspec_replace
from numpy.typing import NDArray

from edgecad.answer.heatmap import logit_scale, shade_of
from edgecad.contract import Contract, Preparation
from edgecad.errors import GateFailed, ModelInvalid
from edgecad.golden import GOLDEN_TABLES, golden_samples, replay_preparation
from edgecad.preparing import prepared_from
from edgecad_export.graph.trained_classifier import TrainedClassifier
from edgecad_export.proof.answers import ReferenceAnswers, answers_of_file, answers_of_keras
from edgecad_export.proof.parity import Miss, Parity, misses, parity_of
from edgecad_export.proof.tolerances import Tolerances
from edgecad_export.runfiles import Run

SAME_MODEL = 1e-3
"""Largest difference, in logit scales, between the loaded model and what training recorded of it."""


@dataclass(frozen=True)
class ReferenceSet:
    """Images on which files are judged, and the reference: what the Keras model answers to them.

    Attributes:
        images: prepared, `(n, size, size, 3)` uint8 RGB.
        truth: which are positive, `(n,)`, where it is known.
    """

    images: NDArray[np.uint8]
    reference: ReferenceAnswers
    truth: NDArray[np.bool_] | None

    def only(self, rows: NDArray[np.intp]) -> ReferenceSet:
        """Some of them."""
        return ReferenceSet(
            self.images[rows], self.reference.only(rows), None if self.truth is None else self.truth[rows]
        )


@dataclass(frozen=True)
class Verdict:
    """How a file did. `misses` says what was too far off, on which images; it is empty where the file holds."""

    validation: Parity
    golden: Parity
    misses: tuple[Miss, ...]

    @property
    def holds(self) -> bool:
        """Whether the file may bear its name."""
        return not self.misses

    @property
    def summary(self) -> str:
        """One line for people."""
        return "holds" if self.holds else "; ".join(miss.text for miss in self.misses)


@dataclass(frozen=True)
class ParityGate:
    """Judges files of one run, on its validation images and on the golden screens."""

    contract: Contract
    validation: ReferenceSet
    golden: ReferenceSet

    def judge(self, model: onnx.ModelProto, allowed: Tolerances) -> Verdict:
        """Compare a graph with the Keras model."""
        parities = {name: self._parity(own, model, allowed) for name, own in self._sets().items()}
        missed = (
            replace(miss, text=f"{miss.text} on {name} images")
            for name, parity in parities.items()
            for miss in misses(parity, allowed)
        )
        return Verdict(**parities, misses=tuple(missed))

    def without(self, images: NDArray[np.uint8]) -> ParityGate:
        """The same gate, without the validation images that a quantiser was shown: they are no judges of it."""
        shown = {image.tobytes() for image in images}
        rows = [row for row, image in enumerate(self.validation.images) if image.tobytes() not in shown]
        # Images that a file was fitted to are poor judges, but better than none.
        return self if not rows else replace(self, validation=self.validation.only(np.array(rows)))

    def _sets(self) -> dict[str, ReferenceSet]:
        return {"validation": self.validation, "golden": self.golden}

    def _parity(self, own: ReferenceSet, model: onnx.ModelProto, allowed: Tolerances) -> Parity:
        seen = answers_of_file(model, self.contract, own.images, own.reference.head)
        decision, limits = self.contract.decision, self.contract.familiarity
        return parity_of(
            own.reference, seen, decision.threshold, allowed.neighbourhood, own.truth,
            None if limits is None else limits.limit, decision.zone, shade_of(self.contract.heatmap.full_scale),
        )  # fmt: skip


def gate_of(classifier: TrainedClassifier, run: Run) -> ParityGate:
    """The gate of a run.

    Raises:
        ModelInvalid: the model in the run folder is not the one that training recorded.
        GateFailed: it gives values that are not finite.
    """
    # A region of the contract's is left out, as the runtime does where it replays these screens.
    golden = golden_images(msgspec_replace(run.contract.preparation, region=None))
    validation, screens = (
        answers_of_keras(classifier, run.contract, images, run.centres) for images in (run.images, golden)
    )
    if not (validation.finite and screens.finite):
        raise GateFailed("the trained model gives values that are not finite; its weights are damaged, train again")
    _check_same_model(validation.logits, run.logits)
    return ParityGate(
        run.contract, ReferenceSet(run.images, validation, run.truth), ReferenceSet(golden, screens, None)
    )


def golden_images(preparation: Preparation) -> NDArray[np.uint8]:
    """The golden screens as the runtime prepares them, `(n, size, size, 3)`."""
    how = replay_preparation(preparation)
    return np.stack([prepared_from(content, how, GOLDEN_TABLES).image for content in golden_samples().values()])


def _check_same_model(loaded: NDArray[np.floating], recorded: NDArray[np.float64] | None) -> None:
    """Hold the loaded model against what training recorded; a model of someone else's has no record."""
    if recorded is None:
        return
    difference = float(np.abs(loaded - recorded).max()) / logit_scale(recorded)
    if not difference <= SAME_MODEL:
        raise ModelInvalid(
            f"model.keras gives other logits than training recorded (difference {difference:.1e} of their scale, "
            f"at most {SAME_MODEL:g}); it is another model than the contract's: run `edgecad train` again"
        )
