"""From logits to a decision: temperature and threshold, both from validation data."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit

from edgecad.contract import Decision
from edgecad.errors import UsageError
from edgecad_train.evaluation.intervals import Bools, Floats
from edgecad_train.evaluation.ties import differ, tied

SENSITIVITY_WANTED = 0.95
TEMPERATURES = (0.25, 8.0)
"""Range of the temperature: beyond, a few dozen validation scans say nothing."""


def choose_decision(
    log_odds: Floats, truth: Bools, part: Literal["validation", "out-of-fold"] = "validation"
) -> Decision:
    """Choose temperature, then threshold; scores that differ by rounding alone count as equal.

    Args:
        log_odds: `(n,)`, logit of CAD minus logit of the other class.
        truth: `(n,)`, True for CAD.
        part: whose these are; the rule says it.

    Raises:
        UsageError: no patient is labelled CAD, or all are.
    """
    if truth.all() or not truth.any():
        raise UsageError("a threshold is chosen on patients of both classes; one class was given: look at the split")
    temperature = _temperature(log_odds, truth)
    scores = expit(tied(log_odds / temperature))
    rule = (
        f"highest threshold with {part} sensitivity for CAD of at least {SENSITIVITY_WANTED}, "
        "midway between neighbouring scores (half the lowest score where none lies below)"
    )
    return Decision(threshold=threshold_for_sensitivity(scores, truth), rule=rule, temperature=temperature)


def _temperature(log_odds: Floats, truth: Bools) -> float:
    """Temperature of least cross-entropy within its range (Guo et al. 2017, arXiv:1706.04599); 1 for equal scores."""
    if not differ(log_odds):
        return 1.0
    sign = np.where(truth, -1.0, 1.0)

    def cross_entropy(temperature: float) -> float:
        return float(np.logaddexp(0.0, sign * log_odds / temperature).mean())

    bounds = np.log(TEMPERATURES)
    inside = minimize_scalar(lambda log: cross_entropy(np.exp(log)), bounds=bounds, method="bounded").x
    # The search comes close to an end and never reaches it; there it must be seen that it was the range that ended it.
    return min((*TEMPERATURES, float(np.exp(inside))), key=cross_entropy)


def threshold_for_sensitivity(scores: Floats, truth: Bools, wanted: float = SENSITIVITY_WANTED) -> float:
    """Highest threshold at which at least `wanted` of the positives score above it.

    It lies midway between the lowest score that must be kept and the next score below.
    """
    positives = np.sort(scores[truth])
    kept = positives[len(positives) - int(np.ceil(wanted * len(positives)))]
    below = scores[scores < kept]
    threshold = (kept + below.max()) / 2 if len(below) else kept / 2
    return float(np.clip(threshold, 1e-6, 1 - 1e-6))
