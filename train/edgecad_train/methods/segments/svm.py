"""`segments-svm`: a support vector machine with a polynomial of second order, which splits over segments exactly."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC

from edgecad_train.methods.answer import Answer
from edgecad_train.methods.fitting.choosing import Fitted, Setting, fitted
from edgecad_train.methods.fitting.standardised import Standardised
from edgecad_train.methods.segments.spreading import Spreading
from edgecad_train.methods.segments.values import COLUMNS, values_of
from edgecad_train.methods.task import Rows, Task

Floats = NDArray[np.float64]
CS = (0.01, 0.1, 1.0, 10.0)
GAMMA = 1 / COLUMNS


def _candidate(c: float) -> Setting[Standardised]:
    return Setting(
        {"C": c}, lambda: Standardised(SVC(kernel="poly", degree=2, gamma=GAMMA, coef0=1.0, C=c, cache_size=50))
    )


def slopes_at(found: Fitted[Standardised], rows: Rows) -> Floats:
    """By how much each column raises a scan's log-odds a unit, from the usual scan to this one, `(k, 18)`.

    With weights a_i of support vectors x_i the margin is sum_i a_i (g x_i.z + 1)^2 + b = z'Mz + v.z + constant, where
    M = g^2 sum_i a_i x_i x_i' and v = 2 g sum_i a_i x_i. So the columns' parts are z_j ((Mz)_j + v_j).
    """
    model, machine = found.scorer, found.scorer.estimator
    weighted = machine.dual_coef_ @ machine.support_vectors_
    quadratic = GAMMA**2 * (machine.support_vectors_.T * machine.dual_coef_) @ machine.support_vectors_
    return np.asarray(
        found.line.slope * (model.standard(found.values[rows]) @ quadratic + 2 * GAMMA * weighted) / model.scale
    )


def answer(task: Task) -> Answer:
    """C by inner folds."""
    spreading = Spreading(task.scans, task.fit)
    begun = time.monotonic()
    found = fitted(task, [_candidate(c) for c in CS], values_of(task))

    def maps(rows: Rows) -> NDArray[np.float32]:
        slopes = slopes_at(found, rows)
        return spreading.by_slopes(rows, slopes, level=-slopes[:, 17] * found.scorer.mean[17])

    return Answer(found.log_odds(task.ask), time.monotonic() - begun, maps, chosen=found.chosen)
