"""What clinical columns tell together: the label in parts, and one thing twice."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.model_selection import StratifiedKFold

from edgecad_train.evaluation.clinical.columns import ClinicalTraining
from edgecad_train.evaluation.clinical.fitting import block_of, fitted_terms, log_odds_by
from edgecad_train.evaluation.statistics.auc import placements
from edgecad_train.evaluation.statistics.intervals import Bools, Floats

FOLDS = 5
ALIKE = 0.95
"""Correlation of two columns from which it is said that they tell the same."""


def area_of_columns(truth: Bools, patients: Sequence[str], columns: Sequence[ClinicalTraining]) -> float:
    """Area under the ROC curve of all columns without the image, each patient judged by a fit to others.

    Args:
        truth: `(n,)`, True for CAD; `FOLDS` patients of each class or more.
        patients: their names; each has a value in every column.
    """
    nothing, names = np.zeros(len(patients)), np.array(patients)
    said = np.zeros(len(patients))
    for fitted, held in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(nothing, truth):
        terms = fitted_terms(truth[fitted], nothing[fitted], names[fitted].tolist(), columns)
        said[held] = log_odds_by(terms, nothing[held], names[held].tolist(), columns)
    return placements(truth, said).mean


def alike(
    patients: Sequence[str], columns: Sequence[ClinicalTraining]
) -> Iterator[tuple[ClinicalTraining, ClinicalTraining]]:
    """Pairs of columns of which one nearly follows from the other, by the largest correlation that they can have.

    Args:
        patients: names; each has a value in every column.
    """
    bases = [_basis(block_of(column, patients)) for column in columns]
    for (one, own), (other, its) in itertools.combinations(zip(columns, bases, strict=True), 2):
        if np.linalg.norm(own.T @ its, 2) >= ALIKE:
            yield one, other


def _basis(block: Floats) -> Floats:
    """Orthonormal columns `(n, rank)` that span those of a block `(n, k)`."""
    left, sizes, _ = np.linalg.svd(block, full_matrices=False)
    return np.asarray(left[:, sizes > 1e-9 * max(float(sizes.max()), 1e-300)])
