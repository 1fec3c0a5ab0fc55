"""Figures with intervals. The positive class is CAD; every name says what it counts."""

from __future__ import annotations

from typing import Literal

import numpy as np

from edgecad.contract import Metric
from edgecad_train.evaluation.auc import auc, auc_bootstrap
from edgecad_train.evaluation.confusion import Confusion, confusion
from edgecad_train.evaluation.intervals import (
    Bools,
    Floats,
    Interval,
    bootstrapped,
    draws,
    proportion,
    smaller_class,
)

__all__ = ["Confusion", "Interval", "Part", "auc", "auc_bootstrap", "averages", "brier", "confusion", "figures",
           "proportion"]  # fmt: skip

Part = Literal["validation", "out-of-fold", "test"]


def figures(truth: Bools, scores: Floats, threshold: float, part: Part) -> tuple[Metric, ...]:
    """All figures of one part of the data; those that the patients at hand cannot give are left out.

    Args:
        truth: `(n,)`, True for CAD; one row a patient.
        scores: `(n,)`, P(CAD), 0 to 1.
        threshold: decision threshold on `scores`.
    """
    intervals = {**_proportions(confusion(truth, scores, threshold)), "brier": brier(truth, scores)}
    if smaller_class(truth):
        intervals["auc"] = auc(truth, scores)
        intervals["auc_bootstrap"] = auc_bootstrap(truth, scores)
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
    return bootstrapped(float(squared.mean()), draws(truth) @ squared / len(truth), truth)


def averages(truth: Bools, scores: Floats, threshold: float) -> dict[str, Interval]:
    """Balanced accuracy, F1 of CAD, and sensitivity, precision and F1 as means over both classes.

    The paper's published sensitivity, precision and F1 can only be such means (inferred: 26 of 26 and 16 of 18).
    """
    said = scores >= threshold
    whole = _class_means(truth, said, np.ones((1, len(truth))))
    drawn = _class_means(truth, said, draws(truth))
    return {name: bootstrapped(float(whole[name][0]), drawn[name], truth) for name in whole}


def _class_means(truth: Bools, said: Bools, drawn: Floats) -> dict[str, Floats]:
    """Figures in each resample, `drawn` `(count, n)`; a class that nobody was given has precision 0."""
    cad, other = (_of_class(truth == positive, said == positive, drawn) for positive in (True, False))
    recall, precision, f1 = ((one + two) / 2 for one, two in zip(cad, other, strict=True))
    return {
        "balanced_accuracy": recall,
        "f1_cad": cad[2],
        "macro_sensitivity": recall,
        "macro_precision": precision,
        "macro_f1": f1,
    }


def _of_class(belongs: Bools, given: Bools, drawn: Floats) -> tuple[Floats, Floats, Floats]:
    """Recall, precision and F1 of one class in each resample, each `(count,)`."""
    hits, members, answers = (drawn @ chosen.astype(np.float64) for chosen in (belongs & given, belongs, given))
    f1 = 2 * hits / np.maximum(members + answers, 1)
    return hits / np.maximum(members, 1), hits / np.maximum(answers, 1), f1
