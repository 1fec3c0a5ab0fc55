"""How far a file's answers lie from the Keras model's, and whether that is near enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.verification.comparison import Comparison, compare, worst
from edgecad_export.answers import Answers
from edgecad_export.tolerances import Tolerances


@dataclass(frozen=True)
class Parity(Comparison):
    """What was measured of a file.

    Attributes:
        identity: relative error of mean(cam) + cam_bias == logits.
        auc_loss: by how much the area under the ROC curve fell; None without both classes among the images.
    """

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
    if not seen.finite:
        return Parity(**asdict(worst(len(reference.scores))), identity=float("inf"), auc_loss=None)
    compared = compare(reference, seen, threshold, neighbourhood)
    return Parity(**asdict(compared), identity=seen.identity, auc_loss=_auc_loss(reference, seen, truth))


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
