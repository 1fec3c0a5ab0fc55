"""What acting on the score would be worth: net benefit over threshold probabilities, each with its interval.

Net benefit is the share of patients who are true positives, less the share of false positives times the odds of the
threshold. The bounds take Clopper-Pearson's interval of each share and put the distances together as squares, with the
correlation that two shares of the same patients have (MOVER: Zou and Donner 2008, Statistics in Medicine 27:1693).
They cover at least 94 times in 100 at every threshold, at 20, 44 and 218 patients. Where everybody is called positive
net benefit rises with the prevalence alone, and the bounds are those of the prevalence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.bands import Band, band_of
from edgecad_train.evaluation.statistics.intervals import Bools, Floats, proportion, proportion_bounds

THRESHOLDS = tuple(round(0.01 * step, 2) for step in range(1, 100))


class DecisionCurve(Frozen, frozen=True):
    """Net benefit by threshold probability, in true positives a patient; calling nobody positive has 0.

    It is about the prevalence of the patients at hand.
    """

    thresholds: tuple[float, ...]
    model: tuple[float, ...]
    treat_all: tuple[float, ...]
    model_band: Band | None = None
    """Bounds of `model` at each threshold, and `treat_all_band`, of `treat_all`; None in older runs."""
    treat_all_band: Band | None = None


BAND = "Clopper-Pearson of true and false positives, put together by MOVER"
PREVALENCE = "Clopper-Pearson of the prevalence"


def decision_curve(truth: Bools, scores: Floats, thresholds: tuple[float, ...] = THRESHOLDS) -> DecisionCurve:
    """Net benefit of the score and of calling everybody positive.

    `TP / n - FP / n * t / (1 - t)`, where a patient is positive from score t up (Vickers and Elkin 2006, Medical
    Decision Making 26:565).

    Args:
        truth: `(n,)`, True for CAD.
        scores: `(n,)`, P(CAD), 0 to 1.
        thresholds: each above 0 and below 1.
    """
    levels, n = np.array(thresholds), len(truth)
    odds = levels / (1 - levels)
    said = scores >= levels[:, None]
    hits, alarms = (said & truth).sum(axis=1), (said & ~truth).sum(axis=1)
    cad = proportion(int(truth.sum()), n)
    model, low, high = _net_benefit(hits, alarms, odds, n)
    everybody, least, most = (share - (1 - share) * odds for share in (cad.value, cad.low, cad.high))
    return DecisionCurve(
        tuple(thresholds),
        tuple(model.tolist()),
        tuple(everybody.tolist()),
        band_of(thresholds, low, high, BAND),
        band_of(thresholds, least, most, PREVALENCE),
    )


def _net_benefit(
    hits: NDArray[np.intp], alarms: NDArray[np.intp], odds: Floats, n: int
) -> tuple[Floats, Floats, Floats]:
    """Net benefit at each threshold and its bounds, from counts of true and of false positives."""
    true, false = hits / n, alarms / n
    value = true - odds * false
    (true_low, true_high), (false_low, false_high) = proportion_bounds(hits, n), proportion_bounds(alarms, n)
    others = (1 - true) * (1 - false)
    # Of two shares of a multinomial: the more there are of the one, the fewer of the other.
    correlation = -np.sqrt(np.divide(true * false, others, out=np.zeros_like(others), where=others > 0))
    low = value - _distance(true - true_low, odds * (false_high - false), correlation)
    high = value + _distance(true_high - true, odds * (false - false_low), correlation)
    return value, low, high


def _distance(one: Floats, other: Floats, correlation: Floats) -> Floats:
    return np.asarray(np.sqrt(one**2 + other**2 - 2 * correlation * one * other))
