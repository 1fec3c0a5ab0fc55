"""Limits of the distance to the centres: conformal, so the number of patients counts.

With n patients whose distances are exchangeable with a new one's, the new one lies beyond the k-th smallest of them
with probability at most 1 - k / (n + 1) (Vovk, Gammerman and Shafer 2005). Where n is too small for the level there is
no such k: then the largest is taken, and a wider factor.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

LEVEL, NOTED_LEVEL = 0.99, 0.95
"""Share of patients like the training ones that stay within the limit, and below what an answer notes."""
MARGIN, WIDER = 1.15, 1.4
"""Factors on the limit: as a rule, and where the patients are too few for the level."""
ENOUGH_PATIENTS = math.ceil(LEVEL / (1 - LEVEL))
"""From here on the level can be shown: 99."""


def conformal(distances: NDArray[np.floating], level: float) -> float | None:
    """The distance within which a new patient lies with probability `level`; None with too few patients."""
    rank = math.ceil((len(distances) + 1) * level - 1e-9)
    return float(np.sort(distances)[rank - 1]) if rank <= len(distances) else None


def limits_of(distances: NDArray[np.floating], own: NDArray[np.floating]) -> tuple[float, float]:
    """Distance from which an answer has a finding, and beyond which a scan is refused.

    Args:
        distances: the largest one of each patient, with deeper deficits as well, `(n,)`; each to centres that were
            found without the patient.
        own: the same of the patients' own scans alone, by which answers are noted.
    """
    largest = float(distances.max())
    bound = conformal(distances, LEVEL)
    limit = largest * WIDER if bound is None else bound * MARGIN
    noted = conformal(own, NOTED_LEVEL)
    return min(float(own.max()) if noted is None else noted, limit), limit
