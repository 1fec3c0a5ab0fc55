"""How far two models' answers to the same images lie apart: numbers only, and no judgement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import agreement, logit_scale
from edgecad.decision.zone import Zone


@dataclass(frozen=True)
class ModelAnswers:
    """What a model said of `n` images.

    Attributes:
        logits: `(n, 2)`.
        scores: P(positive), `(n,)`, 0 to 1, after temperature.
        maps: heat maps of the score, `(n, h, w)`, logit units.
    """

    logits: NDArray[np.floating]
    scores: NDArray[np.floating]
    maps: NDArray[np.floating]


@dataclass(frozen=True)
class AnswerDistance:
    """What was measured on `images` images. Where a value is not finite, all figures are infinite or worst.

    Attributes:
        logits: largest difference, relative to the reference's largest logit.
        probabilities: largest difference of P(positive), 0 to 1.
        flips: answers whose label changed, away from the threshold, or whose certainty, away from the zone's bounds.
        flips_in_neighbourhood: answers that changed, only so near to where they change that it is rounding.
        heatmap_correlation: least agreement of the score's maps, -1 to 1; see `edgecad.answer.heatmap.agreement`.
        heatmap_median: median agreement.
        peak_shift: farthest that the strongest cell of a map moved, in cells. Reported, not judged: of two nearly
            equal cells either may be the stronger.
    """

    images: int
    finite: bool
    logits: float
    probabilities: float
    flips: int
    flips_in_neighbourhood: int
    heatmap_correlation: float
    heatmap_median: float
    peak_shift: float


def worst(images: int) -> AnswerDistance:
    """What is said where a value is not finite."""
    far = float("inf")
    return AnswerDistance(images, False, far, far, images, 0, -1.0, -1.0, far)


def compare(
    reference: ModelAnswers,
    seen: ModelAnswers,
    threshold: float,
    neighbourhood: float,
    seen_threshold: float | None = None,
    zone: Zone | None = None,
    shade: float = 0.0,
) -> AnswerDistance:
    """Compare two models' answers to the same images, in the same order.

    Heat maps of different shape are averaged over area down to the smaller grid; that keeps their mean, which
    carries the score.

    Args:
        threshold: the reference's decision threshold, 0 to 1.
        neighbourhood: distance of the reference's score to it, or to a bound of the zone, within which a flip is
            rounding.
        seen_threshold: of `seen`, where it is another.
        zone: of both; None: certainty is not compared.
        shade: of the reference's maps, see `edgecad.answer.heatmap.agreement`.
    """
    count = len(reference.scores)
    if not (_finite(reference) and _finite(seen)):
        return worst(count)
    scale = logit_scale(reference.logits)
    other = threshold if seen_threshold is None else seen_threshold
    cuts = [(threshold, other), *_bounds(zone, threshold, other)]
    flipped = np.array([(reference.scores >= one) != (seen.scores >= another) for one, another in cuts])
    near = np.array([np.abs(reference.scores - one) <= neighbourhood for one, _ in cuts])
    away = (flipped & ~near).any(axis=0)
    pairs = [_on_one_grid(one, another) for one, another in zip(reference.maps, seen.maps, strict=True)]
    alike = [agreement(one, another, scale, shade) for one, another in pairs]
    return AnswerDistance(
        images=count,
        finite=True,
        logits=float(np.abs(seen.logits - reference.logits).max()) / scale,
        probabilities=float(np.abs(seen.scores - reference.scores).max()),
        flips=int(away.sum()),
        flips_in_neighbourhood=int((flipped.any(axis=0) & ~away).sum()),
        heatmap_correlation=min(alike),
        heatmap_median=float(np.median(alike)),
        peak_shift=max(_peak_shift(one, another) for one, another in pairs),
    )


def _bounds(zone: Zone | None, threshold: float, other: float) -> Iterable[tuple[float, float]]:
    """Where certainty changes, of the reference and of what is seen."""
    if zone is None:
        return ()
    (low, high), (other_low, other_high) = zone.at(threshold), zone.at(other)
    beyond = [float(np.nextafter(bound, 2.0)) for bound in (high, other_high)]  # a score that equals it lies in it
    return ((low, other_low), (beyond[0], beyond[1]))


def _finite(answers: ModelAnswers) -> bool:
    return all(bool(np.isfinite(values).all()) for values in (answers.logits, answers.scores, answers.maps))


def common_grid(one: NDArray[np.floating], other: NDArray[np.floating]) -> tuple[int, int]:
    """Rows and columns of the smaller of two grids `(..., h, w)`."""
    return min(one.shape[-2], other.shape[-2]), min(one.shape[-1], other.shape[-1])


def _on_one_grid(
    one: NDArray[np.floating], other: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows, columns = common_grid(one, other)
    return _averaged(one, rows, columns), _averaged(other, rows, columns)


def _averaged(values: NDArray[np.floating], rows: int, columns: int) -> NDArray[np.float64]:
    exact = np.asarray(values, np.float64)
    if exact.shape == (rows, columns):
        return exact
    return np.asarray(cv2.resize(exact, (columns, rows), interpolation=cv2.INTER_AREA))


def _peak_shift(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Distance of the cells where two maps of one shape are strongest, whichever their sign."""
    peaks = [np.array(np.unravel_index(np.abs(values).argmax(), values.shape)) for values in (one, other)]
    return float(np.hypot(*(peaks[0] - peaks[1])))
