"""Whether the maps of a series lie as those of the training scans: one scan does not tell it, twenty do.

patterns   a map's angular pattern, turned and mirrored by arithmetic
fitting    the reference, from the maps of many patients

Everything rests on mean uptake in the 17 segments, which every record of an answer holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.contract.orientation import OrientationReference
from edgecad.polarmap.orientation.fitting import SERIES, evidence_by, orientation_of
from edgecad.polarmap.orientation.patterns import OTHERS, UPRIGHT, Turn, as_reals, known_rows, patterns_of

__all__ = ["OTHERS", "SERIES", "UPRIGHT", "WANTED", "SeriesJudged", "Turn", "judged_series", "orientation_of"]

WANTED = "a polar map has the anterior wall on top and the septum at the left"


@dataclass(frozen=True)
class SeriesJudged:
    """What a series says of how its maps lie.

    Attributes:
        count: patients, or scans where nobody tells patients.
        evidence: `(7,)`, how much better the series fits each of `OTHERS` than the right orientation.
        limits: `(7,)`, beyond which chance does not bring it.
        turn: the orientation that fits best, if it is beyond its limit; None where the maps lie as they should.
    """

    count: int
    evidence: tuple[float, ...]
    limits: tuple[float, ...]
    turn: Turn | None


def judged_series(reference: OrientationReference, means: NDArray[np.floating]) -> SeriesJudged | None:
    """Hold a series against a reference.

    A series looks turned where another orientation fits it better than the right one does, and by more than chance
    makes of an upright series of as many. So a longer series tells more, and never needs less than the better fit.

    Args:
        means: `(n, 17)`, mean uptake in the segments, percent, a row a patient.

    Returns:
        None for fewer than 20 rows; those with a segment that is not known do not count.
    """
    known = known_rows(means)
    if len(known) < SERIES:
        return None
    weights, upright, spread = (np.array(each) for each in (reference.weights, reference.upright, reference.spread))
    evidence = evidence_by(weights, as_reals(patterns_of(known)).mean(axis=0, keepdims=True))[0]
    limits = np.maximum(0.0, upright + reference.reach * spread * np.sqrt(1 / len(known) + 1 / reference.patients))
    beyond = np.where(evidence > limits, evidence, -np.inf)
    best = int(np.argmax(beyond))
    return SeriesJudged(
        len(known), tuple(evidence.tolist()), tuple(limits.tolist()), OTHERS[best] if beyond[best] > 0 else None
    )
