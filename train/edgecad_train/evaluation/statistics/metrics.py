"""Figures with intervals. The positive class is CAD; every name says what it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from edgecad.contract import Metric
from edgecad_train.evaluation.statistics.auc import auc
from edgecad_train.evaluation.statistics.confusion import Confusion, confusion
from edgecad_train.evaluation.statistics.intervals import (
    LEVEL,
    Bools,
    Floats,
    Interval,
    bootstrapped,
    bootstrapped_mean,
    draws,
    proportion,
    smaller_class,
)

Part = Literal["validation", "out-of-fold", "test"]
Counts = Floats | float
JOINTLY = "Clopper-Pearson of both classes, jointly"
JOINT_LEVEL = float(np.sqrt(LEVEL))
"""Of each class's interval, so that both hold together at the level."""


def figures(
    truth: Bools, scores: Floats, threshold: float, part: Part, ranked: Floats | None = None
) -> tuple[Metric, ...]:
    """All figures of one part of the data; those that the patients at hand cannot give are left out.

    Args:
        truth: `(n,)`, True for CAD; one row a patient.
        scores: `(n,)`, P(CAD), 0 to 1.
        threshold: decision threshold on `scores`.
        ranked: `(n,)`, what patients are ordered by, `ties.tied`; None takes the scores.
    """
    order = scores if ranked is None else ranked
    intervals = {**_proportions(confusion(truth, scores, threshold)), "brier": brier(truth, scores)}
    if smaller_class(truth):
        intervals["auc"] = auc(truth, order)
        intervals.update(averages(truth, scores, threshold))
    return tuple(
        Metric(name=name, value=i.value, low=i.low, high=i.high, n=i.n, part=part, method=i.method)
        for name, i in intervals.items()
        if np.isfinite(i.value)
    )


def _proportions(c: Confusion) -> dict[str, Interval]:
    return {
        "sensitivity_cad": proportion(c.true_positive, c.positives),
        "specificity_cad": proportion(c.true_negative, c.negatives),
        "ppv_cad": proportion(c.true_positive, c.true_positive + c.false_positive),
        "npv_cad": proportion(c.true_negative, c.true_negative + c.false_negative),
        "accuracy": proportion(c.true_positive + c.true_negative, c.n),
    }


def brier(truth: Bools, scores: Floats) -> Interval:
    """Mean squared difference of probability and truth (Brier 1950, Monthly Weather Review 78:1)."""
    squared = (scores - truth) ** 2
    return bootstrapped_mean(float(squared.mean()), draws(truth) @ squared / len(truth), truth)


def averages(truth: Bools, scores: Floats, threshold: float) -> dict[str, Interval]:
    """Balanced accuracy, F1 of CAD, and sensitivity, precision and F1 as means over both classes.

    The paper's published sensitivity, precision and F1 can only be such means (inferred: 26 of 26 and 16 of 18).

    Their intervals are a bootstrap's; but where all answers to one class are right, or all wrong, its resamples never
    differ, and both classes' Clopper-Pearson bounds are put together (`jointly`).
    """
    c = confusion(truth, scores, threshold)
    whole = class_means(c.true_positive, c.true_negative, c.positives, c.negatives)
    if 0 in (c.true_positive, c.false_negative, c.true_negative, c.false_positive):
        one = proportion(c.true_positive, c.positives, JOINT_LEVEL)
        other = proportion(c.true_negative, c.negatives, JOINT_LEVEL)
        return jointly(whole, one, other, c.positives, c.negatives)
    said, drawn = scores >= threshold, draws(truth)
    hits, refusals = (drawn @ cells.astype(np.float64) for cells in (truth & said, ~truth & ~said))
    values = class_means(hits, refusals, c.positives, c.negatives)
    return {name: bootstrapped(float(whole[name]), values[name], truth) for name in whole}


def jointly(
    whole: Mapping[str, Floats], one: Interval, other: Interval, positives: int, negatives: int
) -> dict[str, Interval]:
    """Bounds from the sensitivity's and the specificity's, each at the level sqrt(0.95): both hold 95 times in 100.

    The classes are independent, and every one of these figures rises with both, at the shares of the classes at hand.

    Args:
        whole: the figures, from `class_means`.
        one: sensitivity at `JOINT_LEVEL`, and `other`, specificity.
        positives: answers about the class CAD, and `negatives`, about the other.
    """
    low, high = (
        class_means(s * positives, p * negatives, positives, negatives)
        for s, p in ((one.low, other.low), (one.high, other.high))
    )
    n = one.n + other.n
    return {name: Interval(float(whole[name]), float(low[name]), float(high[name]), n, JOINTLY) for name in whole}


def class_means(right_cad: Counts, right_other: Counts, cad: Counts, other: Counts) -> dict[str, Floats]:
    """Figures from right answers to both classes and the classes' sizes; a class that nobody was given has precision 0.

    Each is one number or one for each resample, `(count,)`; they need not be whole.
    """
    one = _of_class(right_cad, cad, right_cad + other - right_other)
    two = _of_class(right_other, other, right_other + cad - right_cad)
    recall, precision, f1 = ((a + b) / 2 for a, b in zip(one, two, strict=True))
    return {
        "balanced_accuracy": recall,
        "f1_cad": one[2],
        "macro_sensitivity": recall,
        "macro_precision": precision,
        "macro_f1": f1,
    }


def _of_class(hits: Counts, members: Counts, answers: Counts) -> tuple[Floats, Floats, Floats]:
    """Recall, precision and F1 of one class."""
    return _ratio(hits, members), _ratio(hits, answers), _ratio(2 * hits, members + answers)


def _ratio(above: Counts, below: Counts) -> Floats:
    """0 where nothing is divided by nothing."""
    return np.asarray(above / np.where(np.asarray(below) > 0, below, 1.0))
