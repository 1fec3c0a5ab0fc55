"""How much better a model looks when its epoch and threshold are chosen on the patients that judge it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from edgecad.contract import Decision, Frozen
from edgecad_train.evaluation.auc import auc
from edgecad_train.evaluation.ties import tied

Judged = tuple[NDArray[np.bool_], NDArray[np.float64]]
"""Truth and log-odds, one a patient."""


class Optimism(Frozen, frozen=True, kw_only=True):
    """Test figures of two ways to choose; the second saw the test part and is no result.

    Accuracy is at each way's own threshold: chosen on validation, and at even odds as the paper's argmax.
    """

    accuracy: float
    accuracy_chosen_on_test: float
    auc: float
    auc_chosen_on_test: float

    @property
    def words(self) -> str:
        """The gap, for people."""
        return (
            f"chosen on the test part: accuracy {self.accuracy_chosen_on_test:.3f}, AUC {self.auc_chosen_on_test:.3f}; "
            f"chosen on held-out patients: accuracy {self.accuracy:.3f}, AUC {self.auc:.3f}; optimism gap "
            f"{self.accuracy_chosen_on_test - self.accuracy:+.3f} in accuracy, "
            f"{self.auc_chosen_on_test - self.auc:+.3f} in AUC; the model and its contract know nothing of it"
        )


def optimism_of(honest: Judged, chosen: Judged, decision: Decision) -> Optimism:
    """Compare test figures of the run with those of a training whose epoch was chosen on the test part."""
    truth, log_odds = honest
    said = expit(log_odds / decision.temperature) >= decision.threshold
    return Optimism(
        accuracy=float((said == truth).mean()),
        accuracy_chosen_on_test=float(((chosen[1] >= 0) == truth).mean()),
        auc=auc(truth, tied(log_odds)).value,
        auc_chosen_on_test=auc(truth, tied(chosen[1])).value,
    )
