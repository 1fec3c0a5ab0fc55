"""What acting on the score would be worth: net benefit over threshold probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.frozen import Frozen

THRESHOLDS = tuple(round(0.01 * step, 2) for step in range(1, 100))


class DecisionCurve(Frozen, frozen=True):
    """Net benefit by threshold probability, in true positives a patient; calling nobody positive has 0.

    It is about the prevalence of the patients at hand.
    """

    thresholds: tuple[float, ...]
    model: tuple[float, ...]
    treat_all: tuple[float, ...]


def decision_curve(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], thresholds: tuple[float, ...] = THRESHOLDS
) -> DecisionCurve:
    """Net benefit of the score and of calling everybody positive.

    `TP / n - FP / n * t / (1 - t)`, where a patient is positive from score t up (Vickers and Elkin 2006, Medical
    Decision Making 26:565).

    Args:
        truth: `(n,)`, True for CAD.
        scores: `(n,)`, P(CAD), 0 to 1.
        thresholds: each above 0 and below 1.
    """
    levels = np.array(thresholds)
    everybody = np.ones((len(levels), len(truth)), bool)
    model = _net_benefit(truth, scores >= levels[:, None], levels)
    return DecisionCurve(tuple(thresholds), model, _net_benefit(truth, everybody, levels))


def _net_benefit(
    truth: NDArray[np.bool_], said: NDArray[np.bool_], thresholds: NDArray[np.float64]
) -> tuple[float, ...]:
    """`said` is `(thresholds, n)`."""
    harm = thresholds / (1 - thresholds)
    benefit = (said & truth).mean(axis=1) - (said & ~truth).mean(axis=1) * harm
    return tuple(benefit.tolist())
