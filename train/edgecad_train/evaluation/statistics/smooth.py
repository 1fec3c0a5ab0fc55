"""The smooth calibration curve, and how far scores lie from it: ICI, E50 and E90.

The curve is the share of CAD by score, by lowess (Cleveland 1979, Journal of the American Statistical Association
74:829): local lines by tricube weights over the nearest three quarters of the patients, without the robust steps,
which truth of 0 and 1 has no use for. ICI is the mean distance of a patient's score from the curve, E50 the median, E90
the 90th percentile (Austin and Steyerberg 2019, Statistics in Medicine 38:4051).

The curve is a weighted mean of truths, so that its band is Clopper-Pearson's at the effective number of patients,
1 / (sum of squared weights), as Korn and Graubard do. It is about the smoothed curve: a bend that is narrower than the
window is not seen. Distances are 0 or more, and chance alone makes them larger than 0. So their interval is a
bootstrap's by patient, from 0 where perfectly calibrated scores of these patients would show as much 1 time in 20.
Where the classes are apart all resamples are, too, and their curves hardly differ: the ends of the band bound the
distances then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.bands import Band, band_of, rounded
from edgecad_train.evaluation.statistics.intervals import LEVEL, Bools, Estimate, Floats, draws, proportion_bounds
from edgecad_train.evaluation.statistics.ties import classes_apart

SPAN = 0.75
"""Share of the patients that a point's line is drawn through."""
LEAST_PATIENTS, LEAST_SCORES = 20, 10
"""Below, a curve shows nothing: with 20 patients its band is 0.6 wide."""
MOST_POINTS, DRAWN_POINTS = 200, 51
"""At which lines are fitted, and which files keep."""
RESAMPLES = 1000
FLAT = 1e-10
"""Variance of scores in a window, up to which its line is level."""
BAND = "lowess; Clopper-Pearson at the effective number of patients"
DISTANCES = "bootstrap by patient, from 0 where calibrated scores would show as much"
WITHIN_BAND = "distances from the near and from the far end of the curve's band"


class SmoothCalibration(Frozen, frozen=True, kw_only=True):
    """The curve at the scores `at`, with its band, and distances with their intervals; or the reason for none."""

    at: tuple[float, ...] = ()
    observed: tuple[float, ...] = ()
    """Share of CAD by the curve."""
    band: Band | None = None
    ici: Estimate
    e50: Estimate
    e90: Estimate
    ici_by_chance: float | None = None
    """95th percentile of the ICI that perfectly calibrated scores of these patients would have."""
    method: str = DISTANCES
    reason: str = ""


def smooth_calibration(truth: Bools, scores: Floats) -> SmoothCalibration:
    """The curve of `scores` `(n,)`, P(CAD), against `truth` `(n,)`; scores that are equal have been made the same."""
    reason = _why_none(truth, scores)
    if reason:
        none = Estimate(reason=reason)
        return SmoothCalibration(ici=none, e50=none, e90=none, reason=reason)
    low, high = float(scores.min()), float(scores.max())
    shown = np.linspace(low, high, DRAWN_POINTS)
    weights = line_weights(scores, shown)
    curve = np.clip(weights @ truth, 0.0, 1.0)
    ici, e50, e90, by_chance = distances(truth, scores)
    apart = classes_apart(truth, scores)
    if apart:
        ici, e50, e90 = _within_band(truth, scores, (ici, e50, e90))
    return SmoothCalibration(
        at=rounded(shown),
        observed=rounded(curve),
        band=band_of(shown, *_bounds(curve, weights), BAND),
        ici=ici,
        e50=e50,
        e90=e90,
        ici_by_chance=by_chance,
        method=WITHIN_BAND if apart else DISTANCES,
    )


