"""How exact calibration will be on new patients, whom the model did not learn from.

Riley et al. 2021 (Statistics in Medicine 40:4230), closed forms; the R package pmvalsampsize gives the same figures.
Scores are taken to be calibrated and binormal.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import expit

from edgecad_train.planning.formulas.binormal import Floats, mean_of

Mean = Callable[[Callable[[Floats], Floats]], float]

SLOPE_ERROR, RATIO_ERROR = 0.15, 0.1
"""Standard errors of the calibration slope, and of the log of observed over expected CAD, for which patients are
counted."""


def slope_variance(mean: Mean) -> float:
    """Variance of the calibration slope, times the number of patients: Iaa / (Iaa Ibb - Iab^2).

    Iaa, Iab and Ibb are the means of w, w L and w L^2, with L the log-odds and w = p (1 - p).

    Args:
        mean: gives the mean over patients of a function of the log-odds, which are calibrated.
    """

    def moment(power: int) -> float:
        def weighed(log_odds: Floats) -> Floats:
            p = expit(log_odds)
            return np.asarray(p * (1 - p) * log_odds**power)

        return mean(weighed)

    a, ab, b = (moment(power) for power in range(3))
    return a / (a * b - ab * ab)


def slope_error(patients: int, auc: float, prevalence: float) -> float:
    """Standard error of the calibration slope."""
    return math.sqrt(slope_variance(_binormal(auc, prevalence)) / patients)


def patients_for_slope(error: float, auc: float, prevalence: float) -> int:
    """The fewest patients with that standard error of the slope."""
    return math.ceil(slope_variance(_binormal(auc, prevalence)) / error**2)


def _binormal(auc: float, prevalence: float) -> Mean:
    return lambda function: mean_of(function, auc, prevalence)


def ratio_error(patients: int, prevalence: float) -> float:
    """Standard error of the log of observed over expected CAD: sqrt((1 - phi) / (n phi))."""
    return math.sqrt((1 - prevalence) / (patients * prevalence))


def patients_for_ratio(error: float, prevalence: float) -> int:
    """The fewest patients with that standard error."""
    return math.ceil((1 - prevalence) / (prevalence * error**2) - 1e-9)
