"""Draw every picture of a run into its folder, from the files that lie there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from scipy.special import expit

from edgecad.answer.heatmap import share_outside_disc
from edgecad.contract import Contract
from edgecad_train.classes import POSITIVE
from edgecad_train.data.input.seen import seen_words, shown_images
from edgecad_train.evaluation.decision.points import Patients
from edgecad_train.report.outside import OutsideEvidence, outside_evidence
from edgecad_train.report.parts import PARTS
from edgecad_train.report.pictures.cases import HeatStyle, ShownCase, draw_cases
from edgecad_train.report.pictures.curves import draw_curves
from edgecad_train.report.pictures.figures import draw_evaluation
from edgecad_train.runs.predictions import PatientLine
from edgecad_train.runs.reading import HeatMaps, RunFiles
from edgecad_train.training.history import TrainingHistory


def draw_run(run: RunFiles, folder: Path) -> tuple[Path, ...]:
    """Write four pictures for each evaluated part, of a network curves.png, and where there are maps two more pages."""
    origin = run.contract.origin
    paths = [draw_curves(_of_the_model(run), origin, folder / "curves.png")] if run.trainings else []
    for evaluation in run.evaluations:
        lines = [line for line in run.predictions if line.part == evaluation.part]
        truth = np.array([line.label == POSITIVE for line in lines], bool)
        patients = Patients(truth, np.array([line.score for line in lines], np.float64))
        paths += draw_evaluation(evaluation, origin, folder, patients if lines else None)
    if run.heatmaps is not None and run.heatmaps.images is not None:
        paths += draw_cases(tuple(shown_cases(run, run.heatmaps)), style_of(run), origin, folder)
    return tuple(paths)


def _of_the_model(run: RunFiles) -> tuple[TrainingHistory, ...]:
    """The trainings from which the exported model came about: not those of folds whose heads were found apart."""
    search = run.record.search
    if search is None or not search.deciding:
        return run.trainings
    return tuple(training for training in run.trainings if training.name in (*search.deciding, run.trainings[-1].name))


class Answered(Protocol):
    """What a run and an evaluation both know: a model's contract, and a line a patient."""

    @property
    def contract(self) -> Contract:
        """Of the model."""

    @property
    def predictions(self) -> tuple[PatientLine, ...]:
        """In the order of predictions.csv."""


def style_of(run: Answered) -> HeatStyle:
    """How the contract wants this model's heat maps drawn."""
    contract = run.contract
    return HeatStyle(
        threshold=contract.decision.threshold,
        scale=contract.heatmap,
        crop=contract.preparation.crop,
        disc=contract.black_counts,
        seen=seen_words(contract.preparation),
    )


def outside_of(run: RunFiles) -> dict[str, OutsideEvidence]:
    """Evidence outside the disc by the part's name; nothing without maps or without discs on black."""
    if run.heatmaps is None or not style_of(run).disc:
        return {}
    part_of = {line.patient: line.part for line in run.predictions}
    found: dict[str, list[tuple[str, float]]] = {}
    for patient, shown in zip(run.heatmaps.patient.tolist(), run.heatmaps.score_maps, strict=True):
        if patient in part_of:
            found.setdefault(part_of[patient], []).append((patient, share_outside_disc(shown)))
    return {PARTS.get(part, part): outside_evidence(*zip(*own, strict=True)) for part, own in found.items()}


def shown_cases(run: Answered, maps: HeatMaps, *, by_patient: bool = False) -> Iterator[ShownCase]:
    """The scans of heatmaps.npz, with what predictions.csv says of their patients; none where it holds no images.

    Args:
        by_patient: scans show their patient's score, because the maps' log-odds are not what was judged.
    """
    if maps.images is None:
        return
    lines = {line.patient: (number, line) for number, line in enumerate(run.predictions, start=1)}
    scans = Counter(maps.patient.tolist())
    seen: Counter[str] = Counter()
    scores = expit(np.asarray(maps.log_odds, np.float64) / run.contract.decision.temperature)
    for row, patient in enumerate(maps.patient.tolist()):
        if patient not in lines:
            continue
        number, line = lines[patient]
        seen[patient] += 1
        yield ShownCase(
            number=number,
            scan=seen[patient],
            scans=scans[patient],
            part=line.part,
            label=line.label,
            above=line.above,
            score=line.score if by_patient else float(scores[row]),
            patient_score=line.score,
            image=shown_images(maps.images[row], run.contract.preparation),
            shown=maps.score_maps[row],
        )
