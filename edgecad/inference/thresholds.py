"""Whose threshold is in force, and where it lies on the model's own probability and on the one that answers show."""

from __future__ import annotations

import math

from edgecad.contract import Contract
from edgecad.decision.recalibration import Recalibration, Threshold, threshold_on_own, threshold_on_shown
from edgecad.site import Site, ThresholdFrom


def threshold_in_force(
    contract: Contract, site: Site | None, threshold: float | None, by: Recalibration | None
) -> tuple[Threshold, ThresholdFrom]:
    """The threshold in force, and who chose it.

    Args:
        threshold: of who opened the model, on the probability that answers show; it comes before the site's.
        contract: of a fused score, with that score's decision.
        by: the recalibration in force.

    Raises:
        UsageError: the site chooses by a rule that the model has no threshold for.
    """
    decision = contract.decision
    contracts = threshold_on_own(decision.threshold, by)
    chosen: ThresholdFrom = "user"
    wanted = None if threshold is None else threshold_on_shown(threshold, by)
    if wanted is None and site is not None:
        wanted, chosen = site.threshold_for(decision.evidence), "site"
    if wanted is None or _same(wanted, contracts):
        return contracts, "contract"
    return wanted, chosen


def _same(one: Threshold, other: Threshold) -> bool:
    """Whether two thresholds are one; the way back from what is shown may have rounded the last digits."""
    return one.shown == other.shown and math.isclose(one.own, other.own, rel_tol=1e-9)
