"""Fit P(CAD) = s(a + b L), where L is the log-odds of a model's probability: plainly, or penalised towards (0, 1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import chi2

from edgecad_train.evaluation.statistics.intervals import Bools, Floats

OF_SLOPE = 4.0
"""Penalty of the slope, for each unit of the log-odds' variance."""
HOLDS = 1e12
"""Penalty under which a slope stays what it is."""
MOST_STEPS, MOST_HALVINGS = 100, 40
MOST_CURVED = 0.25
"""Bound of p (1 - p)."""
LEAST_DETERMINANT = 1e-100
"""A step by a smaller one could leave what a double can hold."""
ENOUGH = 1e-10
"""Fall of the log-likelihood that a further step could still give, from which on a fit has arrived."""


def fitted(truth: Bools, log_odds: Floats, *, penalised: bool, weights: Floats | None = None) -> Floats:
    """Intercept and slope of many samples at once, `(..., 2)`.

    Maximum likelihood; penalised, a^2 / 2 + 4 var(L) (b - 1)^2 / 2 is added to the negative log-likelihood, which is
    the prior that nothing is wrong. Newton's method with step halving: the plain step diverges in silence on small
    samples. Scores of 0 and 1 have no curvature, and its step leads nowhere. So where it is too long, the step by the
    bound of the curvature is tried as well, which never raises the loss (Boehning and Lindsay 1988, Annals of the
    Institute of Statistical Mathematics 40:641). Where the classes do not overlap the plain fit has no end, and what is
    given back is far out.

    Args:
        truth: `(..., n)`, True for CAD.
        log_odds: `(..., n)`.
        weights: `(..., n)`, how often each patient counts; once without it.
    """
    truth, log_odds, counted = np.broadcast_arrays(truth, log_odds, 1.0 if weights is None else weights)
    ridge = np.zeros((*truth.shape[:-1], 2))
    if penalised:
        mean = (counted * log_odds).sum(-1, keepdims=True) / counted.sum(-1, keepdims=True)
        variance = (counted * (log_odds - mean) ** 2).sum(-1) / counted.sum(-1)
        ridge = np.stack([np.ones_like(variance), OF_SLOPE * variance], axis=-1)
    return _newton(truth, log_odds, np.asarray(counted, np.float64), ridge)


def fitted_intercept(truth: Bools, log_odds: Floats, weights: Floats) -> Floats:
    """Calibration in the large of many samples at once, `(...,)`: the intercept by maximum likelihood, the slope 1."""
    truth, log_odds, counted = np.broadcast_arrays(truth, log_odds, weights)
    held = np.zeros((*truth.shape[:-1], 2))
    held[..., 1] = HOLDS
    return _newton(truth, log_odds, np.asarray(counted, np.float64), held)[..., 0]


def _newton(truth: NDArray[np.bool_], log_odds: Floats, counted: Floats, ridge: Floats) -> Floats:
    found = np.zeros((*truth.shape[:-1], 2))
    found[..., 1] = 1.0
    reached = _penalised_loss(truth, log_odds, counted, ridge, found)
    for _ in range(MOST_STEPS):
        step, gain = _step(truth, log_odds, counted, ridge, found)
        if (gain < ENOUGH).all():
            break
        length = np.ones_like(reached)
        for _ in range(MOST_HALVINGS):
            tried = found - length[..., None] * step
            loss = _penalised_loss(truth, log_odds, counted, ridge, tried)
            worse = ~(loss <= reached)
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        if (length < 1).any():
            safe = found - _step(truth, log_odds, counted, ridge, found, bounded=True)[0]
            reached_safely = _penalised_loss(truth, log_odds, counted, ridge, safe)
            behind = ~(loss <= reached_safely)
            tried, loss = np.where(behind[..., None], safe, tried), np.where(behind, reached_safely, loss)
        better = loss <= reached
        found = np.where(better[..., None], tried, found)
        reached = np.where(better, loss, reached)
    return found


def _step(
    truth: NDArray[np.bool_], log_odds: Floats, counted: Floats, ridge: Floats, at: Floats, *, bounded: bool = False
) -> tuple[Floats, Floats]:
    """Newton's step, or that of the curvature's bound, to be subtracted, and the fall of the loss that it promises."""
    chance = expit(at[..., :1] + at[..., 1:] * log_odds)
    missed, spread = counted * (chance - truth), counted * (MOST_CURVED if bounded else chance * (1 - chance))
    slope_a = missed.sum(-1) + ridge[..., 0] * at[..., 0]
    slope_b = (missed * log_odds).sum(-1) + ridge[..., 1] * (at[..., 1] - 1)
    aa = spread.sum(-1) + ridge[..., 0]
    ab = (spread * log_odds).sum(-1)
    bb = (spread * log_odds**2).sum(-1) + ridge[..., 1]
    curved = np.maximum(aa * bb - ab**2, LEAST_DETERMINANT)
    step = np.stack([(bb * slope_a - ab * slope_b) / curved, (aa * slope_b - ab * slope_a) / curved], axis=-1)
    return step, (step[..., 0] * slope_a + step[..., 1] * slope_b) / 2


def _penalised_loss(truth: NDArray[np.bool_], log_odds: Floats, counted: Floats, ridge: Floats, at: Floats) -> Floats:
    away = at - np.array([0.0, 1.0])
    loss = (counted * log_losses(truth, at[..., :1] + at[..., 1:] * log_odds)).sum(-1)
    return np.asarray(loss + (ridge * away**2).sum(-1) / 2)


def log_losses(truth: Bools, log_odds: Floats) -> Floats:
    """Of each patient: minus the logarithm of the probability that was given to what is true."""
    return np.asarray(np.logaddexp(0.0, np.where(truth, -log_odds, log_odds)))


def chance_of_none(truth: Bools, log_odds: Floats) -> Floats:
    """p of the likelihood-ratio test of intercept 0 and slope 1, 2 degrees of freedom, `(...,)`."""
    best = fitted(truth, log_odds, penalised=False)
    after = log_losses(truth, best[..., :1] + best[..., 1:] * log_odds).sum(-1)
    return np.asarray(chi2.sf(2 * (log_losses(truth, log_odds).sum(-1) - after), 2))
