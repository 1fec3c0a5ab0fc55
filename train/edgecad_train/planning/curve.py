"""A learning curve: how much better the head on frozen features gets with more patients to learn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad_train.classes import POSITIVE
from edgecad_train.data import PreparedData
from edgecad_train.evaluation.statistics.auc import placements
from edgecad_train.evaluation.statistics.ties import tied
from edgecad_train.networks.network import build_network
from edgecad_train.networks.pooled import pooled_over
from edgecad_train.planning.parts import PartCounts
from edgecad_train.planning.record import CurvePoint, LearningCurve
from edgecad_train.splits.protocol import DEFAULT_FOLDS
from edgecad_train.splits.split import Labels, rows_of, stratified_folds
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.choosing.crossfit import cross_fitted
from edgecad_train.training.frozen import Scans, Storage
from edgecad_train.training.settings import Settings
from edgecad_train.training.trainer import Place, Trainer, materials_for

SHARES = (0.25, 0.5, 1.0)
Tell = Callable[[str, int, int], None]
"""Called with the task, what is done and what there is."""


def learning_curve(
    data: PreparedData, settings: Settings, draws: int, tell: Tell, scratch: Path | None = None
) -> LearningCurve:
    """Train the head at several sizes, several times, and judge every patient by networks whom others taught.

    Args:
        settings: of strategy `warm-up`, whose only stage trains the head; its seed draws the patients.
        draws: at least 2.
        tell: shows how far it is.
    """
    labels = {case.patient: case.label for case in data.cases}
    counts = PartCounts(*_by_class(labels))
    folds = min(DEFAULT_FOLDS, counts.cad, counts.other)
    trainer = _trainer(data, settings, tell, scratch)
    areas: dict[float, list[float]] = {share: [] for share in SHARES}
    taught: dict[float, int] = {}
    total, number = draws * len(SHARES), 0
    for draw in range(draws):
        dealt = stratified_folds(sorted(labels), labels, folds, settings.seed + draw)
        for share in SHARES:
            teachers = [_teachers(labels, held, share, settings.seed + draw) for held in dealt]
            taught[share] = round(float(np.mean([len(group) for group in teachers])))
            areas[share].append(_area(data, trainer, dealt, teachers, draw))
            number += 1
            tell("learning curve", number, total)
    points = tuple(CurvePoint(share=s, taught=taught[s], areas=tuple(areas[s])) for s in SHARES)
    return LearningCurve(
        backbone=settings.backbone,
        features=settings.features,
        origin=data.origin,
        patients=counts,
        folds=folds,
        points=points,
    )


def _by_class(labels: Labels) -> tuple[int, int]:
    cad = sum(label == POSITIVE for label in labels.values())
    return cad, len(labels) - cad


def _trainer(data: PreparedData, settings: Settings, tell: Tell, scratch: Path | None) -> Trainer:
    """The head's trainer; the frozen network runs once."""
    keras.utils.set_random_seed(settings.seed)
    over = pooled_over(data.preparation.input)
    network = build_network(settings.network, settings.first_weights, settings.head, settings.features, over)
    materials = materials_for(
        network,
        settings.plan,
        Scans(data.images, data.images_sha256),
        data.labels,
        settings.seed,
        settings.augment,
        settings.batch_size,
        Storage(scratch),
        lambda done, of: tell("frozen part", done, of),
    )
    return Trainer(materials, settings.head, settings.plan, settings.stage_options(data.labels))


def _teachers(labels: Labels, held: Sequence[str], share: float, seed: int) -> tuple[str, ...]:
    """A share of each class of those who are not held out, at least one; smaller shares are part of larger ones."""
    generator, out, chosen = np.random.default_rng(seed), set(held), []
    for label in sorted(set(labels.values())):
        own = [name for name in sorted(labels) if labels[name] == label and name not in out]
        order = generator.permutation(len(own))
        chosen += [own[index] for index in order[: max(1, round(share * len(own)))]]
    return tuple(sorted(chosen))


def _area(
    data: PreparedData,
    trainer: Trainer,
    dealt: Sequence[Sequence[str]],
    teachers: Sequence[tuple[str, ...]],
    draw: int,
) -> float:
    """Area under the ROC curve over all patients, each judged out of fold."""
    places = [
        # Numbers decide the order of scans: each draw has its own.
        Place(f"fold {index}", draw * len(dealt) + index, rows_of(data.cases, own), rows_of(data.cases, held))
        for index, (own, held) in enumerate(zip(teachers, dealt, strict=True))
    ]
    results = cross_fitted(places, 1, lambda _: trainer, Checkpoint(None))
    log_odds = np.empty(len(data.cases))
    for place, (_, held) in zip(places, results, strict=True):
        log_odds[place.held] = held.log_odds
    return _patients_area(data, log_odds)


def _patients_area(data: PreparedData, log_odds: NDArray[np.float64]) -> float:
    """One vote a patient: the mean log-odds over the patient's scans."""
    own: dict[str, list[int]] = {}
    for row, case in enumerate(data.cases):
        own.setdefault(case.patient, []).append(row)
    truth = np.array([data.cases[rows[0]].label == POSITIVE for rows in own.values()])
    return placements(truth, tied(np.array([log_odds[rows].mean() for rows in own.values()]))).mean
