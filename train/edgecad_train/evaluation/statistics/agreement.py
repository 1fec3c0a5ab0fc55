"""How two raters of the same patients agree, and how they differ against the reference.

A rater is a reader or a model at its threshold: one answer a patient, True for CAD.
"""

from __future__ import annotations

import numpy as np

from edgecad.errors import UsageError
from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.comparison import McNemar, compare_classes
from edgecad_train.evaluation.statistics.intervals import Bools, Estimate, Interval, proportion

KAPPA = "Clopper-Pearson of the agreement, at the raters' chance agreement"
BALANCED = "half the sum of both classes' differences, Newcombe's intervals put together"


class Agreement(Frozen, frozen=True, kw_only=True):
    """Answers of two raters to the same `n` patients."""

    n: int
    both: int
    """Called CAD by both."""
    only_one: int
    only_other: int
    neither: int
    observed: Interval
    """Share of patients to whom both give the same answer."""
    kappa: Estimate
    """Cohen's: agreement beyond chance, -1 to 1."""
    kappa_method: str = KAPPA


class RaterDifference(Frozen, frozen=True, kw_only=True):
    """One rater less the other, against the reference; None for a class without patients."""

    sensitivity_cad: McNemar | None
    specificity_cad: McNemar | None
    balanced_accuracy: Estimate
    balanced_method: str = BALANCED


def agreement(one: Bools, other: Bools) -> Agreement:
    """Agreement of two raters.

    Args:
        one: `(n,)`, answers, True for CAD; and `other`, of the same patients.

    Raises:
        UsageError: no patients, or not the same number.
    """
    _check(one, other)
    both, only_one = int((one & other).sum()), int((one & ~other).sum())
    only_other, neither = int((~one & other).sum()), int((~one & ~other).sum())
    return Agreement(
        n=len(one),
        both=both,
        only_one=only_one,
        only_other=only_other,
        neither=neither,
        observed=proportion(both + neither, len(one)),
        kappa=kappa_of(both, only_one, only_other, neither),
    )


def against_reference(truth: Bools, one: Bools, other: Bools) -> RaterDifference:
    """Sensitivity, specificity and balanced accuracy of one rater less those of the other, paired.

    Args:
        truth: `(n,)`, the reference, True for CAD; `one` and `other` as in `agreement`.

    Raises:
        UsageError: no patients, or not the same number.
    """
    _check(truth, one, other)
    sensitivity, specificity = compare_classes(truth, one == truth, other == truth)
    return RaterDifference(
        sensitivity_cad=sensitivity,
        specificity_cad=specificity,
        balanced_accuracy=_balanced(sensitivity, specificity),
    )


def _check(*answers: Bools) -> None:
    sizes = [len(own) for own in answers]
    if not sizes[0] or len(set(sizes)) > 1:
        raise UsageError(
            f"answers to {', '.join(map(str, sizes))} patients; the same patients are wanted, at least one"
        )


def _balanced(one: McNemar | None, other: McNemar | None) -> Estimate:
    """The classes are independent: distances to the bounds add up as squares (Newcombe 1998, as for each class)."""
    if one is None or other is None:
        return Estimate(reason="one class only")
    value = (one.difference + other.difference) / 2
    below = np.hypot(one.difference - one.low, other.difference - other.low) / 2
    above = np.hypot(one.high - one.difference, other.high - other.difference) / 2
    return Estimate(value, float(value - below), float(value + above))


def kappa_of(both: int, only_one: int, only_other: int, neither: int) -> Estimate:
    """Cohen's kappa with an interval that has a width at perfect agreement, too.

    Kappa is `1 - disagreement / chance`, where chance is the disagreement of two raters who call as many patients CAD
    as these and know nothing of one another (Cohen 1960, Educational and Psychological Measurement 20:37). The bounds
    are Clopper-Pearson's of the agreement, at these raters' chance. They cover at least 96 times in 100 where the
    large-sample interval covers 27 (20 patients, kappa 0.95, a fifth of them CAD).
    """
    n = both + only_one + only_other + neither
    one, other = (both + only_one) / n, (both + only_other) / n
    chance = one * (1 - other) + other * (1 - one)
    if chance == 0:
        return Estimate(reason="both give all patients the same answer: agreement beyond chance means nothing")
    same = proportion(both + neither, n)
    value, low, high = (1 - (1 - share) / chance for share in (same.value, same.low, same.high))
    return Estimate(value, max(-1.0, low), min(1.0, high))
