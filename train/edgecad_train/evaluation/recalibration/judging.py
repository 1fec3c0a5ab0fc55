"""What a recalibration gains, judged on patients that it did not use."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import expit
from scipy.stats import t

from edgecad.frozen import Frozen
from edgecad_train.evaluation.recalibration.crossfit import FOLDS, cross_fitted
from edgecad_train.evaluation.recalibration.fitting import fitted, fitted_intercept, log_losses
from edgecad_train.evaluation.recalibration.rule import (
    LEAST_OF_A_CLASS,
    LEAST_PATIENTS,
    Method,
    Outcome,
    Ruled,
    method_for,
    ruled,
)
from edgecad_train.evaluation.statistics.intervals import LEVEL, Bools, Estimate, Floats
from edgecad_train.evaluation.statistics.smooth import DISTANCES, distances, resampled_calibration_index
from edgecad_train.evaluation.statistics.ties import tied

RESAMPLES = 1000
AT_ONCE = 2_000_000
"""Patients times resamples that are fitted together: what a fit holds at once stays below 200 MB."""
BY_T, BY_BOOTSTRAP = "t of the mean over patients", "bootstrap by patient"


class RecalibratedFigure(Frozen, frozen=True):
    """A figure before and after, of the same patients, and what it changed by; intervals by patient.

    The interval of a change holds the patients' spread and not the fit's. Simulated, that of the log loss covers what
    the very same fit does to other patients in 86 to 94 of 100 sites.
    """

    name: str
    before: Estimate
    after: Estimate
    change: Estimate
    """After less before."""
    method: str
    """Of the intervals."""


class RecalibrationJudged(Frozen, frozen=True, kw_only=True):
    """What came of recalibrating a model for a site."""

    patients: int
    cad: int
    network: str
    """The trained network, by `edgecad.contract.network_digest`."""
    outcome: Outcome
    reason: str
    """Why there is none, in words; empty where there is one."""
    method: Method | None
    """None of too few patients."""
    tested: bool
    """Whether a likelihood-ratio test decided that one is needed."""
    p_value: float | None
    """Of that test, intercept 0 and slope 1; it is given where it did not decide, too."""
    intercept: float | None
    slope: float | None
    folds: int
    """Of the patients, who judged it: each was recalibrated by the others."""
    figures: tuple[RecalibratedFigure, ...]
    """Of patients that it did not use; none where there is no recalibration."""

    def figure(self, name: str) -> RecalibratedFigure | None:
        """The figure of that name."""
        return next((figure for figure in self.figures if figure.name == name), None)


def judge_recalibration(
    truth: Bools, log_odds: Floats, network: str, *, known_to_differ: bool = False, overlap: str = ""
) -> RecalibrationJudged:
    """Recalibrate by the rule of so many patients, and judge the rule on patients that it did not use.

    Args:
        truth: `(n,)`, True for CAD; one row a patient.
        log_odds: `(n,)`, after temperature.
        network: the trained network, by its digest.
        known_to_differ: the site's prevalence is known to be another than the training's; no test is needed then.
        overlap: why these patients must not be used, in words; empty where they may.
    """
    method = method_for(truth)
    tested = method == "penalised" and not known_to_differ
    found = _found(truth, log_odds, method, tested, overlap)
    made = found.outcome == "fitted"
    return RecalibrationJudged(
        patients=len(truth),
        cad=int(truth.sum()),
        network=network,
        outcome=found.outcome,
        reason=found.reason,
        method=method,
        tested=tested,
        p_value=found.p_value,
        intercept=found.intercept if made else None,
        slope=found.slope if made else None,
        folds=FOLDS if made else 0,
        figures=tuple(_figures(truth, log_odds, method, tested)) if made and method else (),
    )


def _found(truth: Bools, log_odds: Floats, method: Method | None, tested: bool, overlap: str) -> Ruled:
    if overlap:
        return Ruled("overlap", overlap)
    if method is None:
        cad = int(truth.sum())
        return Ruled(
            "too-few",
            f"{len(truth)} patients, {cad} of them CAD; at least {LEAST_PATIENTS} are wanted, and "
            f"{LEAST_OF_A_CLASS} of each class",
        )
    return ruled(truth, log_odds, method, tested=tested)


def _figures(truth: Bools, log_odds: Floats, method: Method, tested: bool) -> Iterator[RecalibratedFigure]:
    moved = cross_fitted(truth, log_odds, method, tested=tested)
    for name, of_patients in MEANS.items():
        before, after = of_patients(truth, log_odds), of_patients(truth, moved)
        yield RecalibratedFigure(name, _mean(before), _mean(after), _mean(after - before), BY_T)
    # Not within each class: probabilities are wrong where the classes' shares are, and those are known from n patients.
    n = len(truth)
    resamples = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), RESAMPLES)
    counted = np.vstack([np.ones(n), resamples])
    for name, of_samples in FITTED.items():
        before, after = _in_parts(of_samples, truth, log_odds, counted), _in_parts(of_samples, truth, moved, counted)
        change = _resampled(after - before)
        if name == "ici":  # chance alone makes it larger than 0, and resamples make it larger still
            yield RecalibratedFigure(name, _distance(truth, log_odds), _distance(truth, moved), change, DISTANCES)
        else:
            yield RecalibratedFigure(name, _resampled(before), _resampled(after), change, BY_BOOTSTRAP)


def _mean(values: Floats) -> Estimate:
    """Mean over patients with Student's interval; paired where the values are differences."""
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    half = float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * error
    return Estimate(mean, mean - half, mean + half)


def _resampled(values: Floats) -> Estimate:
    """The first value, and the percentiles of the others, which are those of resamples.

    The value may lie outside of them; the interval is widened to it then.
    """
    value, (low, high) = float(values[0]), np.quantile(values[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, min(float(low), value), max(float(high), value))


def _distance(truth: Bools, log_odds: Floats) -> Estimate:
    """The ICI with the interval that every report gives it."""
    return distances(truth, expit(tied(log_odds)))[0]


def _in_parts(of_samples: OfSamples, truth: Bools, log_odds: Floats, counted: Floats) -> Floats:
    parts = np.array_split(counted, max(1, counted.size // AT_ONCE))
    return np.concatenate([of_samples(truth, log_odds, part) for part in parts])


def _brier(truth: Bools, log_odds: Floats) -> Floats:
    return np.asarray((expit(log_odds) - truth) ** 2)


def _slope(truth: Bools, log_odds: Floats, counted: Floats) -> Floats:
    return np.asarray(fitted(truth, log_odds, penalised=False, weights=counted)[:, 1])


def _ici(truth: Bools, log_odds: Floats, counted: Floats) -> Floats:
    return resampled_calibration_index(truth, expit(tied(log_odds)), counted)


OfPatients = Callable[[Bools, Floats], Floats]
"""truth `(n,)`, log-odds `(n,)` -> a value of each patient, whose mean is the figure."""
OfSamples = Callable[[Bools, Floats, Floats], Floats]
"""truth `(n,)`, log-odds `(n,)`, how often each patient counts `(k, n)` -> the figure of each of the k samples."""
MEANS: dict[str, OfPatients] = {"log_loss": log_losses, "brier": _brier}
"""Smaller is better."""
FITTED: dict[str, OfSamples] = {
    "calibration_slope": _slope, "calibration_intercept": fitted_intercept, "ici": _ici,
}  # fmt: skip
"""1, 0 and 0 are wanted. Chance alone makes the mean distance of score and share (ICI) larger than 0."""
