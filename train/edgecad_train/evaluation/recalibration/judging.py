"""What a recalibration gains, judged on patients that it did not use."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import expit

from edgecad.frozen import Frozen
from edgecad_train.evaluation.recalibration.crossfit import FOLDS, cross_fitted
from edgecad_train.evaluation.recalibration.fitting import log_losses
from edgecad_train.evaluation.recalibration.rule import (
    LEAST_OF_A_CLASS,
    LEAST_PATIENTS,
    Method,
    Outcome,
    Ruled,
    method_for,
    ruled,
)
from edgecad_train.evaluation.statistics.calibration import Estimate
from edgecad_train.evaluation.statistics.intervals import LEVEL, Bools, Floats, draws

Figure = Callable[[Bools, Floats, Floats], Floats]
"""truth `(n,)`, log-odds `(n,)`, how often each patient counts `(k, n)` -> the figure of each of the k samples."""


class RecalibratedFigure(Frozen, frozen=True, kw_only=True):
    """A figure before and after, of the same patients, and what it changed by; intervals by patient."""

    name: str
    before: Estimate
    after: Estimate
    change: Estimate
    """After less before."""


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
    counted = np.vstack([np.ones(len(truth)), draws(truth)])
    for name, figure in FIGURES.items():
        before, after = figure(truth, log_odds, counted), figure(truth, moved, counted)
        yield RecalibratedFigure(
            name=name, before=_estimate(before), after=_estimate(after), change=_estimate(after - before)
        )


def _estimate(values: Floats) -> Estimate:
    """The first value, and the percentiles of the others, which are those of resamples."""
    if not np.isfinite(values).all():
        return Estimate(reason="the classes do not overlap in every resample")
    low, high = np.quantile(values[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(values[0]), float(low), float(high))


def _log_loss(truth: Bools, log_odds: Floats, counted: Floats) -> Floats:
    return np.asarray(counted @ log_losses(truth, log_odds) / counted.sum(1))


def _brier(truth: Bools, log_odds: Floats, counted: Floats) -> Floats:
    return np.asarray(counted @ (expit(log_odds) - truth) ** 2 / counted.sum(1))


FIGURES: dict[str, Figure] = {"log_loss": _log_loss, "brier": _brier}
"""Name -> how it is computed."""
