"""Candidates of one method, of which inner folds choose one: by the loss of its log-odds out of fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from edgecad_train.methods.fitting.folds import FOLDS, inner_folds
from edgecad_train.methods.fitting.platt import PlattLine, log_loss, platt_line
from edgecad_train.methods.task import Rows, Task

Floats = NDArray[np.float64]
Values = Callable[[Rows], Floats]
"""Rows that teach -> what a model reads of every scan, `(n, columns)`: columns may rest on what the rows teach."""
Chosen = Mapping[str, float | int]


class Scorer(Protocol):
    """A model that gives a score of any scale, which rises with CAD."""

    def fit(self, values: Floats, truth: NDArray[np.bool_]) -> None:
        """Learn from `(k, columns)` and `(k,)`."""

    def scores(self, values: Floats) -> Floats:
        """Of `(k, columns)`, `(k,)`."""


Own = TypeVar("Own", bound=Scorer)


@dataclass(frozen=True)
class Setting(Generic[Own]):
    """A setting, and what makes an unfitted model of it."""

    chosen: Chosen
    make: Callable[[], Own]


@dataclass(frozen=True)
class Fitted(Generic[Own]):
    """The chosen candidate, fitted on all rows that may teach.

    Attributes:
        scorer: the model.
        line: makes log-odds of its scores.
        chosen: its setting.
        values: what it reads of every scan, `(n, columns)`.
    """

    scorer: Own
    line: PlattLine
    chosen: Chosen
    values: Floats

    def log_odds(self, rows: Rows) -> Floats:
        """Of these scans."""
        return self.line(self.scorer.scores(self.values[rows]))


def fitted(task: Task, candidates: list[Setting[Own]], values: Values, folds: int = FOLDS) -> Fitted[Own]:
    """Choose by inner folds, then fit on all rows that may teach; on one thread, which is faster for so few rows and
    gives the same sums on every machine.

    Equal losses go to the setting that comes first.
    """
    with threadpool_limits(1):
        return _fitted(task, candidates, values, folds)


def _fitted(task: Task, candidates: list[Setting[Own]], values: Values, folds: int) -> Fitted[Own]:
    out_of_fold = np.zeros((len(candidates), len(task.fit)))
    dealt = inner_folds(task, folds)
    for number, (teach, held) in enumerate(dealt, start=1):
        read = values(task.fit[teach])
        for own, candidate in zip(out_of_fold, candidates, strict=True):
            model = candidate.make()
            model.fit(read[task.fit[teach]], task.truth[teach])
            own[held] = model.scores(read[task.fit[held]])
        task.tell("inner folds", number, len(dealt))
    lines = [platt_line(own, task.truth) for own in out_of_fold]
    losses = [log_loss(line(own), task.truth) for line, own in zip(lines, out_of_fold, strict=True)]
    best = int(np.argmin(losses))
    read, scorer = values(task.fit), candidates[best].make()
    scorer.fit(read[task.fit], task.truth)
    return Fitted(scorer, lines[best], candidates[best].chosen, read)
