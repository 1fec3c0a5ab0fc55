"""What an expected area under the ROC curve implies, where scores are normal in both classes and equally wide.

The score of others is N(0, 1) and that of CAD N(d, 1), so that the area is Phi(d / sqrt 2). The log-odds of CAD at a
score x are then exactly logit(prevalence) + d x - d^2 / 2: a score that is well calibrated.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray
from scipy.special import entr, expit, logit, ndtr, ndtri

Floats = NDArray[np.float64]

_NODES, _WEIGHTS = hermegauss(80)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def separation_of(auc: float) -> float:
    """d, the distance between the classes in their own standard deviations, for an area above 0.5 and below 1."""
    return math.sqrt(2) * float(ndtri(auc))


def balanced_share(auc: float) -> float:
    """Sensitivity, and specificity, where the two are equal; 0.5 to 1."""
    return float(ndtr(separation_of(auc) / 2))


def mean_of(function: Callable[[Floats], Floats], auc: float, prevalence: float) -> float:
    """Mean over patients of a function of the log-odds of CAD, by Gauss-Hermite quadrature.

    Args:
        function: log-odds `(k,)` -> values `(k,)`.
    """
    d = separation_of(auc)
    shares = ((prevalence, d), (1 - prevalence, 0.0))
    return sum(
        share * float(_WEIGHTS @ function(logit(prevalence) + d * (_NODES + centre) - d * d / 2))
        for share, centre in shares
    )


def cox_snell_r2(auc: float, prevalence: float) -> float:
    """Cox and Snell's R^2 of a calibrated score with that area, 0 to 1.

    Riley, Van Calster, Collins 2021 (Statistics in Medicine 40:859) simulate it for the same two normals; here it is
    1 - exp(-2 (mean log-likelihood - that of the prevalence alone)).
    """
    likelihood = mean_of(lambda log_odds: -_entropy(expit(log_odds)), auc, prevalence)
    return 1 - math.exp(-2 * (likelihood + float(_entropy(np.array(prevalence)))))


def largest_r2(prevalence: float) -> float:
    """The largest Cox and Snell's R^2 that there is at a prevalence (Riley 2019, Statistics in Medicine 38:1276)."""
    return 1 - math.exp(-2 * float(_entropy(np.array(prevalence))))


def _entropy(p: Floats) -> Floats:
    return np.asarray(entr(p) + entr(1 - p))
