"""Operating points: how patients fare at a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from edgecad.decision.evidence import OperatingPoint, Share
from edgecad.decision.rules import Rule
from edgecad_train.evaluation.statistics.confusion import Confusion, confusion
from edgecad_train.evaluation.statistics.intervals import Bools, Floats, proportion

Part = Literal["validation", "out-of-fold"]
"""Whose patients choose."""


@dataclass(frozen=True)
class Patients:
    """`truth` `(n,)`, True for CAD, and `scores` `(n,)`, P(CAD) after temperature."""

    truth: Bools
    scores: Floats

    def at(self, threshold: float) -> Confusion:
        """Answers at a threshold."""
        return confusion(self.truth, self.scores, threshold)


def operating_point(rule: Rule, threshold: float, patients: Patients) -> OperatingPoint:
    """How patients of both classes fare at the threshold that the rule found among them."""
    counts = patients.at(threshold)
    beyond = {"sensitivity": counts.false_negative, "specificity": counts.false_positive, "balanced": counts.n}
    return OperatingPoint(
        rule=str(rule),
        threshold=threshold,
        sensitivity=share(counts.true_positive, counts.positives),
        specificity=share(counts.true_negative, counts.negatives),
        rests_on=beyond.get(rule.name, 0),
    )


def with_test(point: OperatingPoint, patients: Patients) -> OperatingPoint:
    """The same point, with how the test part fares at it."""
    counts = patients.at(point.threshold)
    return replace(
        point,
        test_sensitivity=share(counts.true_positive, counts.positives) if counts.positives else None,
        test_specificity=share(counts.true_negative, counts.negatives) if counts.negatives else None,
    )


def share(count: int, n: int) -> Share:
    """A share of at least one patient, with its interval."""
    interval = proportion(count, n)
    return Share(count=count, n=n, low=min(interval.low, count / n), high=max(interval.high, count / n))
