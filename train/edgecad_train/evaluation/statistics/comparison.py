"""Two models on the same patients: who is right more often, and who orders them better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import logit
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from edgecad.errors import UsageError
from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.auc import NO_VARIANCE, Placements, placements
from edgecad_train.evaluation.statistics.intervals import ONE_CASE, PAIRS, Bools, Floats, Z, proportion, smaller_class
from edgecad_train.evaluation.statistics.ties import tied


@dataclass(frozen=True)
class Scores:
    """One model's answers: `scores` `(n,)`, P(CAD), and the threshold from which they are positive."""

    scores: Floats
    threshold: float

    @property
    def ranked(self) -> Floats:
        """What patients are ordered by, `(n,)`: log-odds, those that differ by rounding alone made equal."""
        return tied(np.asarray(logit(self.scores)))


class McNemar(Frozen, frozen=True, kw_only=True):
    """Right answers of two models over `n` patients.

    `difference` is the share that one gets right less the share that the other does, with Newcombe's interval;
    `p_value` is McNemar's exact one.
    """

    n: int
    both_right: int
    only_one_right: int
    only_other_right: int
    both_wrong: int
    difference: float
    low: float
    high: float
    p_value: float
    method: str = "McNemar exact; Newcombe's interval"


class AucDifference(Frozen, frozen=True, kw_only=True):
    """Areas under two ROC curves of the same `n` patients; `p_value` is None where there can be none."""

    n: int
    one: float
    other: float
    difference: float
    low: float
    high: float
    p_value: float | None
    method: str


class ModelComparison(Frozen, frozen=True, kw_only=True):
    """One model less the other, on the same patients; a class without patients has None."""

    accuracy: McNemar
    sensitivity_cad: McNemar | None
    specificity_cad: McNemar | None
    auc: AucDifference | None


def compare(truth: Bools, one: Scores, other: Scores) -> ModelComparison:
    """Compare two models, each at its own threshold.

    Args:
        truth: `(n,)`, True for CAD; one row a patient, the same patients for both.

    Raises:
        UsageError: no patients, or scores of another number of patients.
    """
    truth = np.asarray(truth, bool)
    if not len(truth) or not truth.shape == one.scores.shape == other.scores.shape:
        raise UsageError(
            f"{len(truth)} labels, {len(one.scores)} and {len(other.scores)} scores; a comparison needs the same "
            "patients in all three"
        )
    right = [(model.scores >= model.threshold) == truth for model in (one, other)]
    sensitivity, specificity = compare_classes(truth, *right)
    return ModelComparison(
        accuracy=compare_right(*right),
        sensitivity_cad=sensitivity,
        specificity_cad=specificity,
        auc=compare_auc(truth, one.ranked, other.ranked) if smaller_class(truth) else None,
    )


def compare_classes(truth: Bools, one: Bools, other: Bools) -> tuple[McNemar | None, McNemar | None]:
    """Right answers `(n,)` of two to patients with CAD, then to the others; None of a class without patients."""
    cad, without = (
        compare_right(one[members], other[members]) if members.any() else None for members in (truth, ~truth)
    )
    return cad, without


def compare_right(one: Bools, other: Bools) -> McNemar:
    """McNemar's exact test of two models' right answers, each `(n,)`, at least one patient."""
    both, only_one = int((one & other).sum()), int((one & ~other).sum())
    only_other, neither = int((~one & other).sum()), int((~one & ~other).sum())
    test = mcnemar([[both, only_one], [only_other, neither]], exact=True)
    low, high = paired_interval(both, only_one, only_other, neither)
    return McNemar(
        n=len(one),
        both_right=both,
        only_one_right=only_one,
        only_other_right=only_other,
        both_wrong=neither,
        difference=(only_one - only_other) / len(one),
        low=low,
        high=high,
        p_value=float(test.pvalue),
    )


def paired_interval(both: int, only_one: int, only_other: int, neither: int) -> tuple[float, float]:
    """95 % interval of a difference of paired proportions (Newcombe 1998, Statistics in Medicine 17:2635, method 10).

    Wilson's intervals of both, put together by their correlation; it has a width even where no answer differs.
    """
    n = both + only_one + only_other + neither
    first, second = both + only_one, both + only_other
    low_1, high_1 = proportion_confint(first, n, method="wilson")
    low_2, high_2 = proportion_confint(second, n, method="wilson")
    below_1, above_1 = first / n - low_1, high_1 - first / n
    below_2, above_2 = second / n - low_2, high_2 - second / n
    phi = _correlation(both, only_one, only_other, neither)
    difference = (only_one - only_other) / n
    low = difference - np.sqrt(max(0.0, below_1**2 - 2 * phi * below_1 * above_2 + above_2**2))
    high = difference + np.sqrt(max(0.0, above_1**2 - 2 * phi * above_1 * below_2 + below_2**2))
    return float(low), float(high)


def _correlation(both: int, only_one: int, only_other: int, neither: int) -> float:
    """Phi of the table, with Newcombe's correction for continuity; 0 where a margin is empty."""
    n = both + only_one + only_other + neither
    margins = (both + only_one) * (only_other + neither) * (both + only_other) * (only_one + neither)
    if margins == 0:
        return 0.0
    product = both * neither - only_one * only_other
    return float((max(product - n / 2, 0.0) if product > 0 else product) / np.sqrt(margins))


def compare_auc(truth: Bools, one: Floats, other: Floats) -> AucDifference:
    """DeLong's paired test by midranks (Sun and Xu 2014, IEEE Signal Processing Letters 21:1389).

    Where the variance is zero (both order the patients alike, or both separate the classes) no test exists, and
    wider bounds are given and named.

    Raises:
        UsageError: one class only.
    """
    first, second = placements(truth, one), placements(truth, other)
    apart = first - second
    bounds = _bounds_of(apart, smaller_class(truth))
    return AucDifference(
        n=len(truth),
        one=first.mean,
        other=second.mean,
        difference=apart.mean,
        low=max(-1.0, bounds.low),
        high=min(1.0, bounds.high),
        p_value=bounds.p_value,
        method=bounds.method,
    )


@dataclass(frozen=True)
class DifferenceBounds:
    """Of a difference, -1 to 1, at the 95 % level; `p_value` is None where there can be no test."""

    low: float
    high: float
    p_value: float | None
    method: str


def _bounds_of(apart: Placements, smaller: int) -> DifferenceBounds:
    if smaller < 2:
        return DifferenceBounds(-1.0, 1.0, None, ONE_CASE)
    if apart.variance < NO_VARIANCE:
        return bounds_without_variance(apart.mean, smaller)
    deviation = float(np.sqrt(apart.variance))
    p_value = 2 * float(stats.norm.sf(abs(apart.mean) / deviation))
    return DifferenceBounds(apart.mean - Z * deviation, apart.mean + Z * deviation, p_value, "DeLong, paired")


def bounds_without_variance(difference: float, cases: int, method: str = PAIRS) -> DifferenceBounds:
    """`cases` independent ones all agree on the difference: patients, or pairs that have no patient in common.

    So a share of at least Clopper-Pearson's lower bound of `cases` of `cases` would agree again, and the others
    differ by 1 at most; the test is that of signs.
    """
    share = proportion(cases, cases).low
    p_value = 1.0 if difference == 0 else float(stats.binomtest(cases, cases).pvalue)
    return DifferenceBounds(difference * share - (1 - share), difference * share + (1 - share), p_value, method)
