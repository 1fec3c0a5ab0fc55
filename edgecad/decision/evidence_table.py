"""The table of thresholds in words, the same on a terminal, in a report and on a model card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from edgecad.decision.evidence import LOCAL_PREVALENCES, Evidence, OperatingPoint, Share
from edgecad.decision.rules import rule_from_words

Note = Literal["in force", "refused", "cannot be shown"]
NOTES: dict[Note, str] = {
    "in force": "the model decides by it",
    "refused": "keeps what was wanted, and less than 0.55 of the other",
    "cannot be shown": "too few patients chose to tell whether it keeps what was wanted",
}
NOTHING = "-"


@dataclass(frozen=True)
class ThresholdRow:
    """One row in words; see the columns of `OperatingPoint`.

    Attributes:
        sensitivity, specificity: on the patients that chose, with their 95 % intervals.
        rests_on: how many patients the threshold rests on.
        predictive: positive and negative predictive value at the training prevalence.
        local: the same at each of `LOCAL_PREVALENCES`.
        tested: sensitivity and specificity on the test part.
        notes: what to know of it.
    """

    rule: str
    threshold: str
    sensitivity: str
    specificity: str
    rests_on: str
    predictive: str
    local: tuple[str, ...]
    tested: str
    notes: tuple[Note, ...]

    @property
    def in_force(self) -> bool:
        """Whether the model decides by it."""
        return "in force" in self.notes


def rows_of(evidence: Evidence, prevalence: float | None) -> tuple[ThresholdRow, ...]:
    """The table, with the threshold in force and the refused one where no row of it has their rules.

    Args:
        prevalence: share of the positive class in training; None where nobody said.
    """
    own = [point for point in (evidence.point, evidence.refused) if point is not None]
    listed = {point.rule for point in evidence.table}
    extra = [point for point in own if point.rule not in listed]
    return tuple(_row(point, evidence, prevalence) for point in (*evidence.table, *extra))


def predictive_words(point: OperatingPoint, prevalence: float) -> str:
    """Positive and negative predictive value, `0.81/0.77`; a dash where nobody is called so."""
    return "/".join(NOTHING if value is None else f"{value:.2f}" for value in point.predictive_values(prevalence))


def prevalence_words(prevalence: float) -> str:
    """A share as a column's title says it."""
    return f"{100 * prevalence:.0f} %"


def threshold_words(threshold: float) -> str:
    """Four digits after the point, or two that count where those would be 0 or 1."""
    return f"{threshold:.4f}" if 5e-5 <= threshold < 1 - 5e-5 else f"{threshold:.2g}" if threshold < 0.5 else ">0.9999"


def _row(point: OperatingPoint, evidence: Evidence, prevalence: float | None) -> ThresholdRow:
    return ThresholdRow(
        rule=point.rule,
        threshold=threshold_words(point.threshold),
        sensitivity=point.sensitivity.with_interval,
        specificity=point.specificity.with_interval,
        rests_on=_rests_on(point),
        predictive=NOTHING if prevalence is None else predictive_words(point, prevalence),
        local=tuple(predictive_words(point, local) for local in LOCAL_PREVALENCES),
        tested="/".join(map(_tested, (point.test_sensitivity, point.test_specificity))),
        notes=tuple(_notes(point, evidence)),
    )


def _rests_on(point: OperatingPoint) -> str:
    return NOTHING if rule_from_words(point.rule).fixed_threshold is not None else str(point.rests_on)


def _tested(share: Share | None) -> str:
    return NOTHING if share is None else f"{share.value:.2f}"


def _notes(point: OperatingPoint, evidence: Evidence) -> Iterator[Note]:
    if point.rule == evidence.point.rule:
        yield "in force"
    if point.price_too_high:
        yield "refused"
    if point.patients_lacking is not None:
        yield "cannot be shown"
