"""Tables of thresholds: each has a rule, and under it a line for each group of patients or each figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edgecad.decision.evidence import Evidence, OperatingPoint, Share
from edgecad.decision.evidence_table import rows_of
from edgecad_train.evaluation.statistics.confusion import Confusion
from edgecad_train.evaluation.statistics.prevalence import LocalFigure, at_prevalence
from edgecad_train.report.wording import NONE

Cells = tuple[str, ...]
_Lines = Callable[[OperatingPoint, str], tuple[Cells, ...]]
CHOSE_HEADS = ("rule", "score from", "patients", "sensitivity", "specificity", "rests on")


@dataclass(frozen=True)
class PointRow:
    """A threshold in words, what to note of it, and its lines of cells, heads from the third on."""

    rule: str
    threshold: str
    notes: tuple[str, ...]
    in_force: bool
    lines: tuple[Cells, ...]


def share_words(share: Share | None) -> str:
    """A share with its interval; a dash where it is one of nobody."""
    return NONE if share is None else share.with_interval


def chose_and_tested(evidence: Evidence, prevalence: float | None) -> tuple[PointRow, ...]:
    """Each threshold on the patients that chose it, and on the test part, which never chooses."""
    return tuple(_rows(evidence, prevalence, _chose_lines))


def _chose_lines(point: OperatingPoint, rests_on: str) -> tuple[Cells, ...]:
    chose = ("those who chose", share_words(point.sensitivity), share_words(point.specificity), rests_on)
    tested = ("test part", share_words(point.test_sensitivity), share_words(point.test_specificity), NONE)
    return chose, tested


def predictive_rows(evidence: Evidence, prevalence: float | None, prevalences: Sequence[float]) -> tuple[PointRow, ...]:
    """Predictive values of each threshold at each of the shares, with their intervals, from those who chose."""

    def lines(point: OperatingPoint, rests_on: str) -> tuple[Cells, ...]:
        counts = _counts(point)
        found = [{one.name: one for one in at_prevalence(counts, local)} for local in prevalences]
        return (
            ("PPV", *(local_words(one["ppv"]) for one in found)),
            ("NPV", *(local_words(one["npv"]) for one in found)),
        )

    return tuple(_rows(evidence, prevalence, lines))


def local_words(figure: LocalFigure) -> str:
    """For a table: `0.81 (0.70-0.88)`; a dash where nobody is called so."""
    if figure.value is None:
        return NONE
    high = "" if figure.high is None else f"{figure.high:.2f}"
    return f"{figure.value:.2f} ({figure.low:.2f}-{high})"


def _counts(point: OperatingPoint) -> Confusion:
    sensitivity, specificity = point.sensitivity, point.specificity
    return Confusion(
        true_positive=sensitivity.count,
        false_negative=sensitivity.n - sensitivity.count,
        true_negative=specificity.count,
        false_positive=specificity.n - specificity.count,
    )


def _rows(evidence: Evidence, prevalence: float | None, lines: _Lines) -> Iterator[PointRow]:
    points = {point.rule: point for point in evidence.points}
    for row in rows_of(evidence, prevalence):
        told = lines(points[row.rule], row.rests_on)
        yield PointRow(row.rule, row.threshold, row.notes, row.in_force, told)
