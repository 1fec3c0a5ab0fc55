"""Whether a score of 0.3 means three in ten: slope, intercept, Brier score, bins and the smooth curve."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import poisson_binom
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.intervals import LEVEL, Bools, Estimate, Floats, Z, proportion
from edgecad_train.evaluation.statistics.smooth import SmoothCalibration, smooth_calibration
from edgecad_train.evaluation.statistics.ties import WITHIN, classes_apart, tied

NEARLY_EQUAL = 0.01
"""Log-odds: where all lie closer together no two probabilities differ by more than 0.0025, and a slope says nothing."""
MOST_BINS, PATIENTS_A_BIN = 10, 10
SLOPE = "logistic regression of the label on the log-odds, Wald"
INTERCEPT = "exact, a sum of trials of unequal probability; from 2,000 patients on Wald"
EXACT_UP_TO = 2000
"""Patients; the exact bounds of more take seconds."""


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
    smooth: SmoothCalibration | None = None
    """The smooth curve with ICI, E50 and E90; None in older runs."""

    @property
    def estimates(self) -> tuple[tuple[str, Estimate, str], ...]:
        """Name with the value of a perfect model, figure, and method, in the order of tables.

        Of older runs the intercept's interval is Wald's, and there are no distances.
        """
        slope = ("calibration slope (1 is perfect)", self.slope, SLOPE)
        smooth = self.smooth
        if smooth is None:
            return slope, ("calibration intercept (0 is perfect)", self.intercept, SLOPE)
        return (
            slope,
            ("calibration intercept (0 is perfect)", self.intercept, INTERCEPT),
            ("mean distance from the smooth curve, ICI (0 is perfect)", smooth.ici, smooth.method),
            ("median distance, E50 (0 is perfect)", smooth.e50, smooth.method),
            ("90th percentile of distances, E90 (0 is perfect)", smooth.e90, smooth.method),
        )


def calibration_of(truth: Bools, log_odds: Floats, scores: Floats) -> Calibration:
    """Calibration of one part of the data.

    Args:
        truth: `(n,)`, True for CAD.
        log_odds: `(n,)`, of `scores`: after temperature.
        scores: `(n,)`, P(CAD), 0 to 1.
    """
    settled = expit(tied(log_odds))
    return Calibration(
        calibration_slope(truth, log_odds),
        calibration_intercept(truth, log_odds),
        float(((scores - truth) ** 2).mean()),
        calibration_bins(truth, settled),
        smooth_calibration(truth, settled),
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
    return _fitted(truth, predictors, spread)


def _why_no_slope(truth: Bools, settled: Floats) -> str:
    """Why no slope exists: the estimate is finite only if the classes overlap (Albert and Anderson 1984)."""
    if truth.all() or not truth.any():
        return "one class only"
    span = float(np.ptp(settled))
    if span == 0.0:
        return "the scores do not differ beyond rounding"
    if span < NEARLY_EQUAL:
        return f"the scores are nearly equal, their log-odds span {span:.1g}"
    if classes_apart(truth, settled):
        return "the scores separate the classes"
    return ""


def calibration_intercept(truth: Bools, log_odds: Floats) -> Estimate:
    """Calibration in the large: what would have to be added to every log-odds, the slope held at 1.

    It makes the mean score the observed share, and so exists wherever there are both classes, with scores of 0 and 1,
    too (Van Calster et al. 2019, BMC Medicine 17:230). The number of CAD patients is a sum of independent trials, each
    with its own probability; the bounds are those intercepts at which a sum as large, or as small, comes 1 time in 40,
    as Clopper and Pearson have it for equal probabilities. They cover at least 95 times in 100 where Wald's cover 89
    (20 patients, 2 of them CAD). From 2,000 patients on both are the same to two digits, and Wald's are given.
    """
    if truth.all() or not truth.any():
        return Estimate(reason="one class only")
    own, cad = np.clip(log_odds, -WITHIN, WITHIN), int(truth.sum())
    # Among certainties alone many values do as well, and the middle one is told.
    ends = [_shift(_surplus(own, cad + off)) for off in (-1e-9, 1e-9)]
    value = (ends[0] + ends[1]) / 2
    if len(truth) > EXACT_UP_TO:
        p = expit(own + value)
        half = Z / float(np.sqrt((p * (1 - p)).sum()))
        return Estimate(value, value - half, value + half)
    tail = (1 - LEVEL) / 2
    low = _shift(lambda shift: float(poisson_binom.sf(cad - 1, expit(own + shift))) - tail)
    high = _shift(lambda shift: tail - float(poisson_binom.cdf(cad, expit(own + shift))))
    return Estimate(value, low, high)


def _surplus(log_odds: Floats, wanted: float) -> Callable[[float], float]:
    """How many more patients are expected to have CAD than wanted, by the intercept."""
    return lambda shift: float(expit(log_odds + shift).sum()) - wanted


def _shift(rising: Callable[[float], float]) -> float:
    """Where a function of the intercept is 0; log-odds within `WITHIN` are certain at either end of the range."""
    return float(brentq(rising, -3 * WITHIN, 3 * WITHIN, xtol=1e-9))


def _fitted(truth: Bools, predictors: Floats, unit: float) -> Estimate:
    """First coefficient of a logistic regression by `unit`, Wald's interval; a fit that complains is no estimate."""
    model = GLM(truth.astype(np.float64), predictors, family=Binomial())
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
