"""Intervals at the 95 % level: exact ones for proportions, a bootstrap by patient for the rest.

A bootstrap shows what the patients at hand show. Where they do not differ it has no width, which is no certainty:
each kind of figure then has a bound that needs no spread, and is named in `method`.

    area under the ROC curve      Newcombe's bounds (`auc.newcombe_bounds`)
    mean within 0 to 1 (Brier)    Hoeffding's bound (`bounded_mean`)
    figures of both classes       both classes' proportions, together (`metrics.averages`)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from edgecad.frozen import Frozen

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEVEL = 0.95
Z = float(stats.norm.ppf((1 + LEVEL) / 2))
"""Half width of an interval in standard errors."""
RESAMPLES = 2000
LEAST_COUNT = 1e-12
"""In place of a count of 0, of which there is no beta distribution; the bound is 0 or 1 there."""
BOOTSTRAP = "bootstrap by patient, within each class"
ONE_CASE = "one case in a class: no interval"
PAIRS = "Clopper-Pearson of pairs that share no patient"
_HOEFFDING = "Hoeffding's bound of a mean within {:g} to {:g}"
HOEFFDING = _HOEFFDING.format(0, 1)


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval, the number of patients it is about, and the method."""

    value: float
    low: float
    high: float
    n: int
    method: str

    @property
    def width(self) -> float:
        """From the lower bound to the upper."""
        return self.high - self.low


class Estimate(Frozen, frozen=True):
    """A figure with its 95 % interval, or None with the reason why it cannot be estimated."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return f"not estimable: {self.reason}"
        return f"{self.value:.3f} (95 % {self.low:.3f} to {self.high:.3f})"


def proportion(successes: int, trials: int, level: float = LEVEL) -> Interval:
    """A proportion with its Clopper-Pearson interval; not a number, 0 to 1, where there were no trials."""
    if trials == 0:
        return Interval(float("nan"), 0.0, 1.0, 0, "no trials")
    bounds = stats.binomtest(successes, trials).proportion_ci(level, method="exact")
    return Interval(successes / trials, float(bounds.low), float(bounds.high), trials, "Clopper-Pearson")


def proportion_bounds(
    successes: NDArray[np.intp] | Floats, trials: Floats | float, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Clopper-Pearson's bounds of many proportions, in the shape of `successes`.

    Args:
        successes: of each, within 0 to its trials; they need not be whole, as those of an effective sample are not.
        trials: of each, or of all; above 0.
    """
    tail, failures = (1 - level) / 2, trials - successes
    low = stats.beta.ppf(tail, np.maximum(successes, LEAST_COUNT), failures + 1)
    high = stats.beta.isf(tail, successes + 1, np.maximum(failures, LEAST_COUNT))
    return np.where(successes > 0, low, 0.0), np.where(failures > 0, high, 1.0)


def smaller_class(truth: Bools) -> int:
    """How many patients the smaller class has; 0 where there is one class only."""
    return int(min(truth.sum(), (~truth).sum()))


def draws(truth: Bools, count: int = RESAMPLES) -> Floats:
    """How often each patient is in each of `count` resamples, `(count, n)`; the same for the same truth.

    Drawn with replacement within each class, so that every resample has both.
    """
    generator = np.random.default_rng(0)
    drawn = np.zeros((count, len(truth)))
    for members in (truth, ~truth):
        size = int(members.sum())
        if size:
            drawn[:, members] = generator.multinomial(size, np.full(size, 1 / size), count)
    return drawn


def bootstrapped(value: float, drawn: Floats, truth: Bools) -> Interval:
    """Percentile interval from the figure's values in the resamples, `drawn` `(count,)`, each within 0 to 1.

    Where all resamples agree the bootstrap has no width, and where a class has one patient it would miss
    what that patient adds by chance: wider bounds are given then, and named.
    """
    smaller = smaller_class(truth)
    if smaller == 1:
        return Interval(value, 0.0, 1.0, len(truth), ONE_CASE)
    if np.ptp(drawn) < 1e-12:
        return from_pairs(value, smaller or len(truth), len(truth))
    return _percentiles(value, drawn, len(truth))


def bootstrapped_mean(value: float, drawn: Floats, truth: Bools) -> Interval:
    """The same for a mean over patients of values within 0 to 1; Hoeffding's bound where a bootstrap says too little.

    That is where a class has one patient, or the interval is narrower than what one patient more could move it by.
    """
    n = len(truth)
    interval = _percentiles(value, drawn, n)
    return bounded_mean(value, n) if smaller_class(truth) == 1 or interval.width < 1 / n else interval


def _percentiles(value: float, drawn: Floats, n: int) -> Interval:
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high), n, BOOTSTRAP)


def from_pairs(value: float, cases: int, n: int) -> Interval:
    """Bounds of a figure that is the mean over pairs of a positive and a negative, where all pairs agree.

    `cases` of the pairs share no patient and all agreed, so that a share of at least Clopper-Pearson's lower bound of
    `cases` of `cases` would agree again; the others may be anything within 0 to 1.
    """
    share = proportion(cases, cases).low
    return Interval(value, value * share, value * share + 1 - share, n, PAIRS)


def bounded_mean(value: float, n: int, least: float = 0.0, most: float = 1.0) -> Interval:
    """Bounds of the mean of `n` independent values within `least` to `most`, whatever their distribution.

    Hoeffding 1963 (Journal of the American Statistical Association 58:13), theorem 1 in its relative entropy form:
    means m with `n * KL(value, m) <= ln(2 / 0.05)`. Of values that are all 0 or all 1 it is Clopper-Pearson's.
    """
    span = most - least
    value = min(max(value, least), most)
    share = (value - least) / span
    low, high = _least_mean(share, n), 1.0 - _least_mean(1.0 - share, n)
    return Interval(value, least + span * low, least + span * high, n, _HOEFFDING.format(least, most))


def _least_mean(value: float, n: int) -> float:
    """Lower bound of the mean of which `value` was seen."""
    allowed = np.log(2 / (1 - LEVEL)) / n

    def beyond(mean: float) -> float:
        return float(special.rel_entr(value, mean) + special.rel_entr(1 - value, 1 - mean) - allowed)

    lowest = 1e-12
    if value <= lowest or beyond(lowest) <= 0:
        return 0.0
    return float(optimize.brentq(beyond, lowest, value))
