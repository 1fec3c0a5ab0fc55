"""`segments-boosting`: boosted stumps, a sum of one curve for each column."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from edgecad_train.methods.answer import Answer
from edgecad_train.methods.fitting.choosing import Fitted, Setting, fitted
from edgecad_train.methods.fitting.standardised import Standardised
from edgecad_train.methods.segments.spreading import Spreading
from edgecad_train.methods.segments.values import COLUMNS, values_of
from edgecad_train.methods.task import Rows, Task

Floats = NDArray[np.float64]
ROUNDS = (25, 50, 100, 200)


def _candidate(rounds: int) -> Setting[Standardised]:
    def made() -> Standardised:
        return Standardised(
            HistGradientBoostingClassifier(
                max_depth=1, learning_rate=0.1, max_iter=rounds, min_samples_leaf=5, early_stopping=False
            )
        )

    return Setting({"rounds": rounds}, made)


def parts_of(found: Fitted[Standardised], rows: Rows, fit: Rows) -> Floats:
    """What each column adds to a scan's log-odds, less what it adds in the mean of the fitting part, `(k, 18)`.

    Every stump reads one column, so that a column's curve shows when it alone is changed.
    """
    usual = found.scorer.mean
    parts = []
    for column in range(COLUMNS):
        values = np.tile(usual, (len(rows) + len(fit), 1))
        values[:, column] = np.concatenate([found.values[rows, column], found.values[fit, column]])
        with threadpool_limits(1):
            told = found.line.slope * found.scorer.scores(values)
        parts.append(told[: len(rows)] - told[len(rows) :].mean())
    return np.stack(parts, axis=1)


def answer(task: Task) -> Answer:
    """Rounds by inner folds."""
    spreading = Spreading(task.scans, task.fit)
    begun = time.monotonic()
    found = fitted(task, [_candidate(rounds) for rounds in ROUNDS], values_of(task))

    def maps(rows: Rows) -> NDArray[np.float32]:
        return spreading.by_coldness(rows, parts_of(found, rows, task.fit))

    return Answer(found.log_odds(task.ask), time.monotonic() - begun, maps, chosen=found.chosen)
