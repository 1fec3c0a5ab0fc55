"""Percentiles of latencies, and how many runs it takes to know one.

The count and the bound are those of MLPerf Inference's early stopping (MLCommons, inference rules, appendix `Early
stopping criterion`): a percentile p is bounded with a confidence of 99 % by the t-th slowest of n runs, where t is the
largest number for which at most t runs slower than p's true value would be seen with a probability of at most 1 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

CONFIDENCE = 0.99


@cache
def runs_needed(percentile: float) -> int:
    """Fewest runs that bound a percentile, above 0 and below 100: 64, 130 and 662 for the 90th, 95th and 99th."""
    runs = 1
    while _slowest_that_counts(runs, percentile) < 1:
        runs += 1
    return runs


def upper_bound(values: Sequence[float], percentile: float) -> float | None:
    """What a percentile is at most, with a confidence of 99 %; None where there are too few values to say."""
    place = _slowest_that_counts(len(values), percentile)
    return sorted(values)[len(values) - place] if place >= 1 else None


def _slowest_that_counts(runs: int, percentile: float) -> int:
    """The largest t with P(at most t of `runs` are slower than the percentile) <= 1 %; -1 where there is none."""
    slower = 1 - percentile / 100
    below, place = 0.0, -1
    while place < runs:
        below += _binomial(runs, place + 1, slower)
        if below > 1 - CONFIDENCE:
            break
        place += 1
    return place


def _binomial(runs: int, hits: int, chance: float) -> float:
    """Probability of `hits` in `runs`; by logarithms, because the terms leave what a float can hold."""
    ways = math.lgamma(runs + 1) - math.lgamma(hits + 1) - math.lgamma(runs - hits + 1)
    return math.exp(ways + hits * math.log(chance) + (runs - hits) * math.log1p(-chance))
