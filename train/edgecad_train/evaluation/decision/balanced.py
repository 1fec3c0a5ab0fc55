"""The balanced threshold: where a score speaks as much for CAD as against it."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from edgecad.decision.rules import within_range
from edgecad_train.evaluation.decision.cuts import Cuts
from edgecad_train.evaluation.statistics.intervals import Bools, Floats
from edgecad_train.evaluation.statistics.ties import differ, resolution_of, tied

RIDGE = 1e-2
"""On the slope, in units of the spread of the log-odds: where the classes are apart the slope would have no bound."""
LEAST_SLOPE = 1e-3
"""Log-odds of CAD a spread of the scores. Up to here scores do not rise with CAD, and nothing is chosen by them."""


def balanced_threshold(truth: Bools, log_odds: Floats, cuts: Cuts) -> float | None:
    """The score at which the likelihood ratio is 1, by a logistic fit; None where scores do not rise with CAD.

    P(CAD) = s(a z + b) is fitted to the log-odds z, and z* = (logit(prevalence) - b) / a, at the prevalence of these
    patients. Sensitivity and specificity are about equal there. Where the classes are apart it lies in the gap, and it
    is never put among scores that are equal.

    Args:
        truth: `(n,)`, True for CAD; both classes.
        log_odds: `(n,)`, after temperature.
        cuts: of the same patients.
    """
    ranked = tied(log_odds)
    if not differ(log_odds):
        return None
    centre, spread = float(ranked.mean()), float(ranked.std())
    slope, intercept = _fitted(truth, (ranked - centre) / spread)
    if slope <= LEAST_SLOPE:
        return None
    chosen = centre + spread * (float(logit(truth.mean())) - intercept) / slope
    threshold = float(expit(chosen))
    gap = cuts.gap
    if gap is not None and not ranked[~truth].max() < chosen < ranked[truth].min():
        return gap
    if np.abs(ranked - chosen).min() <= 2 * resolution_of(ranked):
        return cuts.nearest(threshold)
    return within_range(threshold)


def _fitted(truth: Bools, scaled: Floats) -> tuple[float, float]:
    """Slope and intercept of the penalised logistic regression."""
    fit = LogisticRegression(C=1 / RIDGE, solver="newton-cholesky", tol=1e-8, max_iter=500)
    fit.fit(scaled[:, None], truth)
    return float(fit.coef_[0, 0]), float(fit.intercept_[0])
