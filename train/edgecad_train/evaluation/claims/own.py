"""The interval of one row's mean area: what other patients would bring, and what another training would."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import stats

from edgecad_train.evaluation.claims.areas import Areas, Training
from edgecad_train.evaluation.statistics.auc import auc_interval
from edgecad_train.evaluation.statistics.intervals import LEVEL, Interval, Z

PATIENTS = "patients alone"
TRAINING = "patients and training"


def row_interval(areas: Areas, row: int, training: Training | None) -> Interval:
    """Mean area over the runs, with the interval of a single area for the variance that the runs show.

    Training's variance is known by few degrees of freedom. So the sum has as many as Satterthwaite 1946 (Biometrics
    Bulletin 2:110) gives it, and the variance is raised by the square of Student's quantile over the normal one.

    Args:
        training: of `training_of_a_row`; None where it cannot be known: one run.
    """
    patients = float(areas.patients[row, row])
    variance, words = patients, PATIENTS
    if training is not None:
        variance, words = _raised(patients, areas.smaller - 1, training.variance / areas.runs, training.df), TRAINING
    found = auc_interval(float(areas.means[row]), variance, areas.positives, areas.negatives)
    return replace(found, method=f"{found.method}; {words}")


def _raised(one: float, one_df: int, other: float, other_df: int) -> float:
    total = one + other
    if total <= 0:
        return 0.0
    df = total**2 / (one**2 / one_df + other**2 / other_df)
    return total * float(np.square(stats.t.ppf((1 + LEVEL) / 2, df) / Z))
