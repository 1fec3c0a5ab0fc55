"""Intervals at the 95 % level: exact ones for proportions, a bootstrap by patient for the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEVEL = 0.95
Z = float(stats.norm.ppf((1 + LEVEL) / 2))
"""Half width of an interval in standard errors."""
RESAMPLES = 2000
BOOTSTRAP = "bootstrap by patient, within each class"
ONE_CASE = "one case in a class: no interval"
NO_WIDTH = "Clopper-Pearson on the smaller class"


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval, the number of patients it is about, and the method."""

    value: float
    low: float
    high: float
    n: int
    method: str


def proportion(successes: int, trials: int) -> Interval:
    """A proportion with its Clopper-Pearson interval; not a number, 0 to 1, where there were no trials."""
    if trials == 0:
        return Interval(float("nan"), 0.0, 1.0, 0, "no trials")
    bounds = stats.binomtest(successes, trials).proportion_ci(LEVEL, method="exact")
    return Interval(successes / trials, float(bounds.low), float(bounds.high), trials, "Clopper-Pearson")


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
        return without_width(value, smaller or len(truth), len(truth))
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high), len(truth), BOOTSTRAP)


def without_width(value: float, cases: int, n: int) -> Interval:
    """Bounds of a figure within 0 to 1 whose spread is nought in the data at hand.

    All of `cases` agreed, so a share of at least Clopper-Pearson's lower bound of `cases` of `cases` would agree
    again; the others may be anything.
    """
    share = proportion(cases, cases).low
    return Interval(value, value * share, value * share + 1 - share, n, NO_WIDTH)
