"""`segments-mlp`: a network of ten hidden units."""

from __future__ import annotations

import time
import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from edgecad_train.methods.answer import Answer
from edgecad_train.methods.fitting.choosing import Setting, fitted
from edgecad_train.methods.fitting.standardised import Standardised
from edgecad_train.methods.segments.values import values_of
from edgecad_train.methods.task import Task

Floats = NDArray[np.float64]
PENALTIES = (10.0, 3.0, 1.0, 0.3)
UNITS, STEPS = 10, 1000
SURE = 1e-9
"""Probabilities are kept so far from 0 and 1 that their log-odds are finite."""


class _Network(Standardised):
    """The network's log-odds; it has no margin of its own."""

    def fit(self, values: Floats, truth: NDArray[np.bool_]) -> None:
        """Learn in at most `STEPS` steps."""
        with warnings.catch_warnings():
            # The last steps go along a plain on which the loss hardly falls; where they end is no fault of the data.
            warnings.simplefilter("ignore", ConvergenceWarning)
            super().fit(values, truth)

    def scores(self, values: Floats) -> Floats:
        chance = self.estimator.predict_proba(self.standard(values))[:, 1]
        return np.asarray(logit(np.clip(chance, SURE, 1 - SURE)), np.float64)


def _candidate(penalty: float, seed: int) -> Setting[_Network]:
    def made() -> _Network:
        return _Network(MLPClassifier((UNITS,), solver="lbfgs", alpha=penalty, max_iter=STEPS, random_state=seed))

    return Setting({"penalty": penalty}, made)


def answer(task: Task) -> Answer:
    """The penalty by inner folds."""
    values = values_of(task)
    _ = task.scans.segments  # shared: its time is no fit's
    begun = time.monotonic()
    found = fitted(task, [_candidate(penalty, task.seed) for penalty in PENALTIES], values)
    return Answer(found.log_odds(task.ask), time.monotonic() - begun, chosen=found.chosen)
