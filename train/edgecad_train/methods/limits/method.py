"""`normal-limits`: the total deficit below the limits of patients without CAD; no order is fitted to CAD."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from edgecad_train.methods.answer import Answer
from edgecad_train.methods.fitting.choosing import Setting, fitted
from edgecad_train.methods.limits.limits import SIDE, deficit_maps, limits_of
from edgecad_train.methods.task import Rows, Task

Floats = NDArray[np.float64]


class Deficit:
    """The deficit is the score."""

    def fit(self, values: Floats, truth: NDArray[np.bool_]) -> None:
        """Nothing is learnt beyond the limits."""

    def scores(self, values: Floats) -> Floats:
        """The one column."""
        return values[:, 0]


def answer(task: Task) -> Answer:
    """Limits from the fitting part's scans without CAD; log-odds by a line through deficits out of fold."""
    uptake = task.scans.cells(SIDE)
    begun = time.monotonic()

    def deficits(teach: Rows) -> Floats:
        return limits_of(task.scans, teach).deficits(uptake)[:, None]

    found = fitted(task, [Setting({}, Deficit)], deficits)
    limits, line = limits_of(task.scans, task.fit), found.line

    def maps(rows: Rows) -> NDArray[np.float32]:
        return deficit_maps(limits.beyond(uptake[rows]), line.slope)

    learnt = {
        "mean": limits.mean,
        "deviation": limits.deviation,
        "slope": np.array(line.slope),
        "intercept": np.array(line.intercept),
    }
    return Answer(found.log_odds(task.ask), time.monotonic() - begun, maps, learnt)
