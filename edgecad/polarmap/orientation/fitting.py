"""From the maps of many patients to the reference that a series is held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.contract.orientation import LEAST_PATIENTS, OrientationReference
from edgecad.polarmap.orientation.patterns import (
    OTHERS,
    UPRIGHT,
    as_patterns,
    as_reals,
    known_rows,
    patterns_of,
    turned,
)

Floats = NDArray[np.float64]

SERIES = 20
"""Patients from which a series is judged."""
CHANCE = 0.005
"""Share of series of `SERIES` upright patients that may look turned."""
SHRINK = 0.05
"""Share of the covariance that is replaced by its mean variance, for few patients tell little of it."""
ALIKE = 1e-4
"""Standard deviation of a share of uptake below which maps differ in rounding alone. Patients' maps have 0.05."""
FOLDS, RESAMPLED = 5, 20_000


def orientation_of(means: Floats) -> OrientationReference | None:
    """Learn how maps lie that are taken to lie right.

    The discriminant is Fisher's, of eight classes with one covariance: that of the maps, averaged over the eight
    orientations. What a patient says about it comes from the others' discriminant (5 folds). The limit holds for
    series that are drawn from the patients with replacement.

    Args:
        means: `(n, 17)`, mean uptake in the segments, percent, a row a patient, in an order that tells nothing. Rows
            with a segment that is not known do not count.

    Returns:
        None for fewer than 40 patients, whose mean could tell of one of them; and for maps that are all alike or
        symmetric.
    """
    known = known_rows(means)
    if len(known) < LEAST_PATIENTS:
        return None
    reals = as_reals(patterns_of(known))
    if reals.std(axis=0).max() < ALIKE:
        return None
    said = _cross_fitted(reals)
    upright, spread = said.mean(axis=0), said.std(axis=0, ddof=1)
    if spread.min() < ALIKE:  # all maps are symmetric
        return None
    return OrientationReference(
        patients=len(known),
        weights=_rounded(_weights(reals)),
        upright=_rounded(upright),
        spread=_rounded(spread),
        reach=round(_reach((said - upright) / spread), 2),
    )


def _weights(reals: Floats) -> Floats:
    """Fisher's discriminant of `(n, 10)`, `(10,)`."""
    covariance = np.cov(reals.T)
    pooled = np.mean([turn @ covariance @ turn.T for turn in _matrices()], axis=0)
    mean_variance = np.trace(pooled) / len(pooled) * np.eye(len(pooled))
    return np.linalg.solve((1 - SHRINK) * pooled + SHRINK * mean_variance, reals.mean(axis=0))


def _matrices() -> list[Floats]:
    """Each orientation as a matrix on real patterns, `(10, 10)`."""
    unit = as_patterns(np.eye(10))
    return [as_reals(turned(unit, turn)).T for turn in (UPRIGHT, *OTHERS)]


def evidence_by(weights: Floats, reals: Floats) -> Floats:
    """How much better maps `(n, 10)` fit each other orientation than the right one, `(n, 7)`: differences of
    log-likelihoods."""
    own = as_patterns(weights)
    others = np.stack([as_reals(turned(own, turn)) - weights for turn in OTHERS])
    return np.asarray(reals @ others.T)


def _cross_fitted(reals: Floats) -> Floats:
    fold = np.arange(len(reals)) % FOLDS
    said = np.empty((len(reals), len(OTHERS)))
    for number in range(FOLDS):
        said[fold == number] = evidence_by(_weights(reals[fold != number]), reals[fold == number])
    return said


def _reach(standardised: Floats) -> float:
    """Standard errors that the mean of a series stays within, for the worst of the orientations."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(standardised), (RESAMPLED, SERIES))
    worst = [standardised[block].mean(axis=1).max(axis=1) for block in np.array_split(drawn, 20)]
    return float(np.quantile(np.concatenate(worst) * np.sqrt(SERIES), 1 - CHANCE))


def _rounded(numbers: Floats) -> tuple[float, ...]:
    return tuple(float(f"{number:.4g}") for number in numbers)
