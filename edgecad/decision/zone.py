"""The uncertain zone: scores that were too common in both groups of training patients to tell them apart."""

from __future__ import annotations

import math
from typing import Literal

from edgecad.decision.evidence import Share
from edgecad.frozen import Frozen, demand

Certainty = Literal["clear", "uncertain"]
"""Of an answer. `clear` says that its score lies outside of the zone, and nothing of how sure it is."""
DEFAULT_ALPHA = 0.1
SMALLEST_ALPHA, LARGEST_ALPHA = 0.001, 0.5
"""Range of alpha, without its upper end: there a group may lie on the wrong side as often as not. The lower end takes
999 patients of each class."""
ALPHA_WORDS = "0 (no zone), or within 0.001 to below 0.5"
SLACK = 1e-9
"""A share of 0.1 of 10 patients is one, whatever binary fractions make of it."""
MOSTLY = 0.5
"""Share of uncertain answers beyond which it is said first."""


class ZoneShares(Frozen, frozen=True, kw_only=True):
    """How patients who did not set the zone fare with it."""

    cad: Share | None
    """Of the patients with the positive class, those not on the wrong side: right, or uncertain; None without any."""
    other: Share | None
    """Of the others, likewise."""
    uncertain: Share
    """Of all."""
    clear_wrong: Share | None
    """Of the clear ones, those with the wrong label; None without any."""

    @property
    def mostly_uncertain(self) -> bool:
        """Whether more than half of the patients got no clear answer."""
        return self.uncertain.value > MOSTLY


class Zone(Frozen, frozen=True, kw_only=True):
    """From `low` to `high`, both in it: scores of which the model should make no clear answer.

    Conformal prediction by class: below `low` the positive class is left out, above `high` the other one. Each bound is
    an order statistic of its own class, so that of new patients like these at most `alpha` of either class are expected
    on the wrong side (Vovk, Gammerman, Shafer 2005, Algorithmic Learning in a Random World, 4.5: Mondrian).
    """

    low: float
    """On P(positive), after temperature, 0 to 1."""
    high: float
    alpha: float
    """Share of either class that may lie on the wrong side, 0.001 to below 0.5."""
    cad: int
    """Patients with the positive class, who set `low`."""
    other: int
    """The others, who set `high`."""
    part: Literal["validation", "out-of-fold"]
    """Whose patients they are."""
    wrong_up_to: float
    """Share of a class on the wrong side that 19 of 20 zones of so many patients stay below; the worse class's."""
    test: ZoneShares | None = None
    """How the test part fares at the model's own threshold; None where it was not counted."""

    def __post_init__(self) -> None:
        demand(0 <= self.low <= self.high <= 1, f"the zone {self.low} to {self.high} does not rise within 0 to 1")
        demand(SMALLEST_ALPHA <= self.alpha < LARGEST_ALPHA, f"alpha {self.alpha} is not {ALPHA_WORDS}")
        least = least_patients(self.alpha)
        demand(
            min(self.cad, self.other) >= least,
            f"a zone of {self.cad} and {self.other} patients; {least} of each class wanted at alpha {self.alpha}",
        )
        demand(0 < self.wrong_up_to < 1, f"wrong_up_to {self.wrong_up_to} is not between 0 and 1")

    def at(self, threshold: float) -> tuple[float, float]:
        """The zone's bounds with that threshold in force: it is widened until the threshold lies in it.

        Else there would be scores whose label says the opposite of the zone's side.
        """
        return min(self.low, threshold), max(self.high, threshold)

    def why(self, positive: str) -> str:
        """Why a score in it is uncertain, for people."""
        return f"such scores were too common in both groups of training patients ({self.patients(positive)})"

    def patients(self, positive: str) -> str:
        """Who set it, for people."""
        return f"{self.cad} {positive}, {self.other} other"

    def claim(self) -> str:
        """What is promised of it, for people: of groups, never of one patient."""
        share, worse = share_words(self.alpha), f"{100 * self.wrong_up_to:.0f} in 100"
        expected = f"of patients like these, about {share} of each group is expected on the wrong side"
        return f"{expected}; with {self.cad}/{self.other} patients it may be {worse}"


def certainty_of(probability: float, threshold: float, zone: Zone | None) -> Certainty | None:
    """Whether an answer is clear; None where the model has no zone.

    Args:
        probability: P(positive), as it is held against the threshold; all three before a site's recalibration, or all
            three after it.
        threshold: the one in force.
    """
    if zone is None:
        return None
    low, high = zone.at(threshold)
    return "uncertain" if low <= probability <= high else "clear"


def why_uncertain(probability: float, threshold: float, zone: Zone | None, positive: str) -> str | None:
    """Why an answer is uncertain, for people; None where it is not. The arguments are those of `certainty_of`.

    Args:
        positive: name of the positive class.
    """
    if zone is None or certainty_of(probability, threshold, zone) != "uncertain":
        return None
    if zone.low <= probability <= zone.high:
        return zone.why(positive)
    called, group = (positive, positive) if probability >= threshold else (f"not {positive}", "other")
    rare = f"such scores were rare among the {group} patients of training ({zone.patients(positive)})"
    return f"the threshold calls it {called}, and {rare}"


def least_patients(alpha: float) -> int:
    """Patients of a class from whom on it can set its bound: the first n with `order(alpha, n) >= 1`."""
    return max(1, math.ceil(1 / alpha - 1 - 1e-6))


def order(alpha: float, n: int) -> int:
    """Which score of a class of `n` is its bound, counted from 1; 0 where `n` is too small."""
    return int(alpha * (n + 1) + SLACK)


def share_words(alpha: float) -> str:
    """A share as people say it: `1 in 10`, or `15 in 100`."""
    one_in = 1 / alpha
    return f"1 in {one_in:.0f}" if abs(one_in - round(one_in)) < 1e-9 else f"{100 * alpha:.3g} in 100"
