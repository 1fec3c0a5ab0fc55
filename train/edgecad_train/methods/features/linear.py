"""`deep-features`: a linear support vector machine on pooled features."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC

from edgecad_train.methods.answer import Answer
from edgecad_train.methods.features.frozen import frozen_grid
from edgecad_train.methods.fitting.choosing import Setting, fitted
from edgecad_train.methods.fitting.standardised import Standardised
from edgecad_train.methods.task import Rows, Task

CS = (1e-4, 1e-3, 1e-2, 1e-1)
FOLDS = 3


def _candidate(c: float) -> Setting[Standardised]:
    return Setting({"C": c}, lambda: Standardised(SVC(kernel="linear", C=c)))


def answer(task: Task) -> Answer:
    """C by inner folds; scaler, machine and line are one weight a feature, so that the heat map is exact."""
    grid = frozen_grid(task)
    begun = time.monotonic()
    found = fitted(task, [_candidate(c) for c in CS], lambda teach: grid.means, FOLDS)
    model, line = found.scorer, found.line
    weights = line.slope * model.estimator.coef_[0] / model.scale
    bias = line(model.estimator.intercept_)[0] - weights @ model.mean

    def maps(rows: Rows) -> NDArray[np.float32]:
        return grid.weighted(rows, weights)

    learnt = {"weights": weights, "bias": np.array(bias)}
    seconds = time.monotonic() - begun
    return Answer(found.log_odds(task.ask), seconds, maps, learnt, found.chosen, grid.seconds, grid.weights)
