"""`deep-features-rbf`: a support vector machine with a Gaussian kernel on pooled features."""

from __future__ import annotations

import time

from sklearn.svm import SVC

from edgecad_train.methods.answer import Answer
from edgecad_train.methods.features.frozen import frozen_grid
from edgecad_train.methods.features.linear import FOLDS
from edgecad_train.methods.fitting.choosing import Setting, fitted
from edgecad_train.methods.fitting.standardised import Standardised
from edgecad_train.methods.task import Task

CS = (0.3, 1.0, 3.0, 10.0)
WIDTHS = (0.3, 1.0, 3.0)
"""Gamma times the number of features, the widest kernel first."""


def _candidate(c: float, width: float, features: int) -> Setting[Standardised]:
    return Setting({"C": c, "gamma": width / features}, lambda: Standardised(SVC(C=c, gamma=width / features)))


def answer(task: Task) -> Answer:
    """C and width by inner folds."""
    grid = frozen_grid(task)
    begun = time.monotonic()
    candidates = [_candidate(c, width, grid.means.shape[1]) for width in WIDTHS for c in CS]
    found = fitted(task, candidates, lambda teach: grid.means, FOLDS)
    return Answer(
        found.log_odds(task.ask),
        time.monotonic() - begun,
        chosen=found.chosen,
        frozen_seconds=grid.seconds,
        weights=grid.weights,
    )
