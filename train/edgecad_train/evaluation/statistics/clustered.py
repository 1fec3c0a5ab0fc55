"""Shares and means of observations of which several may be one patient's: the patient is the unit of every interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgecad_train.evaluation.statistics.intervals import (
    LEVEL,
    Floats,
    Interval,
    bounded_mean,
    draws,
    proportion_bounds,
)

KORN_GRAUBARD = "Clopper-Pearson at the effective sample, by patient"
BY_PATIENT = "bootstrap by patient"


def clustered_proportion(hits: np.ndarray, trials: np.ndarray, level: float = LEVEL) -> Interval:
    """A proportion of trials of which several may be one patient's.

    Clopper-Pearson's interval at the effective sample size: what a simple sample of the same variance would
    have (Korn and Graubard 1998, Survey Methodology 24:193), here never more than there are patients.
    Where each patient has one trial it is Clopper-Pearson's own.

    Args:
        hits: `(patients,)`, trials of each that came out right.
        trials: `(patients,)`, trials of each.
    """
    hits, trials = hits[trials > 0], trials[trials > 0]
    if not len(trials):
        return Interval(float("nan"), 0.0, 1.0, 0, "no trials")
    value = float(hits.sum() / trials.sum())
    size = _effective(hits, trials, value)
    low, high = (float(bound) for bound in proportion_bounds(np.array(size * value), size, level))
    single = bool((trials == 1).all())
    return Interval(value, low, high, len(trials), "Clopper-Pearson" if single else KORN_GRAUBARD)


def _effective(hits: np.ndarray, trials: np.ndarray, value: float) -> float:
    patients = len(trials)
    if (trials == 1).all() or patients < 2:
        return float(patients)
    variance = patients / (patients - 1) * float(((hits - value * trials) ** 2).sum()) / float(trials.sum()) ** 2
    if variance == 0:
        return float(patients)
    return min(float(patients), value * (1 - value) / variance)


def by_patient(patients: Sequence[str], values: Floats) -> tuple[Floats, Floats]:
    """Sum of the values of each patient and how many there are, both `(patients,)`, in the order of their names."""
    _, rows = np.unique(np.asarray(patients, str), return_inverse=True)
    return np.bincount(rows, values).astype(np.float64), np.bincount(rows).astype(np.float64)


def clustered_mean(sums: Floats, counts: Floats, least: float = 0.0, most: float = 1.0) -> Interval:
    """A mean of values within `least` to `most`, of which several may be one patient's.

    A bootstrap that draws patients with all their values. Where it is narrower than what one patient more could move
    it by, as with one patient, Hoeffding's bound for as many patients.

    Args:
        sums: `(patients,)`, of each patient's values; one patient or more.
        counts: how many there are, 1 or more each.
        least, most: of a value.
    """
    n, span = len(sums), most - least
    value = float(sums.sum() / counts.sum())
    drawn = draws(np.ones(n, bool))
    low, high = np.quantile((drawn @ sums) / (drawn @ counts), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    if high - low >= span / n:
        return Interval(value, float(low), float(high), n, BY_PATIENT)
    return bounded_mean(value, n, least, most)
