"""How far a file's answers lie from the Keras model's, and whether that is near enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.decision.zone import Zone
from edgecad.verification.comparison import AnswerDistance, compare, worst
from edgecad_export.proof.answers import CheckedAnswers, ReferenceAnswers, switched_units
from edgecad_export.proof.tolerances import Tolerances


@dataclass(frozen=True)
class Parity(AnswerDistance):
    """What was measured of a file.

    Attributes:
        identity: relative error of mean(cam) + cam_bias == logits.
        switched: hidden units, of all images, that a ReLU set on the other side than the reference's; maps were
            compared under the file's own switches. Always 0 for heads without ReLU.
        hidden: how far those moved before the ReLU, relative to the largest of their layer.
        auc_loss: by how much the area under the ROC curve fell; None without both classes among the images.
        familiarity: largest difference of the distances to the training scans, relative to the limit, beside what all
            images share, which the file's own limit takes in; None where nobody measured familiarity.
    """

    identity: float
    switched: int
    hidden: float
    auc_loss: float | None
    familiarity: float | None


def parity_of(
    reference: ReferenceAnswers,
    seen: CheckedAnswers,
    threshold: float,
    neighbourhood: float,
    truth: NDArray[np.bool_] | None = None,
    limit: float | None = None,
    zone: Zone | None = None,
    shade: float = 0.0,
) -> Parity:
    """Compare two models' answers to the same images.

    Args:
        threshold: decision threshold, 0 to 1.
        neighbourhood: distance to it, or to a bound of the zone, within which a flip is rounding.
        truth: which images are positive, `(n,)`, where it is known.
        limit: the reference's, of the distance to the training scans; None where nobody measured it.
        zone: the contract's; None where there is none.
        shade: of the reference's heat maps, see `edgecad.answer.heatmap.agreement`.
    """
    if not seen.finite:
        far = float("inf")
        furthest = None if limit is None else far
        return Parity(
            **asdict(worst(len(reference.scores))), identity=far, switched=0, hidden=far, auc_loss=None,
            familiarity=furthest,
        )  # fmt: skip
    compared = compare(reference.under(seen.switches), seen, threshold, neighbourhood, zone=zone, shade=shade)
    switched, hidden = switched_units(reference, seen)
    loss = _auc_loss(reference, seen, truth)
    return Parity(
        **asdict(compared), identity=seen.identity, switched=switched, hidden=hidden, auc_loss=loss,
        familiarity=None if limit is None else _unlike(reference, seen) / limit,
    )  # fmt: skip


def _unlike(reference: CheckedAnswers, seen: CheckedAnswers) -> float:
    """Largest difference of the distances to the training scans, beside their median."""
    if reference.familiarity is None or seen.familiarity is None:
        return float("inf")
    moved = seen.familiarity - reference.familiarity
    return float(np.abs(moved - np.median(moved)).max())


def _auc_loss(reference: CheckedAnswers, seen: CheckedAnswers, truth: NDArray[np.bool_] | None) -> float | None:
    if truth is None or truth.all() or not truth.any():
        return None
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, reference.scores) - roc_auc_score(truth, seen.scores))


@dataclass(frozen=True)
class Miss:
    """A figure that is too far off.

    Attributes:
        text: what was seen and what was wanted.
        tolerance: name of the bound in `Tolerances` that forbids it; None where none would allow it.
    """

    text: str
    tolerance: str | None = None


def misses(parity: Parity, allowed: Tolerances) -> tuple[Miss, ...]:
    """Each figure that a tolerance forbids, with its bound."""
    if not parity.finite:
        return (Miss("values that are not finite"),)
    return tuple(
        Miss(f"{words} {seen:.3g} (bound {bound:g})", name)
        for name, words, seen, holds, bound in _judged(parity, allowed)
        if not holds
    )


def _judged(parity: Parity, allowed: Tolerances) -> Iterable[tuple[str, str, float, bool, float]]:
    for name, words, seen, bound in (
        ("logits", "logit difference", parity.logits, allowed.logits),
        ("probabilities", "probability difference", parity.probabilities, allowed.probabilities),
        ("neighbourhood", "flips of label or certainty", parity.flips, 0),
        ("identity", "identity error", parity.identity, allowed.identity),
        ("hidden", "move of a hidden unit that switched", parity.hidden, allowed.hidden),
        ("familiarity", "move of familiarity", parity.familiarity or 0.0, allowed.familiarity),
        ("auc_loss", "AUC loss", 0.0 if parity.auc_loss is None else parity.auc_loss, allowed.auc_loss),
    ):
        yield name, words, seen, seen <= bound, bound
    least, seen = allowed.heatmap_correlation, parity.heatmap_correlation
    yield "heatmap_correlation", "heat map correlation", seen, seen >= least, least
