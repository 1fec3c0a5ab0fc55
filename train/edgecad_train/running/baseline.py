"""Normal limits beside a network that was trained, on its own partition."""

from __future__ import annotations

import numpy as np

from edgecad.errors import UsageError
from edgecad_train.evaluation.baseline import Baseline, baseline_of
from edgecad_train.methods.limits.method import answer
from edgecad_train.methods.table import NORMAL_LIMITS
from edgecad_train.methods.task import MethodScans, Task
from edgecad_train.runs.outcome import TrainingOutcome, by_patient
from edgecad_train.splits.split import Folds, rows_of


def normal_limits_beside(outcome: TrainingOutcome) -> Baseline | None:
    """Fit normal limits to the patients that taught the network, and judge them on the same test part.

    None where uptake is not the input, or too few patients are there: a training that has ended is not to fail of it.
    """
    data, partition = outcome.data, outcome.partition
    if data.preparation.drawing is None:
        return None
    taught = partition.development if isinstance(partition, Folds) else partition.train
    tested = rows_of(data.cases, partition.test)
    task = Task(MethodScans(data), rows_of(data.cases, taught), tested, outcome.settings, outcome.settings.seed)
    said = np.zeros(len(data.cases))
    try:
        said[tested] = answer(task).log_odds
    except UsageError:
        return None
    truth, own = by_patient(data, partition.test, outcome.log_odds)
    return baseline_of(NORMAL_LIMITS, truth, own, by_patient(data, partition.test, said)[1])
