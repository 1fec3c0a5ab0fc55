"""Golden samples: phantom screens whose answers were recorded at export, replayed on this machine.

Replaying goes from a file's bytes through decoding, preparation and the engine to the heat map, so
it catches a decoder that drifted as well as an engine that is wrong.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from edgecad.classifier import Classifier
from edgecad.contract import GoldenAnswer
from edgecad.errors import GateFailed, NotAvailable
from edgecad.heatmap import agreement, logit_scale
from edgecad.prediction import Prediction

LOGIT_TOLERANCE = 0.01
"""Largest difference of logits, relative to the largest: rounding of another decoder, not another answer."""
MAP_CORRELATION = 0.999


@dataclass(frozen=True)
class Replay:
    """How one golden sample came out here.

    `logits` is the largest difference relative to the recorded logits' scale; `heatmap` the
    agreement of the maps. `skipped` says why a sample was not replayed.
    """

    sample: str
    logits: float = 0.0
    heatmap: float = 1.0
    skipped: str = ""

    @property
    def holds(self) -> bool:
        """Whether this machine answers as the exporter's did."""
        return self.logits <= LOGIT_TOLERANCE and self.heatmap >= MAP_CORRELATION


def golden_samples() -> dict[str, bytes]:
    """Name and content of every golden sample."""
    folder = resources.files(__name__) / "samples"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.startswith("phantom"))
    return {name: (folder / name).read_bytes() for name in names}


def golden_answers(model: Path) -> tuple[GoldenAnswer, ...]:
    """Answer every golden sample on the CPU, for the contract of `model`."""
    with Classifier(model, device="cpu") as classifier:
        return tuple(_answer(name, content, classifier.replay(content)) for name, content in golden_samples().items())


def _answer(name: str, content: bytes, prediction: Prediction) -> GoldenAnswer:
    return GoldenAnswer(
        sample=name,
        sha256=hashlib.sha256(content).hexdigest(),
        logits=tuple(float(value) for value in prediction.logits),
        score_map=tuple(tuple(float(value) for value in row) for row in prediction.heatmap),
    )


def replay(classifier: Classifier) -> tuple[Replay, ...]:
    """Answer the golden samples again and compare.

    Raises:
        GateFailed: the model carries no golden answers, or to samples that this runtime does not have.
    """
    recorded = classifier.contract.golden
    if not recorded:
        raise GateFailed("the model carries no golden answers, so nothing can be replayed; export it again")
    samples = golden_samples()
    return tuple(_replayed(classifier, answer, samples.get(answer.sample)) for answer in recorded)


def _replayed(classifier: Classifier, answer: GoldenAnswer, content: bytes | None) -> Replay:
    if content is None or hashlib.sha256(content).hexdigest() != answer.sha256:
        raise GateFailed(
            f"the model was exported with another golden sample {answer.sample}; install the edgecad version that "
            "exported it, or export it again"
        )
    try:
        prediction = classifier.replay(content)
    except NotAvailable as missing:
        return Replay(answer.sample, skipped=str(missing))
    wanted, shown = np.array(answer.logits), np.array(answer.score_map)
    if shown.shape != prediction.heatmap.shape:
        raise GateFailed(
            f"{answer.sample}: the recorded heat map is {shown.shape} and the model's {prediction.heatmap.shape}; "
            "the contract belongs to another model: export it again"
        )
    scale = logit_scale(wanted)
    return Replay(
        answer.sample,
        logits=float(np.abs(prediction.logits - wanted).max()) / scale,
        heatmap=agreement(prediction.heatmap, shown, scale),
    )
