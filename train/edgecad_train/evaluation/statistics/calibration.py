"""Whether a score of 0.3 means three in ten: slope, intercept, Brier score and the curve."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import expit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.intervals import Bools, Floats, proportion
from edgecad_train.evaluation.statistics.ties import WITHIN, tied

NEARLY_EQUAL = 0.01
"""Log-odds: where all lie closer together no two probabilities differ by more than 0.0025, and a slope says nothing."""
MOST_BINS, PATIENTS_A_BIN = 10, 10


class Estimate(Frozen, frozen=True):
    """A figure with its 95 % interval, or None with the reason why it cannot be estimated."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return f"not estimable: {self.reason}"
        return f"{self.value:.3f} (95 % {self.low:.3f} to {self.high:.3f})"


class CalibrationBin(Frozen, frozen=True):
    """Patients of like score: their mean score, and the share that is CAD with its Clopper-Pearson interval."""

    mean_score: float
    observed: float
    low: float
    high: float
    n: int


class Calibration(Frozen, frozen=True):
    """How scores agree with what was observed; a perfect model has slope 1 and intercept 0.

    A slope below 1 means scores that are too extreme; an intercept above 0, scores that are too low.
    """

    slope: Estimate
    intercept: Estimate
    brier: float
    bins: tuple[CalibrationBin, ...]


def calibration_of(truth: Bools, log_odds: Floats, scores: Floats) -> Calibration:
    """Calibration of one part of the data.

    Args:
        truth: `(n,)`, True for CAD.
        log_odds: `(n,)`, of `scores`: after temperature.
        scores: `(n,)`, P(CAD), 0 to 1.
    """
    return Calibration(
        calibration_slope(truth, log_odds),
        calibration_intercept(truth, log_odds),
        float(((scores - truth) ** 2).mean()),
        calibration_bins(truth, expit(tied(log_odds))),
    )


def calibration_slope(truth: Bools, log_odds: Floats) -> Estimate:
    """Slope of the logistic regression of truth on log-odds, Wald's interval (Cox 1958, Biometrika 45:562)."""
    settled = tied(log_odds)
    reason = _why_no_slope(truth, settled)
    if reason:
        return Estimate(reason=reason)
    spread = float(settled.std())
    # Fitted in units of their spread: the steps of the fit then do not depend on the scale of the logits.
    predictors = np.column_stack([settled / spread, np.ones(len(truth))])
    return _fitted(truth, predictors, None, spread)


def _why_no_slope(truth: Bools, settled: Floats) -> str:
    """Why no slope exists: the estimate is finite only if the classes overlap (Albert and Anderson 1984)."""
    positive, negative = settled[truth], settled[~truth]
    if not len(positive) or not len(negative):
        return "one class only"
    span = float(np.ptp(settled))
    if span == 0.0:
        return "the scores do not differ beyond rounding"
    if span < NEARLY_EQUAL:
        return f"the scores are nearly equal, their log-odds span {span:.1g}"
    if positive.min() >= negative.max() or positive.max() <= negative.min():
        return "the scores separate the classes"
    return ""


def calibration_intercept(truth: Bools, log_odds: Floats) -> Estimate:
    """Calibration in the large: the intercept with the slope held at 1, Wald's interval.

    What would have to be added to every log-odds (Van Calster et al. 2019, BMC Medicine 17:230).
    """
    if truth.all() or not truth.any():
        return Estimate(reason="one class only")
    return _fitted(truth, np.ones((len(truth), 1)), np.clip(log_odds, -WITHIN, WITHIN), 1.0)


def _fitted(truth: Bools, predictors: Floats, offset: Floats | None, unit: float) -> Estimate:
    """First coefficient of a logistic regression, divided by `unit`; a fit that complains is no estimate."""
    model = GLM(truth.astype(np.float64), predictors, family=Binomial(), offset=offset)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = model.fit(maxiter=200)
            values = np.array([result.params[0], *result.conf_int()[0]]) / unit
    except (Warning, ValueError, ArithmeticError, np.linalg.LinAlgError):
        return Estimate(reason="the regression does not converge")
    if not result.converged or not np.isfinite(values).all():
        return Estimate(reason="the regression does not converge")
    return Estimate(*values.tolist())


def calibration_bins(truth: Bools, scores: Floats) -> tuple[CalibrationBin, ...]:
    """Bins of about equal size, at least ten patients each where ties allow; equal scores share one bin."""
    count = min(MOST_BINS, max(1, len(scores) // PATIENTS_A_BIN))
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, count + 1)[1:-1]))
    index = np.searchsorted(edges, scores)
    return tuple(_bin(truth[index == own], scores[index == own]) for own in np.unique(index))


def _bin(truth: Bools, scores: Floats) -> CalibrationBin:
    share = proportion(int(truth.sum()), len(truth))
    return CalibrationBin(float(scores.mean()), share.value, share.low, share.high, share.n)
