"""The baseline beside a model's figures: what nothing of CAD was fitted to, on the same test patients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Decision, Metric
from edgecad.frozen import Frozen
from edgecad_train.evaluation.evaluation import evaluate_part
from edgecad_train.evaluation.statistics.comparison import AucDifference, compare_auc
from edgecad_train.evaluation.statistics.ties import tied

EVEN = Decision(threshold=0.5, rule="even odds")
"""An area needs no threshold, and no other figure of the baseline is told."""


class Baseline(Frozen, frozen=True, kw_only=True):
    """The area under the ROC curve of a baseline on the test part."""

    name: str
    """Of its method."""
    auc: Metric
    less: AucDifference
    """`one` is the model's own area, `other` the baseline's."""


def baseline_of(
    name: str, truth: NDArray[np.bool_], own: NDArray[np.float64], baseline: NDArray[np.float64]
) -> Baseline | None:
    """Judge a baseline beside a model.

    Args:
        truth: of the test part's patients, `(n,)`, True for CAD.
        own: log-odds of the model.
        baseline: those of the baseline, same patients.

    Returns:
        None where there is no area, because one class has no patient.
    """
    area = evaluate_part(truth, baseline, EVEN, "test").metric("auc")
    if area is None:
        return None
    return Baseline(name=name, auc=area, less=compare_auc(truth, tied(own), tied(baseline)))
