"""Centres of the training scans' pooled features, each the mean of several patients.

A centre goes into every file of the model, so none may be one patient's own features: a cluster of fewer patients than
`LEAST_MEMBERS` is taken apart, and its patients join the nearest of the others.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.familiarity import distances, unit

MOST_CENTRES = 32
LEAST_MEMBERS = 3
"""Patients of which a centre is the mean, at least."""
PATIENTS_A_CENTRE = 5
"""Patients for each centre that k-means is asked for: with few patients there are fewer centres."""
STARTS = 4
"""Of k-means; the best one is taken."""


@dataclass(frozen=True)
class Centres:
    """Centres of some patients.

    Attributes:
        directions: `(k, channels)` float32, of length 1.
        members: how many patients each is the mean of, `(k,)`.
    """

    directions: NDArray[np.float32]
    members: NDArray[np.int64]

    def distances(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """One minus the cosine to the nearest centre, `(n,)`, 0 to 2, of pooled features `(n, channels)`."""
        return distances(features, self.directions)


def centres_of(directions: NDArray[np.float64], seed: int = 0, patients: NDArray[np.intp] | None = None) -> Centres:
    """Find the centres of patients.

    Args:
        directions: `(n, channels)`, each of length 1, of at least `LEAST_MEMBERS` patients.
        patients: whose each is, `(n,)`; None: each is another patient's.
    """
    owner = np.arange(len(directions)) if patients is None else patients
    count = int(np.clip(len(np.unique(owner)) // PATIENTS_A_CENTRE, 1, MOST_CENTRES))
    labels = _merged(directions, _clusters(directions, count, seed), owner)
    groups = [labels == label for label in np.unique(labels)]
    means = np.stack([unit(directions[group].mean(axis=0, keepdims=True))[0] for group in groups])
    members = [len(np.unique(owner[group])) for group in groups]
    return Centres(means.astype(np.float32), np.array(members, np.int64))


def _clusters(directions: NDArray[np.float64], count: int, seed: int) -> NDArray[np.intp]:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    # One thread: for so few rows others only wait for each other, on a busy machine a hundred times as long.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # patients who are all alike make fewer clusters
        return np.asarray(KMeans(count, n_init=STARTS, random_state=seed).fit_predict(directions))


def _merged(directions: NDArray[np.float64], labels: NDArray[np.intp], owner: NDArray[np.intp]) -> NDArray[np.intp]:
    """Labels without clusters of fewer than `LEAST_MEMBERS`: the smallest goes first, its patients to the nearest."""
    labels = labels.copy()
    while True:
        names = np.unique(labels)
        counts = np.array([len(np.unique(owner[labels == name])) for name in names])
        if len(names) == 1 or counts.min() >= LEAST_MEMBERS:
            return labels
        gone = labels == names[counts.argmin()]
        left = [name for name in names if name != names[counts.argmin()]]
        means = unit(np.stack([directions[labels == name].mean(axis=0) for name in left]))
        labels[gone] = np.array(left)[(directions[gone] @ means.T).argmax(axis=1)]
