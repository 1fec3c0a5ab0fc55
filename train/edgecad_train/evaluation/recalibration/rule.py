"""How many patients allow which recalibration, and what comes out of it.

    fewer than 50, or than 10 of a class    measured, never made
    50 to 199                               penalised, where intercept 0 and slope 1 do not fit (p < 0.05)
    200 or more                             plain maximum likelihood

The bounds are from simulated sites (`benchmarks/simulations.py recalibration`): without the test a site where nothing
changed is made worse, and the plain fit of few patients is worse than nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgecad.decision.recalibration import FARTHEST, LARGEST_INTERCEPT, SLOPES
from edgecad_train.evaluation.recalibration.fitting import chance_of_none, fitted
from edgecad_train.evaluation.statistics.calibration import NEARLY_EQUAL
from edgecad_train.evaluation.statistics.intervals import Bools, Floats, smaller_class
from edgecad_train.evaluation.statistics.ties import classes_apart

LEAST_PATIENTS, LEAST_OF_A_CLASS, PLAIN_FROM = 50, 10, 200
CHANCE = 0.05
"""p of the likelihood-ratio test below which a recalibration of few patients is made."""

Method = Literal["penalised", "maximum-likelihood"]
Outcome = Literal["fitted", "not-needed", "too-few", "impossible", "overlap"]
"""`fitted`: there is one. `not-needed`: the test found nothing. `too-few`: patients. `impossible`: these scores allow
none. `overlap`: the model was made from these patients."""


@dataclass(frozen=True)
class Ruled:
    """What the rule makes of some patients.

    Attributes:
        reason: why there is none, in words; empty where there is one.
        intercept, slope: of it; 0 and 1 where there is none.
        p_value: of the likelihood-ratio test of intercept 0 and slope 1; None where there was none.
    """

    outcome: Outcome
    reason: str = ""
    intercept: float = 0.0
    slope: float = 1.0
    p_value: float | None = None


def method_for(truth: Bools) -> Method | None:
    """How these patients, one row each, allow to fit; None where they are too few."""
    if len(truth) < LEAST_PATIENTS or smaller_class(truth) < LEAST_OF_A_CLASS:
        return None
    return "penalised" if len(truth) < PLAIN_FROM else "maximum-likelihood"


def ruled(truth: Bools, log_odds: Floats, method: Method, *, tested: bool) -> Ruled:
    """Fit by a method, where the patients allow it and the test wants it.

    Args:
        truth: `(n,)`, True for CAD; both classes.
        log_odds: `(n,)`, of the model's probability, after temperature.
        tested: whether the likelihood-ratio test decides that one is needed.
    """
    limited = np.clip(log_odds, -FARTHEST, FARTHEST)
    reason = _why_none(truth, limited, method)
    if reason:
        return Ruled("impossible", reason)
    p_value = float(chance_of_none(truth, limited))
    if tested and p_value >= CHANCE:
        words = (
            f"these patients do not show that intercept 0 and slope 1 are wrong (likelihood ratio, p = {p_value:.2f})"
        )
        return Ruled("not-needed", words, p_value=p_value)
    intercept, slope = fitted(truth, limited, penalised=method == "penalised").tolist()
    reason = _why_unusable(intercept, slope)
    return Ruled("impossible", reason, p_value=p_value) if reason else Ruled("fitted", "", intercept, slope, p_value)


def _why_none(truth: Bools, log_odds: Floats, method: Method) -> str:
    span = float(np.ptp(log_odds))
    if span < NEARLY_EQUAL:
        return f"the scores do not differ enough (their log-odds span {span:.1g}, {NEARLY_EQUAL:g} wanted)"
    if method == "maximum-likelihood" and classes_apart(truth, log_odds):
        return "the scores separate the classes, and maximum likelihood has no end then"
    return ""


def _why_unusable(intercept: float, slope: float) -> str:
    low, high = SLOPES
    if slope <= 0:
        return f"the scores fall where CAD is more common (slope {slope:.2f}): this model is wrong for these patients"
    if not low <= slope <= high or abs(intercept) > LARGEST_INTERCEPT:
        return (
            f"intercept {intercept:.3g} and slope {slope:.3g} are beyond what a recalibration can mean "
            f"(-{LARGEST_INTERCEPT:g} to {LARGEST_INTERCEPT:g}, {low:g} to {high:g})"
        )
    return ""
