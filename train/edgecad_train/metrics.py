"""Figures with intervals. The positive class is CAD; every name says what it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from edgecad.contract import Metric

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Part = Literal["validation", "test"]


@dataclass(frozen=True)
class Confusion:
    """Counts by truth and answer, positive class CAD."""

    true_positive: int
    false_negative: int
    true_negative: int
    false_positive: int


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval, the number of patients it is about, and the method."""

    value: float
    low: float
    high: float
    n: int
    method: str


def confusion(truth: Bools, scores: Floats, threshold: float) -> Confusion:
    """Count answers; `scores >= threshold` is positive."""
    said = scores >= threshold
    return Confusion(
        int((truth & said).sum()),
        int((truth & ~said).sum()),
        int((~truth & ~said).sum()),
        int((~truth & said).sum()),
    )


def proportion(successes: int, trials: int) -> Interval:
    """A proportion with its Clopper-Pearson interval; 0 to 1 where there were no trials."""
    if trials == 0:
        return Interval(float("nan"), 0.0, 1.0, 0, "no trials")
    bounds = stats.binomtest(successes, trials).proportion_ci(0.95, method="exact")
    return Interval(successes / trials, float(bounds.low), float(bounds.high), trials, "Clopper-Pearson")


def auc(truth: Bools, scores: Floats) -> Interval:
    """Area under the ROC curve with DeLong's interval (Sun and Xu 2014, IEEE SPL 21:1389).

    Where the classes are apart, DeLong's variance is zero. The bound is then Clopper-Pearson's of as
    many successes as the smaller class has members, which is wider than any honest one.
    """
    positive, negative = scores[truth], scores[~truth]
    m, n = len(positive), len(negative)
    every = stats.rankdata(np.concatenate([positive, negative]))
    # Share of the other class that each score lies beyond, ties counting half.
    above = (every[:m] - stats.rankdata(positive)) / n
    below = 1.0 - (every[m:] - stats.rankdata(negative)) / m
    value = float(above.mean())
    if min(m, n) < 2:
        return Interval(value, 0.0, 1.0, m + n, "one case in a class: no interval")
    variance = above.var(ddof=1) / m + below.var(ddof=1) / n
    if variance == 0.0:
        bound = proportion(round(value * min(m, n)), min(m, n))
        return Interval(value, bound.low, bound.high, m + n, "Clopper-Pearson on the smaller class")
    half = 1.959963984540054 * float(np.sqrt(variance))
    return Interval(value, max(0.0, value - half), min(1.0, value + half), m + n, "DeLong")


def brier(truth: Bools, scores: Floats, seed: int = 0, resamples: int = 2000) -> Interval:
    """Mean squared difference of probability and truth, with a bootstrap by patient."""
    squared = (scores - truth) ** 2
    draw = np.random.default_rng(seed)
    means = squared[draw.integers(0, len(squared), (resamples, len(squared)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(squared.mean()), float(low), float(high), len(truth), "bootstrap by patient")


def figures(truth: Bools, scores: Floats, threshold: float, part: Part) -> tuple[Metric, ...]:
    """All figures of one part of the data.

    Args:
        truth: `(n,)`, True for CAD; one row a patient.
        scores: `(n,)`, P(CAD), 0 to 1.
        threshold: decision threshold on `scores`.
    """
    c = confusion(truth, scores, threshold)
    intervals = {
        "sensitivity_cad": proportion(c.true_positive, c.true_positive + c.false_negative),
        "specificity_cad": proportion(c.true_negative, c.true_negative + c.false_positive),
        "ppv_cad": proportion(c.true_positive, c.true_positive + c.false_positive),
        "npv_cad": proportion(c.true_negative, c.true_negative + c.false_negative),
        "accuracy": proportion(c.true_positive + c.true_negative, len(truth)),
        "auc": auc(truth, scores),
        "brier": brier(truth, scores),
    }
    return tuple(
        Metric(name=name, value=i.value, low=i.low, high=i.high, n=i.n, part=part, method=i.method)
        for name, i in intervals.items()
        if np.isfinite(i.value)
    )