def _bounds(curve: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Of the share at each point, which is a mean of truths by `weights` `(points, n)`: at the effective patients."""
    patients = 1 / (weights**2).sum(axis=1)
    return proportion_bounds(curve * patients, patients)


def _within_band(truth: Bools, scores: Floats, found: tuple[Estimate, ...]) -> tuple[Estimate, Estimate, Estimate]:
    """The figures with the bounds that the curve's band leaves them."""
    at = np.quantile(scores, np.linspace(0, 1, min(len(scores), MOST_POINTS)))
    weights = line_weights(scores, at)
    low, high = _bounds(np.clip(weights @ truth, 0.0, 1.0), weights)
    near, far = np.maximum(0.0, np.maximum(low - at, at - high)), np.maximum(high - at, at - low)
    ends = _summaries(np.stack([near, far]), np.ones((1, len(at))))
    made = [
        Estimate(own.value, min(own.value, float(least)), max(own.value, float(most)))
        for own, least, most in zip(found, *ends, strict=True)
        if own.value is not None
    ]
    return made[0], made[1], made[2]


def _why_none(truth: Bools, scores: Floats) -> str:
    if len(truth) < LEAST_PATIENTS:
        return f"{len(truth)} patients, and a smooth curve wants {LEAST_PATIENTS}"
    if truth.all() or not truth.any():
        return "one class only"
    different = len(np.unique(scores))
    return f"{different} different scores, and a smooth curve wants {LEAST_SCORES}" if different < LEAST_SCORES else ""


def integrated_calibration_index(truth: Bools, scores: Floats) -> float:
    """The ICI alone, without an interval; arguments as `smooth_calibration`, at least two different scores."""
    return float(_Smoother(scores).distances(truth.astype(np.float64)[:, None])[0].mean())


def resampled_calibration_index(truth: Bools, scores: Floats, counts: Floats) -> Floats:
    """The ICI of each of k resamples, `(k,)`; `counts` `(k, n)` says how often each patient is there."""
    apart = _Smoother(scores).distances(truth.astype(np.float64)[:, None], counts.T)
    return np.asarray((apart * counts).sum(axis=1) / counts.sum(axis=1))


def distances(truth: Bools, scores: Floats) -> tuple[Estimate, Estimate, Estimate, float]:
    """ICI, E50 and E90, and the ICI that calibrated scores exceed 1 time in 20."""
    smoother, n = _Smoother(scores), len(truth)
    generator = np.random.default_rng(0)
    own = _summaries(smoother.distances(truth.astype(np.float64)[:, None]), np.ones((1, n)))
    drawn = draws(np.ones(n, bool), RESAMPLES)
    resampled = _summaries(smoother.distances(truth.astype(np.float64)[:, None], drawn.T), drawn)
    calibrated = (generator.random((RESAMPLES, n)) < scores).astype(np.float64)
    chance = _summaries(smoother.distances(calibrated.T), np.ones((RESAMPLES, n)))
    made = [_estimate(float(own[0, one]), resampled[:, one], chance[:, one]) for one in range(3)]
    return made[0], made[1], made[2], float(np.quantile(chance[:, 0], LEVEL))


def _estimate(value: float, resampled: Floats, chance: Floats) -> Estimate:
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    lowest = 0.0 if value <= np.quantile(chance, LEVEL) else min(float(low), value)
    return Estimate(value, lowest, max(float(high), value))


def _summaries(apart: Floats, counts: Floats) -> Floats:
    """Mean, median and 90th percentile of `apart` `(k, n)`, of which each is there `counts` `(k or 1, n)` times."""
    order = np.argsort(apart, axis=1)
    values = np.take_along_axis(apart, order, axis=1)
    held = np.take_along_axis(np.broadcast_to(counts, apart.shape), order, axis=1)
    share = np.cumsum(held, axis=1) / held.sum(axis=1, keepdims=True)
    ranks = ((share < level - 1e-9).sum(axis=1) for level in (0.5, 0.9))
    at = [values[np.arange(len(values)), np.minimum(rank, values.shape[1] - 1)] for rank in ranks]
    return np.stack([(apart * counts).sum(axis=1) / held.sum(axis=1), *at], axis=1)


@dataclass(frozen=True)
class _Window:
    """Tricube weights of the patients, `(points, n)`, at points of the score."""

    at: Floats
    weights: Floats


def _window(scores: Floats, at: Floats) -> _Window:
    nearest = max(2, int(SPAN * len(scores) + 1e-10))
    apart = np.abs(at[:, None] - scores)
    width = np.partition(apart, nearest - 1, axis=1)[:, nearest - 1 : nearest]
    # Equal scores may fill a window: then they alone count.
    share = apart / np.maximum(width, 1e-12)
    weights = np.where(share < 1, (1 - share**3) ** 3, 0.0)
    # Where three quarters of the scores are equal, all that a window holds may lie at its edge: then it counts alike.
    return _Window(at, np.where(weights.any(axis=1, keepdims=True), weights, apart <= width))


def line_weights(scores: Floats, at: Floats) -> Floats:
    """Weights `(points, n)` whose product with the truths is the curve at `at` `(points,)`."""
    window = _window(scores, at)
    share = window.weights / window.weights.sum(axis=1, keepdims=True)
    centre = share @ scores
    off = scores - centre[:, None]
    variance = (share * off**2).sum(axis=1)
    slope = np.where(variance > FLAT, (at - centre) / np.maximum(variance, FLAT), 0.0)
    return np.asarray(share * (1 + slope[:, None] * off))


class _Smoother:
    """Curves of many resamples of the same patients at once; windows are those of the patients as they are."""

    def __init__(self, scores: Floats) -> None:
        unique = np.unique(scores)
        at = unique if len(unique) <= MOST_POINTS else np.quantile(unique, np.linspace(0, 1, MOST_POINTS))
        self._scores, self._window = scores, _window(scores, at)
        left = np.clip(np.searchsorted(at, scores, "right") - 1, 0, max(len(at) - 2, 0))
        self._left, self._right = left, np.minimum(left + 1, len(at) - 1)
        step = np.where(self._right > left, at[self._right] - at[left], 1.0)
        self._between = ((scores - at[left]) / step)[:, None]

    def distances(self, truths: Floats, counts: Floats | None = None) -> Floats:
        """Each patient's distance from the curve, `(k, n)`.

        Args:
            truths: `(n, k or 1)`, 0 or 1.
            counts: `(n, k)`, how often each patient is there; once without it.
        """
        curve = self._curves(truths, counts)
        here = curve[self._left] * (1 - self._between) + curve[self._right] * self._between
        return np.asarray(np.abs(here - self._scores[:, None]).T)

    def _curves(self, truths: Floats, counts: Floats | None) -> Floats:
        """Local lines at the window's points, `(points, k)`."""
        x, weights = self._scores[:, None], self._window.weights
        held = np.ones_like(x) if counts is None else counts
        total = np.maximum(weights @ held, 1e-300)
        centre = (weights @ (held * x)) / total
        variance = (weights @ (held * x * x)) / total - centre**2
        level = (weights @ (held * truths)) / total
        rise = (weights @ (held * truths * x)) / total - centre * level
        slope = np.where(variance > FLAT, rise / np.maximum(variance, FLAT), 0.0)
        return np.clip(level + slope * (self._window.at[:, None] - centre), 0.0, 1.0)
