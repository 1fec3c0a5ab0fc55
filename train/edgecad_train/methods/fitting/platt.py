"""Scores of any scale as log-odds: a line, fitted to scores that the model gave to patients it did not learn from.

Source: Platt, Probabilistic outputs for support vector machines, 1999. Its smoothed targets keep the line from growing
steep where scores divide the classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]
LEAST_SLOPE = 1e-3
"""Of standardised scores: a line that falls or lies flat would turn an order that the method itself gave."""


@dataclass(frozen=True)
class PlattLine:
    """log-odds = slope x score + intercept."""

    slope: float
    intercept: float

    def __call__(self, scores: Floats) -> Floats:
        """Log-odds of scores, in the same shape."""
        return self.slope * scores + self.intercept


def platt_line(scores: Floats, truth: NDArray[np.bool_]) -> PlattLine:
    """Fit the line.

    Args:
        scores: `(n,)`, out of fold.
        truth: `(n,)`, True for CAD; both classes.
    """
    middle, scale = float(scores.mean()), float(scores.std()) or 1.0
    positives, others = int(truth.sum()), int((~truth).sum())
    target = np.where(truth, (positives + 1) / (positives + 2), 1 / (others + 2))
    # A target between 0 and 1 is a scan of either class, weighted.
    twice = np.tile((scores - middle) / scale, 2)[:, None]
    labels = np.repeat([True, False], len(scores))
    fit = LogisticRegression(C=np.inf).fit(twice, labels, np.concatenate([target, 1 - target]))
    slope = max(float(fit.coef_[0, 0]), LEAST_SLOPE) / scale
    return PlattLine(slope, float(fit.intercept_[0]) - slope * middle)


def log_loss(log_odds: Floats, truth: NDArray[np.bool_]) -> float:
    """Mean negative logarithm of the probability of what is true, nats."""
    return float(np.logaddexp(0.0, np.where(truth, -log_odds, log_odds)).mean())
