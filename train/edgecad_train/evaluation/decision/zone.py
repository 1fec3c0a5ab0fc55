"""The uncertain zone: its bounds from the patients that choose, and how other patients fare with it."""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.special import expit

from edgecad.decision.evidence import Share
from edgecad.decision.zone import Zone, ZoneShares, certainty_of, least_patients, order
from edgecad_train.classes import POSITIVE
from edgecad_train.evaluation.decision.points import Part, Patients, share
from edgecad_train.evaluation.statistics.intervals import Bools, Floats
from edgecad_train.evaluation.statistics.ties import WITHIN, resolution_of, tied

OFTEN = 0.95
"""Share of zones whose patients on the wrong side stay below `wrong_up_to`."""
NONE_WANTED = "none was wanted (--uncertain 0)"


def why_no_zone(truth: Bools, alpha: float, part: Part, *, scores_rise: bool) -> str | None:
    """Why these patients set no zone, for people; None where they set one.

    Args:
        truth: `(n,)`, True for CAD.
        alpha: share of either class that may lie on the wrong side; 0: no zone is wanted.
        scores_rise: whether scores are higher for CAD.
    """
    if not alpha:
        return NONE_WANTED
    if not scores_rise:
        return f"the {part} scores do not rise with {POSITIVE}, so none of them speaks for one group"
    least, cad = least_patients(alpha), int(truth.sum())
    if min(cad, len(truth) - cad) < least:
        seen = f"{cad} {POSITIVE} and {len(truth) - cad} other {part} patients are there"
        return f"{least} patients of each class wanted at alpha {alpha:g}; {seen}"
    return None


def zone_of(truth: Bools, log_odds: Floats, threshold: float, alpha: float, part: Part) -> Zone:
    """The zone that these patients set: enough of each class, whose scores rise with CAD.

    Of each class one order statistic, the k-th from its own wrong end, k = floor(alpha (n + 1)). A new patient of that
    class is beyond it with a chance of k / (n + 1) at most, whatever the scores' distribution, as long as new patients
    and these are exchangeable. Where the bounds cross, no score is common in both classes: both are put where the
    threshold is, or at the end of the gap between them that lies next to it.

    A score that equals a bound lies in the zone. Scores that differ by rounding alone are equal (`ties`), and a runtime
    computes in float32; so a bound lies beyond all scores that equal it.

    Args:
        truth: `(n,)`, True for CAD.
        log_odds: `(n,)`, after temperature.
        threshold: on P(CAD).
    """
    ranked, resolution = tied(log_odds), resolution_of(log_odds)
    cad, other = np.sort(ranked[truth]), np.sort(ranked[~truth])[::-1]
    first, last = (own[order(alpha, len(own)) - 1] for own in (cad, other))
    low, high = _below(first - resolution), _above(last + 2 * resolution)
    if low > high:
        low = high = min(max(threshold, high), low)
    return Zone(
        low=low,
        high=high,
        alpha=alpha,
        cad=len(cad),
        other=len(other),
        part=part,
        wrong_up_to=max(wrong_up_to(alpha, len(own)) for own in (cad, other)),
    )


def wrong_up_to(alpha: float, n: int) -> float:
    """Share of a class of which 19 of 20 zones of `n` patients leave less on the wrong side, 0 to 1.

    Given the patients that set it, the share on the right side follows Beta(n + 1 - k, k) where no scores are equal
    (Vovk 2012, Proceedings of Machine Learning Research 25:475, proposition 2).
    """
    k = order(alpha, n)
    return float(stats.beta.ppf(OFTEN, k, n + 1 - k))


def shares_of(zone: Zone, threshold: float, patients: Patients) -> ZoneShares:
    """How patients who did not set the zone fare with it, at the threshold in force; at least one patient."""
    clear = np.array([certainty_of(score, threshold, zone) == "clear" for score in patients.scores.tolist()])
    wrong = clear & ((patients.scores >= threshold) != patients.truth)
    return ZoneShares(
        cad=_kept(wrong, patients.truth),
        other=_kept(wrong, ~patients.truth),
        uncertain=share(int((~clear).sum()), len(clear)),
        clear_wrong=share(int(wrong.sum()), int(clear.sum())) if clear.any() else None,
    )


def _kept(wrong: Bools, members: Bools) -> Share | None:
    return share(int((members & ~wrong).sum()), int(members.sum())) if members.any() else None


def _below(log_odds: float) -> float:
    """A score below that of these log-odds as a float32, in which a runtime gives it."""
    if log_odds <= -WITHIN:  # these are equal, and a runtime tells them apart
        return 0.0
    return float(max(np.nextafter(np.float32(expit(log_odds)), np.float32(0)), 0.0))


def _above(log_odds: float) -> float:
    if log_odds >= WITHIN:
        return 1.0
    return float(min(np.nextafter(np.float32(expit(log_odds)), np.float32(1)), 1.0))
