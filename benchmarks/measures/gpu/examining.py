"""Whether a device answers as the CPU does: golden samples, phantoms, threads, batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from edgecad import Classifier
from edgecad.answer.heatmap import agreement, logit_scale, score_map
from edgecad.answer.prediction import Prediction
from edgecad.contract import Contract
from edgecad.doctor.proof.figures import Alike, GoldenAgreement, PhantomAgreement
from edgecad.golden import LOGIT_TOLERANCE, MAP_CORRELATION
from edgecad.inference.predicting import outputs_for
from measures.gpu.phantoms import Kept

FP32 = {"logits": 1e-3, "probability": 1e-3, "heatmap": 0.9999}
"""A GPU adds in another order than a CPU, and some of its convolutions transform their inputs: rounding, no more."""
FP16 = {"probability": 0.01, "heatmap": 0.999}
"""As the gate of the export has it, unless the file's contract says what it was held to."""
THREADS, TASKS, BATCH = 4, 40, 8


def golden_of(classifier: Classifier) -> tuple[GoldenAgreement, str]:
    """Golden samples replayed on a device, and what is wrong with them."""
    replays = classifier.replay_golden()
    tried = [each for each in replays if not each.skipped]
    figures = GoldenAgreement(
        samples=len(tried),
        logits=max(each.logits for each in tried),
        heatmap=min(each.heatmap for each in tried),
        familiarity=max(each.familiarity for each in tried),
        skipped=tuple(each.sample for each in replays if each.skipped),
    )
    wrong = ", ".join(each.sample for each in replays if not each.holds)
    return figures, f"{wrong} answered otherwise than at export" if wrong else ""


def wanted_of(contract: Contract) -> dict[str, float]:
    """The bounds of a file against the CPU's fp32, by the names of `PhantomAgreement`.

    A head with ReLU has no bound of its map: a unit near zero may fall on the other side by rounding, and then the map
    jumps though the score does not. The golden samples judge the map there.
    """
    told = contract.tolerances
    own = {
        "probability": told.get("probabilities", FP16["probability"]),
        "heatmap": told.get("heatmap_correlation", FP16["heatmap"]),
    }
    wanted = FP32 if contract.precision == "fp32" else own
    jumps = contract.activations is None or "relu" in contract.activations  # version 1 does not tell
    return {name: bound for name, bound in wanted.items() if name != "heatmap" or not jumps}


def parity_of(answers: list[Prediction], reference: Kept, wanted: Mapping[str, float]) -> tuple[PhantomAgreement, str]:
    """Answers to phantoms against the CPU's in fp32, and what is beyond the bounds."""
    logits, maps = [], []
    for answer, own, shown in zip(answers, reference["logits"], reference["heatmaps"], strict=True):
        scale = logit_scale(own)
        logits.append(float(np.abs(answer.logits - own).max()) / scale)
        maps.append(agreement(answer.heatmap, shown, scale))
    scores = np.array([answer.probability for answer in answers])
    labels = np.array([answer.label == answer.positive for answer in answers]) != reference["positive"]
    figures = PhantomAgreement(
        phantoms=len(answers),
        logits=max(logits),
        probability=float(np.abs(scores - reference["probabilities"]).max()),
        heatmap=min(maps),
        labels=int(labels.sum()),
        wanted=dict(wanted),
    )
    return figures, "; ".join(_beyond(figures, wanted))


def _beyond(figures: PhantomAgreement, wanted: Mapping[str, float]) -> Iterator[str]:
    for name, bound in wanted.items():
        seen: float = getattr(figures, name)
        if (seen < bound) if name == "heatmap" else (seen > bound):
            yield f"{name} {seen:.6g}, {bound:g} wanted"


def alike_of(classifier: Classifier, answers: list[Prediction]) -> tuple[Alike, str]:
    """Threads against one thread, bit by bit, and a batch against single images; what is wrong."""
    outputs = outputs_for(classifier.contract)
    images = [answer.image[None] for answer in answers[:BATCH]]
    alone = [classifier.run(image, outputs) for image in images]
    with ThreadPoolExecutor(THREADS) as pool:
        tasks = [pool.submit(classifier.run, images[number % len(images)], outputs) for number in range(TASKS)]
        moved = {
            name
            for number, task in enumerate(tasks)
            for name, value in task.result().items()
            if value.tobytes() != alone[number % len(images)][name].tobytes()
        }
    together = classifier.run(np.concatenate(images), outputs)
    logits, maps, positive = [], [], classifier.contract.positive_index
    for number, own in enumerate(alone):
        scale = logit_scale(own["logits"])
        logits.append(float(np.abs(together["logits"][number] - own["logits"][0]).max()) / scale)
        shown, expected = (score_map(cam, positive) for cam in (together["cam"][number], own["cam"][0]))
        maps.append(agreement(shown, expected, scale))
    figures = Alike(THREADS, len(images), max(logits), min(maps))
    wrong = [f"{', '.join(sorted(moved))} of several threads differ in their bits"] if moved else []
    if figures.logits > LOGIT_TOLERANCE or figures.heatmap < MAP_CORRELATION:
        wrong.append(f"a batch differs from single images: logits {figures.logits:.2g}, map {figures.heatmap:.5f}")
    return figures, "; ".join(wrong)


def reference_file(place: Path, model: str) -> Path:
    """Where the CPU's answers of a model lie."""
    return place / f"{model}.npz"
