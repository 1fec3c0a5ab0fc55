"""A site's recalibration: its own intercept and slope of a model's log-odds, so that the score fits its patients.

It is one rising function of the score. So it changes no order and no answer: the model's threshold moves with the
score.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from edgecad.decision.log_odds import log_odds_from, probability_from
from edgecad.decision.rules import within_range
from edgecad.frozen import Frozen, demand

FARTHEST = 36.0
"""Log-odds beyond which a probability is 0 or 1 in double precision; farther ones count as these."""
SAME = 1e-6
"""Log-odds: a threshold that is moved there and back is the same within; a float32 tells no scores apart by less."""
LARGEST_INTERCEPT = 20.0
SLOPES = (0.01, 100.0)
"""Smallest and largest. Outside, nobody has recalibrated a model: its scores are noise, or not its own."""


class Recalibration(Frozen, frozen=True, kw_only=True):
    """P = s(intercept + slope x log-odds), where s is the logistic function (Cox 1958, Biometrika 45:562).

    The log-odds are those of the model's own probability, after temperature.
    """

    intercept: float
    """Logit units."""
    slope: float
    """Above 0: a fall would turn the order of the patients around."""
    patients: int
    """Of the site, to whom it was fitted."""
    network: str
    """The trained network that it belongs to: `edgecad.contract.identity.network_digest`, hexadecimal."""
    date: datetime.date
    """When it was fitted, UTC."""

    def __post_init__(self) -> None:
        low, high = SLOPES
        demand(
            math.isfinite(self.intercept) and abs(self.intercept) <= LARGEST_INTERCEPT,
            f"the intercept {self.intercept} is not within -{LARGEST_INTERCEPT:g} to {LARGEST_INTERCEPT:g}",
        )
        demand(low <= self.slope <= high, f"the slope {self.slope} is not within {low:g} to {high:g}")
        demand(self.patients >= 1, f"{self.patients} patients cannot have been fitted to")
        demand(re.fullmatch("[0-9a-f]{64}", self.network) is not None, "network is no digest: 64 hexadecimal digits")

    @property
    def words(self) -> str:
        """For people, beside the score."""
        return f"recalibrated on {self.patients} patients of this site"

    def probability(self, log_odds: float) -> float:
        """The recalibrated probability of the positive class, 0 to 1."""
        return probability_from(self.intercept + self.slope * min(max(log_odds, -FARTHEST), FARTHEST))

    def moved(self, cut: float) -> float:
        """Where a threshold, or a bound of a zone, on the model's own probability lies on the recalibrated one.

        0 and 1 stay. Any other stays between them.
        """
        return cut if cut in (0, 1) else within_range(self.probability(log_odds_from(cut)))

    def moved_back(self, threshold: float) -> float:
        """The threshold on the model's own probability that stands for one on the recalibrated one."""
        return within_range(probability_from((log_odds_from(threshold) - self.intercept) / self.slope))

    def keeps(self, threshold: float) -> bool:
        """Whether a threshold on the model's own probability has a place on the recalibrated one.

        Beyond the ends of what a score can reach, it would be moved to the end, and answers would change.
        """
        back = self.moved_back(self.moved(threshold))
        return math.isclose(log_odds_from(back), log_odds_from(threshold), rel_tol=0, abs_tol=SAME)

    def zone_at(self, threshold: Threshold, low: float, high: float) -> tuple[Threshold, Threshold]:
        """Where the bounds of a zone lie that holds the threshold; both on the model's own probability.

        A bound that is not the threshold stays apart from it: a steep map would let them meet at the end of what a
        double can tell apart, and a score between them would have no place.
        """
        below = math.nextafter(math.nextafter(threshold.shown, 0.0), 0.0)
        above = math.nextafter(math.nextafter(threshold.shown, 1.0), 1.0)
        lower = threshold if low == threshold.own else Threshold(low, min(self.moved(low), below))
        upper = threshold if high == threshold.own else Threshold(high, max(self.moved(high), above))
        return lower, upper

    def answered(self, own: float, log_odds: float, cuts: Iterable[Threshold]) -> float:
        """The recalibrated probability of an answer, on the same side of each cut as the model's own.

        On which side a score lies is decided on the model's own probability. Rounding alone could put a score that is
        next to a cut across it, or upon it.

        Args:
            own: the model's own probability; log_odds: the same in logit units, from the logits.
            cuts: a threshold, the bounds of a zone.
        """
        moved = self.probability(log_odds)
        for cut in cuts:
            if own == cut.own:
                return cut.shown
            if own > cut.own:
                moved = max(moved, math.nextafter(cut.shown, 1.0))
            else:
                moved = min(moved, math.nextafter(cut.shown, 0.0))
        return moved


@dataclass(frozen=True)
class Threshold:
    """One threshold on two scores.

    Attributes:
        own: on the model's own probability; it decides.
        shown: on the probability that answers show.
    """

    own: float
    shown: float


def threshold_on_own(own: float, by: Recalibration | None) -> Threshold:
    """A threshold that was chosen on the model's own probability, with a recalibration in force or none."""
    return Threshold(own, own if by is None else by.moved(own))


def threshold_on_shown(shown: float, by: Recalibration | None) -> Threshold:
    """A threshold that somebody gives, who knows the probability that answers show."""
    return Threshold(shown if by is None else by.moved_back(shown), shown)
