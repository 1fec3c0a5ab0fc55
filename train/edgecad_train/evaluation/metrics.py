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


def brier(truth: Bools, scores: Floats) -> Interval:
    """Mean squared difference of probability and truth."""
    squared = (scores - truth) ** 2
    return _bootstrapped(float(squared.mean()), squared[_resamples(len(truth))].mean(axis=1), len(truth))


def averages(truth: Bools, scores: Floats, threshold: float) -> dict[str, Interval]:
    """Balanced accuracy, and sensitivity, precision and F1 as means over both classes.

    The paper's published sensitivity, precision and F1 can only be such means (inferred: 26 of 26 and 16 of 18).
    """
    said = scores >= threshold
    picks = _resamples(len(truth))
    whole = _class_means(truth[None], said[None])
    drawn = _class_means(truth[picks], said[picks])
    return {name: _bootstrapped(float(whole[name][0]), drawn[name], len(truth)) for name in whole}


def _class_means(truth: Bools, said: Bools) -> dict[str, Floats]:
    """Means over both classes for each row of `(resamples, n)`; a class without members counts as 0."""
    parts = []
    for positive in (True, False):
        hits = ((truth == positive) & (said == positive)).sum(axis=1)
        recall = hits / np.maximum((truth == positive).sum(axis=1), 1)
        precision = hits / np.maximum((said == positive).sum(axis=1), 1)
        f1 = 2 * recall * precision / np.maximum(recall + precision, 1e-12)
        parts.append((recall, precision, f1))
    recall, precision, f1 = ((one + other) / 2 for one, other in zip(*parts, strict=True))
    return {"balanced_accuracy": recall, "macro_sensitivity": recall, "macro_precision": precision, "macro_f1": f1}


def _resamples(n: int, count: int = 2000) -> NDArray[np.intp]:
    """Rows of patients drawn with replacement, `(count, n)`; the same for the same n."""
    return np.random.default_rng(0).integers(0, n, (count, n))


def _bootstrapped(value: float, drawn: Floats, n: int) -> Interval:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(value, float(low), float(high), n, "bootstrap by patient")


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
        **averages(truth, scores, threshold),
    }
    return tuple(
        Metric(name=name, value=i.value, low=i.low, high=i.high, n=i.n, part=part, method=i.method)
        for name, i in intervals.items()
        if np.isfinite(i.value)
    )
