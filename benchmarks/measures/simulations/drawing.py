"""Scores of networks that do not exist: what patients, rows and trainings bring to them is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from edgecad_train.evaluation.claims.areas import SharedPart

POSITIVES, NEGATIVES = 124, 94
PATIENT, PATIENT_BY_ROW, REST = 0.7, 0.15, 0.15
"""Shares of the variance of a score within its class: of the patient in all rows and runs, in all runs of one row, and
in one run of one row."""
TRAINING_SD = 0.3
"""Of a row's d' from run to run: .044 of an area of .87."""
SEPARATION = 1.6
"""d' of a row: an area of .871."""
TEST_SHARE, FOLDS = 0.2, 5


@dataclass(frozen=True)
class Design:
    """How many runs of how many rows, on which patients.

    Attributes:
        runs: how many.
        folds: whether runs share the patients out; else each draws a fifth of each class.
        separations: d' of each row.
        training_sd: of d' from run to run, one for all rows or one each.
        classes: patients with CAD and without.
    """

    runs: int
    folds: bool
    separations: tuple[float, ...]
    training_sd: float | tuple[float, ...] = TRAINING_SD
    classes: tuple[int, int] = (POSITIVES, NEGATIVES)

    @property
    def name(self) -> str:
        """Words for the runs."""
        return f"{self.runs} {'folds' if self.folds else 'seeds'}"


def area_of(separation: float) -> float:
    """Area under the ROC curve of scores whose classes are two normal distributions d' apart."""
    return float(stats.norm.cdf(separation / np.sqrt(2)))


def separation_of(area: float) -> float:
    """d' of an area."""
    return float(np.sqrt(2) * stats.norm.ppf(area))


def draw_parts(design: Design, draw: np.random.Generator) -> tuple[SharedPart, ...]:
    """What every row says of the test part of each run."""
    from edgecad_train.evaluation.claims.areas import SharedPart

    truth = np.repeat([True, False], design.classes)
    rows, side = len(design.separations), np.where(truth, 0.5, -0.5)
    patient = np.sqrt(PATIENT) * draw.standard_normal(len(truth))
    own = patient + np.sqrt(PATIENT_BY_ROW) * draw.standard_normal((rows, len(truth)))
    parts = []
    for members in _test_parts(design, draw):
        apart = np.array(design.separations) + design.training_sd * draw.standard_normal(rows)
        rest = np.sqrt(REST) * draw.standard_normal((rows, len(members)))
        scores = apart[:, None] * side[members] + own[:, members] + rest
        parts.append(SharedPart(tuple(map(str, members)), truth[members], scores))
    return tuple(parts)


def _test_parts(design: Design, draw: np.random.Generator) -> Sequence[np.ndarray]:
    """Patients of each run's test part."""
    positives, negatives = design.classes
    classes = (np.arange(positives), positives + np.arange(negatives))
    if design.folds:
        dealt = [np.array_split(draw.permutation(own), design.runs) for own in classes]
        return [np.concatenate(parts) for parts in zip(*dealt, strict=True)]
    sizes = [max(2, round(TEST_SHARE * len(own))) for own in classes]
    return [
        np.concatenate([draw.choice(own, size, replace=False) for own, size in zip(classes, sizes, strict=True)])
        for _ in range(design.runs)
    ]
