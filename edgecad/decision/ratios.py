"""Bounds of a ratio of two independent shares, from the bounds of both."""

from __future__ import annotations

import math
from typing import NamedTuple


class BoundedShare(NamedTuple):
    """A share with its bounds, each 0 to 1."""

    value: float
    low: float
    high: float

    @property
    def rest(self) -> BoundedShare:
        """What is left to 1, with its bounds."""
        return BoundedShare(1 - self.value, 1 - self.high, 1 - self.low)


def ratio_bounds(above: BoundedShare, below: BoundedShare) -> tuple[float, float]:
    """Lower and upper bound of `above / below`: from 0 where nothing is above, to infinity where nothing is below.

    The method of variance estimates recovery (Donner and Zou 2012, Statistical Methods in Medical Research 21:347). A
    ratio r is a bound where the difference `above - r * below`, with the distance of each share to its own bound on
    that side as its error, ends at 0. Bounds of the shares at the 95 % level give such a ratio's.
    """
    product = above.value * below.value
    lows, highs = _turned(above.value, above.low), _turned(above.value, above.high)
    least, most = _turned(below.value, below.low), _turned(below.value, below.high)
    lowest = lows / (product + math.sqrt(max(0.0, product**2 - lows * most))) if lows > 0 else 0.0
    highest = (product + math.sqrt(max(0.0, product**2 - highs * least))) / least if least > 0 else math.inf
    return lowest, highest


def _turned(value: float, bound: float) -> float:
    """`value^2 - (value - bound)^2`, without loss of digits."""
    return bound * (2 * value - bound)
