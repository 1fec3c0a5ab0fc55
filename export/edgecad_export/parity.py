"""How far a file's answers lie from the Keras model's, and whether that is near enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.heatmap import agreement, logit_scale
from edgecad_export.answers import Answers
from edgecad_export.tolerances import Tolerances


@dataclass(frozen=True)
class Parity:
    """What was measured, on `images` images. Where a value is not finite, all figures are infinite or worst.

    Attributes:
        logits: largest difference, relative to the largest logit.
        probabilities: largest difference of P(positive).
        flips: decisions that changed, away from the threshold.
        flips_in_neighbourhood: decisions that changed so near the threshold that it is rounding.
        heatmap_correlation: least agreement of the score's maps.
        peak_shift: farthest that the strongest cell of a map moved, in cells. Reported, not judged: of two nearly
            equal cells either may be the stronger.
        identity: relative error of mean(cam) + cam_bias == logits.
        auc_loss: by how much the area under the ROC curve fell; None without both classes among the images.
    """

    images: int
    finite: bool
    logits: float
    probabilities: float
    flips: int
    flips_in_neighbourhood: int
    heatmap_correlation: float
    peak_shift: float
    identity: float
    auc_loss: float | None


def parity_of(
    reference: Answers,
    seen: Answers,
    threshold: float,
    neighbourhood: float,
    truth: NDArray[np.bool_] | None = None,
) -> Parity:
    """Compare two models' answers to the same images.

    Args:
        threshold: decision threshold, 0 to 1.
        neighbourhood: distance to it within which a flip is rounding.
        truth: which images are positive, `(n,)`, where it is known.
    """
    count = len(reference.scores)
    if not seen.finite:
        worst = float("inf")
        return Parity(count, False, worst, worst, count, 0, -1.0, worst, worst, None)
    scale = logit_scale(reference.logits)
    flipped = (reference.scores >= threshold) != (seen.scores >= threshold)
    near = np.abs(reference.scores - threshold) <= neighbourhood
    pairs = list(zip(reference.maps, seen.maps, strict=True))
    return Parity(
        images=count,
        finite=True,
        logits=float(np.abs(seen.logits - reference.logits).max()) / scale,
        probabilities=float(np.abs(seen.scores - reference.scores).max()),
        flips=int((flipped & ~near).sum()),
        flips_in_neighbourhood=int((flipped & near).sum()),
        heatmap_correlation=min(agreement(one, other, scale) for one, other in pairs),
        peak_shift=max(_peak_shift(one, other) for one, other in pairs),
        identity=seen.identity,
        auc_loss=_auc_loss(reference, seen, truth),
    )


def _peak_shift(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    peaks = [np.unravel_index(np.abs(values).argmax(), values.shape) for values in (one, other)]
    return float(np.hypot(*(np.array(peaks[0]) - np.array(peaks[1]))))


def _auc_loss(reference: Answers, seen: Answers, truth: NDArray[np.bool_] | None) -> float | None:
    if truth is None or truth.all() or not truth.any():
        return None
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, reference.scores) - roc_auc_score(truth, seen.scores))


def misses(parity: Parity, allowed: Tolerances) -> tuple[str, ...]:
    """Each figure that a tolerance forbids, with its bound."""
    if not parity.finite:
        return ("values that are not finite",)
    return tuple(
        f"{name} {seen:.3g} (bound {bound:g})" for name, seen, holds, bound in _judged(parity, allowed) if not holds
    )


def _judged(parity: Parity, allowed: Tolerances) -> Iterable[tuple[str, float, bool, float]]:
    for name, seen, bound in (
        ("logit difference", parity.logits, allowed.logits),
        ("probability difference", parity.probabilities, allowed.probabilities),
        ("decision flips", parity.flips, 0),
        ("identity error", parity.identity, allowed.identity),
        ("AUC loss", 0.0 if parity.auc_loss is None else parity.auc_loss, allowed.auc_loss),
    ):
        yield name, seen, seen <= bound, bound
    least = allowed.heatmap_correlation
    yield "heat map correlation", parity.heatmap_correlation, parity.heatmap_correlation >= least, least
