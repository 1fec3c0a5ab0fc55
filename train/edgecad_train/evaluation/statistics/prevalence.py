"""Likelihood ratios, and predictive values at a prevalence, from the answers to both classes.

    PPV = odds * LR+ / (odds * LR+ + 1), NPV = 1 / (1 + odds * LR-), odds = prevalence / (1 - prevalence)

So a predictive value is a likelihood ratio in another unit, and has its interval. That follows from Clopper-Pearson's
intervals of sensitivity and specificity, and exists where a count is 0, too. Over 36 pairs of a sensitivity and a
specificity it covers at least 97 times in 100 with 10 patients of each class, and 96 with 26 and 18, by exact sums; the
score interval (Miettinen and Nurminen) covers 90 and 92.
"""

from __future__ import annotations

import math
from typing import Literal

from edgecad.decision.ratios import BoundedShare, ratio_bounds
from edgecad.errors import UsageError
from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.confusion import Confusion
from edgecad_train.evaluation.statistics.intervals import proportion

LocalName = Literal["ppv", "npv", "positive_likelihood_ratio", "negative_likelihood_ratio"]
FROM_BOTH = "Clopper-Pearson of both classes, put together by MOVER"
NO_POSITIVE, NO_NEGATIVE = "nobody is called positive", "nobody is called negative"
NO_FALSE_ALARM, NO_REFUSAL = "no false alarm: the ratio has no upper bound", "nobody without CAD is called negative"


class LocalFigure(Frozen, frozen=True, kw_only=True):
    """A figure that follows from sensitivity and specificity, with its 95 % interval.

    A predictive value lies within 0 to 1, a ratio is 0 or more.
    """

    name: LocalName
    value: float | None
    """None where these patients give none: see `reason`."""
    low: float
    high: float | None
    """None: no upper bound."""
    n: int
    """Patients of both classes."""
    method: str = FROM_BOTH
    reason: str = ""
    """Why there is no value."""

    def __str__(self) -> str:
        value = "no value" if self.value is None else f"{self.value:.2f}"
        bounds = f"at least {self.low:.2f}" if self.high is None else f"{self.low:.2f} to {self.high:.2f}"
        return f"{value} ({bounds})" + (f": {self.reason}" if self.reason else "")


def at_prevalence(counts: Confusion, prevalence: float) -> tuple[LocalFigure, ...]:
    """PPV, NPV, positive and negative likelihood ratio at a share of CAD, in this order.

    Args:
        counts: answers to the patients at hand; their own prevalence does not count.
        prevalence: share of CAD where the model is used, above 0 and below 1.

    Raises:
        UsageError: a prevalence that is not; or no patients of a class.
    """
    if not 0 < prevalence < 1:
        raise UsageError(f"a prevalence of {prevalence:g}; above 0 and below 1 is wanted, as in 0.3")
    if not counts.positives or not counts.negatives:
        raise UsageError("predictive values at a prevalence need answers to both classes; one class was given")
    odds = prevalence / (1 - prevalence)
    positive, negative = likelihood_ratios(counts)
    return _ppv(counts, odds, positive), _npv(counts, odds, negative), positive, negative


def likelihood_ratios(counts: Confusion) -> tuple[LocalFigure, LocalFigure]:
    """Sensitivity over the share of false alarms, and the share of missed CAD over specificity.

    Args:
        counts: at least one patient of each class.
    """
    sensitivity = _bounded(counts.true_positive, counts.positives)
    specificity = _bounded(counts.true_negative, counts.negatives)
    no_positive = NO_FALSE_ALARM if counts.true_positive else NO_POSITIVE
    no_negative = NO_REFUSAL if counts.false_negative else NO_NEGATIVE
    return (
        _ratio("positive_likelihood_ratio", sensitivity, specificity.rest, counts.n, no_positive),
        _ratio("negative_likelihood_ratio", sensitivity.rest, specificity, counts.n, no_negative),
    )


def _bounded(count: int, n: int) -> BoundedShare:
    interval = proportion(count, n)
    return BoundedShare(interval.value, interval.low, interval.high)


def _ratio(name: LocalName, above: BoundedShare, below: BoundedShare, n: int, reason: str) -> LocalFigure:
    low, high = ratio_bounds(above, below)
    known = below.value > 0
    return LocalFigure(
        name=name,
        value=above.value / below.value if known else None,
        low=low,
        high=high if math.isfinite(high) else None,
        n=n,
        reason="" if known else reason,
    )


def _ppv(counts: Confusion, odds: float, ratio: LocalFigure) -> LocalFigure:
    hit = odds * counts.true_positive / counts.positives
    called = hit + counts.false_positive / counts.negatives
    return LocalFigure(
        name="ppv",
        value=hit / called if called else None,
        low=_share(odds, ratio.low),
        high=_share(odds, ratio.high),
        n=counts.n,
        reason="" if called else NO_POSITIVE,
    )


def _npv(counts: Confusion, odds: float, ratio: LocalFigure) -> LocalFigure:
    cleared = counts.true_negative / counts.negatives
    called = cleared + odds * counts.false_negative / counts.positives
    return LocalFigure(
        name="npv",
        value=cleared / called if called else None,
        low=1 - _share(odds, ratio.high),
        high=1 - _share(odds, ratio.low),
        n=counts.n,
        reason="" if called else NO_NEGATIVE,
    )


def _share(odds: float, ratio: float | None) -> float:
    """Odds times a ratio, as a share; 1 where the ratio has no bound."""
    return 1.0 if ratio is None else odds * ratio / (1 + odds * ratio)
