"""What a threshold rests on: how patients fared at it and at others, from which anybody may choose another."""

from __future__ import annotations

from typing import Literal

from edgecad.decision.rules import patients_to_show, rule_from_words
from edgecad.errors import UsageError
from edgecad.frozen import Frozen, demand

LOCAL_PREVALENCES = (0.1, 0.3, 0.5)
"""Shares of CAD at which predictive values are told beside those at the training prevalence."""

REFUSED_BELOW = 0.55
"""Specificity below which a wanted sensitivity is refused, and sensitivity below which a wanted specificity is."""


class Share(Frozen, frozen=True, kw_only=True):
    """`count` of `n` patients, with the Clopper-Pearson interval of that share at the 95 % level."""

    count: int
    n: int
    low: float
    high: float

    def __post_init__(self) -> None:
        demand(0 <= self.count <= self.n and self.n > 0, f"{self.count} of {self.n} patients is no share")
        demand(0 <= self.low <= self.value <= self.high <= 1, f"{self.low} to {self.high} does not hold {self.value}")

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.count / self.n

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.count} of {self.n})"

    @property
    def with_interval(self) -> str:
        """For a table."""
        return f"{self.value:.2f} ({self.low:.2f}-{self.high:.2f})"


class OperatingPoint(Frozen, frozen=True, kw_only=True):
    """One threshold, and how patients fare at it."""

    rule: str
    """As `--decide` takes it."""
    threshold: float
    """On P(positive), after temperature."""
    sensitivity: Share
    """Of the patients that chose."""
    specificity: Share
    rests_on: int
    """Patients on whom the threshold rests: those beyond it in the tail that the rule allows, all of them for
    `balanced`, none where no patient was asked."""
    test_sensitivity: Share | None = None
    """Of the test part, which never chooses; None where it has no patient of the class."""
    test_specificity: Share | None = None

    def __post_init__(self) -> None:
        check_rule(self.rule)
        demand(0 < self.threshold < 1, f"threshold {self.threshold} is not between 0 and 1")

    @property
    def worse(self) -> float:
        """The smaller one of sensitivity and specificity, 0 to 1."""
        return min(self.sensitivity.value, self.specificity.value)

    @property
    def price(self) -> Share | None:
        """What a wanted sensitivity costs in specificity, or the other way round; None for other rules."""
        return {"sensitivity": self.specificity, "specificity": self.sensitivity}.get(rule_from_words(self.rule).name)

    @property
    def price_too_high(self) -> bool:
        """Whether the rule is refused because of it."""
        return self.price is not None and self.price.value < REFUSED_BELOW

    @property
    def patients_lacking(self) -> int | None:
        """Patients that the wanted share takes to be shown, where fewer chose; None where they are enough."""
        rule = rule_from_words(self.rule)
        if rule.name not in ("sensitivity", "specificity") or rule.value is None:
            return None
        wanted = patients_to_show(rule.value)
        return wanted if (self.sensitivity if rule.name == "sensitivity" else self.specificity).n < wanted else None

    def predictive_values(self, prevalence: float) -> tuple[float | None, float | None]:
        """Positive and negative predictive value at that share of the positive class, above 0 and below 1.

        They follow from sensitivity and specificity; None where nobody is called so.
        """
        right, wrong = prevalence * self.sensitivity.value, (1 - prevalence) * (1 - self.specificity.value)
        cleared, missed = (1 - prevalence) * self.specificity.value, prevalence * (1 - self.sensitivity.value)
        return _ratio(right, right + wrong), _ratio(cleared, cleared + missed)


class Evidence(Frozen, frozen=True, kw_only=True):
    """What the choice of a threshold rests on."""

    part: Literal["validation", "out-of-fold"]
    """Whose patients chose."""
    point: OperatingPoint
    """The one that is in force; its rule is the one that was taken."""
    refused: OperatingPoint | None
    """The one that was asked for, where it was refused and `point` taken instead."""
    scores_differ: bool
    """Whether any two scores of these patients differ beyond rounding."""
    scores_rise: bool
    """Whether scores are higher for the positive class: else no threshold is good."""
    table: tuple[OperatingPoint, ...]
    """Other rules at the same patients, from the most sensitive to the most specific."""

    def __post_init__(self) -> None:
        demand(
            self.refused is None or (self.refused.price_too_high and self.refused.rule != self.point.rule),
            "a rule is called refused whose price is not too high, or that is in force",
        )

    @property
    def points(self) -> tuple[OperatingPoint, ...]:
        """Every operating point at which these patients were counted, the one in force first."""
        return (self.point, *self.table, *(() if self.refused is None else (self.refused,)))


def check_rule(words: str) -> None:
    """Demand words that `--decide` takes.

    Raises:
        ValueError: they are not.
    """
    try:
        rule_from_words(words)
    except UsageError as error:
        raise ValueError(str(error)) from error


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
