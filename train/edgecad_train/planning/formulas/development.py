"""Patients that a logistic regression of p parameters wants, and what so many patients carry.

Riley et al. 2019 (Statistics in Medicine 38:1276) and 2020 (BMJ 368:m441); the R package pmsampsize gives the same
figures for the first three. They are about regression without penalty. A network has no p that they could count.

At areas of .85 and .9 the first formula is too small by half and by its own size (Pavlou et al. 2024, BMC Medical
Research Methodology 24:146).
"""

from __future__ import annotations

import math

SHRINKAGE = 0.9
"""Slope that is wanted on new patients."""
OPTIMISM = 0.05
"""Most by which Nagelkerke's R^2 may look too good."""
MARGIN = 0.05
"""Half width of the interval of the prevalence."""
ERROR = 0.05
"""Mean absolute error of a patient's probability."""
MOST_PARAMETERS = 30
"""To which the formula of the mean absolute error was fitted."""


def patients_for_shrinkage(parameters: int, r2: float, shrinkage: float = SHRINKAGE) -> int:
    """So that the slope on new patients is expected to be `shrinkage`: p / ((S - 1) ln(1 - R2 / S)).

    Args:
        r2: Cox and Snell's R^2 that is expected, above 0 and below `shrinkage`.
    """
    return math.ceil(_patients(parameters, r2, shrinkage))


def patients_for_optimism(parameters: int, r2: float, largest: float) -> int:
    """So that Nagelkerke's R^2 looks too good by at most 0.05: the same with S = R2 / (R2 + 0.05 R2max)."""
    return math.ceil(_patients(parameters, r2, _shrinkage_for_optimism(r2, largest)))


def patients_for_prevalence(prevalence: float) -> int:
    """So that the interval of the prevalence reaches 0.05 to each side: (1.96 / 0.05)^2 phi (1 - phi)."""
    return math.ceil((1.96 / MARGIN) ** 2 * prevalence * (1 - prevalence))


def patients_for_error(parameters: int, prevalence: float) -> int | None:
    """So that a patient's probability is off by 0.05 in the mean; None beyond 30 parameters.

    Van Smeden et al. 2019 (Statistical Methods in Medical Research 28:2455), for shares up to one half: a class is as
    rare as its opposite is common.
    """
    if parameters > MOST_PARAMETERS:
        return None
    rarer = min(prevalence, 1 - prevalence)
    exponent = -0.508 + 0.259 * math.log(rarer) + 0.504 * math.log(parameters) - math.log(ERROR)
    return math.ceil(math.exp(exponent / 0.544))


def parameters_carried(patients: int, r2: float, largest: float) -> int:
    """How many parameters so many patients carry by the first two formulas; 0 where it is not even one."""
    each = max(_patients(1, r2, SHRINKAGE), _patients(1, r2, _shrinkage_for_optimism(r2, largest)))
    return math.floor(patients / each)


def _patients(parameters: int, r2: float, shrinkage: float) -> float:
    return parameters / ((shrinkage - 1) * math.log(1 - r2 / shrinkage))


def _shrinkage_for_optimism(r2: float, largest: float) -> float:
    return r2 / (r2 + OPTIMISM * largest)
