"""`segments-logistic`: a ridge logistic regression, whose log-odds are a sum over segments."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from edgecad_train.methods.answer import Answer
from edgecad_train.methods.fitting.choosing import Setting, fitted
from edgecad_train.methods.fitting.standardised import Standardised
from edgecad_train.methods.limits.limits import limits_of
from edgecad_train.methods.segments.spreading import Spreading
from edgecad_train.methods.segments.values import values_of
from edgecad_train.methods.task import Rows, Task

CS = (0.01, 0.1, 1.0, 10.0)
"""Inverse strength of the penalty, the strongest first."""


def _candidate(c: float) -> Setting[Standardised]:
    return Setting({"C": c}, lambda: Standardised(LogisticRegression(C=c, max_iter=2000)))


def answer(task: Task) -> Answer:
    """The penalty by inner folds; the heat map is exact in uptake."""
    spreading = Spreading(task.scans, task.fit)
    begun = time.monotonic()
    found = fitted(task, [_candidate(c) for c in CS], values_of(task))
    model, line = found.scorer, found.line
    slopes = line.slope * model.estimator.coef_[0] / model.scale

    def maps(rows: Rows) -> NDArray[np.float32]:
        return spreading.by_slopes(rows, slopes)

    intercept = line(model.scores(np.append(model.mean[:17], 0.0)[None]))[0]
    limits = limits_of(task.scans, task.fit)
    learnt = {
        "mean": limits.mean,
        "deviation": limits.deviation,
        "slopes": slopes,
        "usual_parts": spreading.usual,
        "intercept": np.array(intercept),
    }
    return Answer(found.log_odds(task.ask), time.monotonic() - begun, maps, learnt, found.chosen)
