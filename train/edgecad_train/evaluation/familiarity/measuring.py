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


def measured(
    features: NDArray[np.floating],
    patients: Sequence[str],
    seed: int = 0,
    deepened: Sequence[NDArray[np.floating]] = (),
) -> MeasuredFamiliarity | None:
    """Find centres and limits; None with fewer than `LEAST_PATIENTS`, or where all features are alike.

    A patient with several scans counts once: by the mean of their directions for the centres, and by the scan that
    lies farthest for the limits.

    Args:
        features: pooled features of the network to export, `(n, channels)`.
        patients: whose scan each is, `(n,)`.
        deepened: features of the same scans with deeper deficits, `(n, channels)` each.
    """
    names, owner = np.unique(np.asarray(patients), return_inverse=True)
    if len(names) < LEAST_PATIENTS:
        return None
    kinds = [features, *deepened]
    directions = np.concatenate([_mean_directions(unit(kind), owner, len(names)) for kind in kinds])
    whose = np.tile(np.arange(len(names)), len(kinds))
    distances = np.stack(_held_out_distances(kinds, owner, directions, whose, seed))
    noted, limit = limits_of(distances.max(axis=0), distances[0])
    if noted <= SMALLEST:
        return None
    centres = centres_of(directions, seed, whose)
    return MeasuredFamiliarity(
        centres, Familiarity(centres=len(centres.members), patients=len(names), noted=noted, limit=limit)
    )


def _mean_directions(directions: NDArray[np.float64], owner: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """One direction a patient, `(count, channels)`."""
    return unit(np.stack([directions[owner == number].mean(axis=0) for number in range(count)]))


def _held_out_distances(
    kinds: Sequence[NDArray[np.floating]],
    owner: NDArray[np.intp],
    directions: NDArray[np.float64],
    whose: NDArray[np.intp],
    seed: int,
) -> list[NDArray[np.float64]]:
    """Of each patient the largest distance of a scan to centres of patients of the other parts, `(patients,)` each."""
    count = int(owner.max()) + 1
    order = np.random.default_rng(seed).permutation(count)
    found = [np.zeros(count) for _ in kinds]
    for part in range(PARTS):
        held = order[part::PARTS]
        others = ~np.isin(whose, held)
        centres = centres_of(directions[others], seed, whose[others])
        rows = np.flatnonzero(np.isin(owner, held))
        for kind, distances in zip(kinds, found, strict=True):
            np.maximum.at(distances, owner[rows], centres.distances(kind[rows]))
    return found
