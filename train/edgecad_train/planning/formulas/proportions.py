"""How wide the interval of a sensitivity or specificity will be."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv, gammaln, xlog1py, xlogy

TAIL = 0.025
"""On each side of an interval at the 95 % level."""


def expected_width(patients: int, share: float) -> float:
    """Mean width of Clopper and Pearson's interval at the 95 % level, over the counts that chance may bring.

    sum_k Bin(k; n, p) (upper_k - lower_k); Clopper and Pearson 1934 (Biometrika 26:404).

    Args:
        patients: of the class, at least 1.
        share: the true share, 0 to 1.
    """
    k = np.arange(patients + 1.0)
    log_chance = gammaln(patients + 1) - gammaln(k + 1) - gammaln(patients - k + 1)
    chance = np.exp(log_chance + xlogy(k, share) + xlog1py(patients - k, -share))
    low, high = np.zeros(patients + 1), np.ones(patients + 1)
    low[1:] = betaincinv(k[1:], patients - k[1:] + 1, TAIL)
    high[:-1] = betaincinv(k[:-1] + 1, patients - k[:-1], 1 - TAIL)
    return float(chance @ (high - low))


def patients_for_width(width: float, share: float, most: int = 100_000) -> int:
    """The fewest patients of the class whose expected width is at most `width`; it falls with every patient more.

    Args:
        width: above 0 and below 1.
        most: where the search ends.

    Raises:
        ValueError: even `most` patients are too few.
    """
    enough = 1
    while expected_width(enough, share) > width:
        if enough >= most:
            raise ValueError(f"more than {most} patients for a width of {width}")
        enough = min(2 * enough, most)
    few = enough // 2
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (middle, enough) if expected_width(middle, share) > width else (few, middle)
    return enough
