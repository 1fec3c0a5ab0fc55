"""From logits to a label, and the figures that a decision has: parts of a contract."""

from __future__ import annotations

import math
from typing import Literal

from edgecad.decision.evidence import Evidence, check_rule
from edgecad.decision.zone import Zone
from edgecad.frozen import Frozen, demand


class Metric(Frozen, frozen=True, kw_only=True):
    """One figure: `value`, within `low` to `high` at the 95 % level, about `n` patients."""

    name: str
    value: float
    low: float
    high: float
    n: int
    part: Literal["validation", "out-of-fold", "test"]
    """`validation` and `out-of-fold` chose epoch, temperature and threshold; `test` chose nothing."""
    method: str


class Decision(Frozen, frozen=True, kw_only=True):
    """From logits to a label: `probability >= threshold` is the positive class."""

    threshold: float
    rule: str
    """In words, for people."""
    temperature: float = 1.0
    asked: str | None = None
    """The rule that was asked for, as `--decide` takes it; None in version 1, and where data chose nothing."""
    evidence: Evidence | None = None
    """What the choice rests on; None in version 1, and where data chose nothing."""
    zone: Zone | None = None
    """Scores that get no clear answer; None: there is no zone, and no answer is called clear or uncertain."""
    zone_words: str | None = None
    """What the zone promises, or why there is none, for people; None where nobody said."""

    def __post_init__(self) -> None:
        if self.asked is not None:
            check_rule(self.asked)
        demand(0 < self.threshold < 1, f"decision threshold {self.threshold} is not between 0 and 1")
        demand(
            math.isfinite(self.temperature) and self.temperature > 0,
            f"temperature {self.temperature} is not positive",
        )
        demand(
            self.evidence is None or self.evidence.point.threshold == self.threshold,
            "the evidence is about another threshold than the decision's",
        )
        demand(
            self.zone is None or self.evidence is None or self.zone.part == self.evidence.part,
            "zone and threshold were chosen on different patients",
        )
