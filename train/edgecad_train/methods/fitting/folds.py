"""Folds of the rows that a method may learn from; scans of one patient stay together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from edgecad_train.methods.task import Task

FOLDS = 5
Places = NDArray[np.intp]


def inner_folds(task: Task, folds: int = FOLDS) -> tuple[tuple[Places, Places], ...]:
    """Places in `task.fit` that teach and that are held out, of each fold; every place is held out once.

    Args:
        folds: how many, or as many as the smaller class has patients; at least 2.
    """
    fewest = min(len(np.unique(task.patients[task.truth == label])) for label in (True, False))
    dealer = StratifiedGroupKFold(max(2, min(folds, fewest)), shuffle=True, random_state=task.seed)
    return tuple(dealer.split(task.fit, task.truth, task.patients))
