"""Everything about one part of the data, in one frozen value that JSON can hold."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from edgecad.contract import Decision, Metric, ZoneShares
from edgecad.errors import GateFailed, UsageError
from edgecad.frozen import Frozen
from edgecad_train.evaluation.decision.choice import with_test_part
from edgecad_train.evaluation.decision.points import Patients
from edgecad_train.evaluation.decision.zone import shares_of
from edgecad_train.evaluation.statistics.calibration import Calibration, calibration_of
from edgecad_train.evaluation.statistics.confusion import Confusion, confusion
from edgecad_train.evaluation.statistics.decision_curve import DecisionCurve, decision_curve
from edgecad_train.evaluation.statistics.intervals import Bools, Floats
from edgecad_train.evaluation.statistics.metrics import Part, figures
from edgecad_train.evaluation.statistics.roc import Roc, roc_of
from edgecad_train.evaluation.statistics.ties import differ, tied


class Evaluation(Frozen, frozen=True, kw_only=True):
    """What one model did on one part of the data, patient by patient."""

    part: Part
    threshold: float
    temperature: float
    confusion: Confusion
    metrics: tuple[Metric, ...]
    roc: Roc
    calibration: Calibration
    decision_curve: DecisionCurve
    scores_differ: bool = True
    """Whether any two patients' scores differ beyond rounding."""
    zone: ZoneShares | None = None
    """How these patients fare with the uncertain zone; None where there is none, and of the patients who set it."""

    def metric(self, name: str) -> Metric | None:
        """The figure of that name; None where these patients could not give it."""
        return next((metric for metric in self.metrics if metric.name == name), None)


def evaluate_part(truth: Bools, log_odds: Floats, decision: Decision, part: Part) -> Evaluation:
    """Judge a model on one part of the data.

    Args:
        truth: `(n,)`, True for CAD; one row a patient.
        log_odds: `(n,)`, logit of CAD minus logit of the other class, before temperature.
        decision: threshold and temperature, chosen on other patients than these.

    Raises:
        UsageError: no patients, or arrays that do not fit together.
        GateFailed: a log-odds is not finite.
    """
    truth, log_odds = np.asarray(truth, bool), np.asarray(log_odds, np.float64)
    _check(truth, log_odds)
    tempered = log_odds / decision.temperature
    # Answers are those of the model as it is; what ranks patients takes scores that differ by rounding for equal.
    scores, ranked = expit(tempered), tied(tempered)
    return Evaluation(
        part=part,
        threshold=decision.threshold,
        temperature=decision.temperature,
        confusion=confusion(truth, scores, decision.threshold),
        metrics=figures(truth, scores, decision.threshold, part, ranked),
        roc=roc_of(truth, expit(ranked)),
        calibration=calibration_of(truth, tempered, scores),
        decision_curve=decision_curve(truth, scores),
        scores_differ=differ(tempered),
        zone=_with_zone(decision, Patients(truth, scores), part),
    )


def judge_decision(
    decision: Decision, part: Part, held: tuple[Bools, Floats], tested: tuple[Bools, Floats]
) -> tuple[Decision, tuple[Evaluation, Evaluation]]:
    """Judge what was chosen: the decision with the test part's figures, and the evaluations of `part` and of the test.

    Args:
        part: that chose it.
        held, tested: truth and log-odds, `(n,)` each, of the patients of `part` and of the test part, as for
            `evaluate_part`.
    """
    decision = with_test_part(decision, *tested)
    return decision, (evaluate_part(*held, decision, part), evaluate_part(*tested, decision, "test"))


def _with_zone(decision: Decision, patients: Patients, part: Part) -> ZoneShares | None:
    zone = decision.zone
    return None if zone is None or zone.part == part else shares_of(zone, decision.threshold, patients)


def _check(truth: Bools, log_odds: Floats) -> None:
    if truth.ndim != 1 or truth.shape != log_odds.shape or not len(truth):
        raise UsageError(
            f"truth {truth.shape} and log-odds {log_odds.shape}; one of each a patient is wanted, of at least one"
        )
    wrong = int((~np.isfinite(log_odds)).sum())
    if wrong:
        raise GateFailed(
            f"{wrong} of {len(log_odds)} patients have a log-odds that is not finite; no figure can be given: "
            "train again, with a smaller rate"
        )
