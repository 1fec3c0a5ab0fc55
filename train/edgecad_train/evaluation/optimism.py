"""How much better a model looks when its epoch and threshold are chosen on the patients that judge it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.auc import auc
from edgecad_train.evaluation.statistics.ties import tied

Judged = tuple[NDArray[np.bool_], NDArray[np.float64]]
"""Truth and log-odds, one a patient."""


class Optimism(Frozen, frozen=True, kw_only=True):
    """Test figures of two ways to choose the epoch; the second saw the test part and is no result.

    Both accuracies are at even odds, as the paper's argmax, so that the gap is the choice of the epoch and nothing
    else; the run's own accuracy is at its chosen threshold.
    """

    accuracy: float
    accuracy_chosen_on_test: float
    auc: float
    auc_chosen_on_test: float

    @property
    def words(self) -> str:
        """The gap, for people."""
        return (
            f"epoch chosen on the test part: accuracy at even odds {self.accuracy_chosen_on_test:.3f}, AUC "
            f"{self.auc_chosen_on_test:.3f}; chosen on held-out patients: {self.accuracy:.3f}, AUC {self.auc:.3f}; "
            f"optimism gap "
            f"{self.accuracy_chosen_on_test - self.accuracy:+.3f} in accuracy, "
            f"{self.auc_chosen_on_test - self.auc:+.3f} in AUC; the model and its contract know nothing of it"
        )


def optimism_of(honest: Judged, chosen: Judged) -> Optimism:
    """Compare test figures of the run with those of a training whose epoch was chosen on the test part."""
    (accuracy, area), (accuracy_chosen, area_chosen) = _figures(*honest), _figures(*chosen)
    return Optimism(
        accuracy=accuracy,
        accuracy_chosen_on_test=accuracy_chosen,
        auc=area,
        auc_chosen_on_test=area_chosen,
    )


def _figures(truth: NDArray[np.bool_], log_odds: NDArray[np.float64]) -> tuple[float, float]:
    """Accuracy at even odds, and the area under the ROC curve."""
    return float(((log_odds >= 0) == truth).mean()), auc(truth, tied(log_odds)).value
