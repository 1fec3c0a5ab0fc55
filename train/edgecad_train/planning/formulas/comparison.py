"""The smallest difference of areas between two strategies that a study can show, from what is assumed of its scores.

A study's own table measures what is assumed here: see `edgecad_train.study.results`. The model is that of
`benchmarks/simulations.py strategies`: scores are binormal; those that two networks give a patient are correlated, more
so where they are of one strategy; and each training moves a network's area by chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray
from scipy.special import ndtr

from edgecad_train.planning.formulas.binormal import separation_of

BETWEEN, WITHIN = 0.7, 0.85
"""Correlation of the scores that a patient gets, beyond the patient's class, from networks of two strategies, and from
two trainings of one."""
TRAINING_SD = 0.045
"""Of the area, from training to training of one strategy on patients drawn anew."""


@dataclass(frozen=True)
class StudySketch:
    """A study of `rows` strategies, each trained `runs` times.

    Attributes:
        development: what is assumed of the area, above 0.5 and below 1, is `auc`.
        patients: of each class, CAD first.
        tested: of each class in every run's test part.
        folds: whether the test parts share nobody, so that the runs test each patient once.
        training_sd: of the area, see `TRAINING_SD`.
    """

    auc: float
    patients: tuple[int, int]
    tested: tuple[int, int]
    rows: int
    runs: int
    folds: bool = False
    training_sd: float = TRAINING_SD

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the training variance, which all rows share."""
        return (self.rows - 1) * (self.runs - 1)


def covariance_of(sketch: StudySketch) -> NDArray[np.float64]:
    """Expected covariance of the rows' mean areas, `(rows, rows)`: patients, and trainings on the diagonal.

    The variance that patients bring is DeLong's with the patient as the cluster (Obuchowski 1997, Biometrics 53:567).
    """
    own = _patients(sketch, 1.0, WITHIN) + sketch.training_sd**2 / sketch.runs
    shared = _patients(sketch, BETWEEN, BETWEEN)
    return np.full((sketch.rows, sketch.rows), shared) + np.eye(sketch.rows) * (own - shared)


def _patients(sketch: StudySketch, same_run: float, other_run: float) -> float:
    """What patients bring to the covariance of two mean areas, from the correlations of scores in a run and across."""
    same, other = (_placements(sketch.auc, correlation) for correlation in (same_run, other_run))
    found = 0.0
    for everybody, tested in zip(sketch.patients, sketch.tested, strict=True):
        found += same / (sketch.runs * tested)
        if not sketch.folds:  # a patient is tested in several runs; `other` counts once for each two of them
            found += other * (1 - 1 / sketch.runs) / everybody
    return found


_NODES, _WEIGHTS = hermegauss(60)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def _placements(auc: float, correlation: float) -> float:
    """Covariance of a patient's placements under two binormal scores of that correlation.

    A placement is Phi(x), with x the patient's score, N(d, 1). Two scores share a normal part of variance
    `correlation`, given which they are independent: the mean of Phi is then Phi(shared part / sqrt(2 - correlation)).
    """
    shared = separation_of(auc) + math.sqrt(correlation) * _NODES
    return float(_WEIGHTS @ ndtr(shared / math.sqrt(2 - correlation)) ** 2) - auc * auc
