"""Familiarity of a trained network: centres and limits from what it makes of its own training scans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.familiarity import unit
from edgecad.contract import Familiarity
from edgecad_train.evaluation.familiarity.centres import Centres, centres_of
from edgecad_train.evaluation.familiarity.limits import limits_of

LEAST_PATIENTS = 30
"""Of fewer patients there is no familiarity."""
PARTS = 10
"""Into which the patients are divided: each part's distances are to centres of the others."""
SMALLEST = 1e-6
"""Distances that are smaller than this are rounding: the features of all scans are alike."""


@dataclass(frozen=True)
class MeasuredFamiliarity:
    """What a run knows of it: the centres for the graph, and what the contract says."""

    centres: Centres
    familiarity: Familiarity


def measured(features: NDArray[np.floating], patients: Sequence[str], seed: int = 0) -> MeasuredFamiliarity | None:
    """Find centres and limits; None with fewer than `LEAST_PATIENTS`, or where all features are alike.

    A patient with several scans counts once: by the mean of their directions for the centres, and by the scan that
    lies farthest for the limits.

    Args:
        features: pooled features of the network to export, `(n, channels)`.
        patients: whose scan each is, `(n,)`.
    """
    names, owner = np.unique(np.asarray(patients), return_inverse=True)
    if len(names) < LEAST_PATIENTS:
        return None
    directions = _mean_directions(unit(features), owner, len(names))
    distances = _held_out_distances(features, owner, directions, seed)
    noted, limit = limits_of(distances)
    if noted <= SMALLEST:
        return None
    centres = centres_of(directions, seed)
    return MeasuredFamiliarity(
        centres, Familiarity(centres=len(centres.members), patients=len(names), noted=noted, limit=limit)
    )


def _mean_directions(directions: NDArray[np.float64], owner: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """One direction a patient, `(count, channels)`."""
    return unit(np.stack([directions[owner == number].mean(axis=0) for number in range(count)]))


def _held_out_distances(
    features: NDArray[np.floating], owner: NDArray[np.intp], directions: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Of each patient the largest distance of a scan to centres of patients of the other parts, `(patients,)`."""
    count = len(directions)
    order = np.random.default_rng(seed).permutation(count)
    distances = np.zeros(count)
    for part in range(PARTS):
        held = order[part::PARTS]
        centres = centres_of(np.delete(directions, held, axis=0), seed)
        rows = np.flatnonzero(np.isin(owner, held))
        np.maximum.at(distances, owner[rows], centres.distances(features[rows]))
    return distances
