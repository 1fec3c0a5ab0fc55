"""Figures of each group with its interval, and how far groups differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit
from statsmodels.stats.proportion import proportion_confint

from edgecad.contract import Decision
from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.auc import auc
from edgecad_train.evaluation.statistics.clustered import clustered_mean
from edgecad_train.evaluation.statistics.intervals import Bools, Floats, Interval, proportion
from edgecad_train.evaluation.statistics.ties import tied
from edgecad_train.evaluation.subgroups.grouping import NOT_GIVEN, Grouping

FigureName = Literal["auc", "sensitivity_cad", "specificity_cad", "prevalence", "mean_score"]
COMPARED: tuple[FigureName, ...] = ("auc", "sensitivity_cad", "specificity_cad")
LEAST = 5
"""Patients that a figure needs, of each class that it is about."""
NEWCOMBE = "Newcombe's interval of a difference of two proportions"
MOVER = "intervals of both areas put together (Zou and Donner)"


class GroupFigure(Frozen, frozen=True, kw_only=True):
    """One figure of a group with its 95 % interval, or the reason why there is none."""

    figure: FigureName
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int
    """Patients that it is about."""
    method: str = ""
    reason: str = ""


class PatientGroup(Frozen, frozen=True, kw_only=True):
    """A group of patients."""

    name: str
    n: int
    positives: int
    """Labelled CAD."""
    figures: tuple[GroupFigure, ...] = ()

    def figure(self, name: FigureName) -> GroupFigure | None:
        """The figure of that name."""
        return next((one for one in self.figures if one.figure == name), None)


class GroupDifference(Frozen, frozen=True, kw_only=True):
    """A figure of one group less that of the group of reference, of other patients, with its 95 % interval."""

    figure: FigureName
    group: str
    reference: str
    """The largest group of those with values."""
    difference: float
    low: float
    high: float
    method: str

    @property
    def leaves_out_nought(self) -> bool:
        """Whether no difference lies outside of the interval."""
        return self.low > 0 or self.high < 0


class GroupedColumn(Frozen, frozen=True, kw_only=True):
    """The groups of one column."""

    column: str
    groups: tuple[PatientGroup, ...]
    """None where the column makes no groups: see `note`."""
    differences: tuple[GroupDifference, ...] = ()
    note: str = ""
    """How the groups came about, or why there are none."""


@dataclass(frozen=True)
class Answers:
    """What is known of patients, a row each.

    Attributes:
        patients: their names.
        truth: `(n,)`, True for CAD.
        scores: `(n,)`, P(CAD).
        ranked: `(n,)`, what they are ordered by, `ties.tied`.
        threshold: of the scores.
    """

    patients: tuple[str, ...]
    truth: Bools
    scores: Floats
    ranked: Floats
    threshold: float

    @classmethod
    def of(cls, patients: Sequence[str], truth: Bools, log_odds: Floats, decision: Decision) -> Answers:
        """What a decision makes of log-odds `(n,)`, before temperature."""
        tempered = log_odds / decision.temperature
        return cls(tuple(patients), truth, np.asarray(expit(tempered)), tied(tempered), decision.threshold)


def figures_by_group(grouping: Grouping, answers: Answers) -> GroupedColumn:
    """Figures of each group, and differences to the largest group.

    Args:
        grouping: has a group for every patient of `answers`, or no groups.
    """
    names = np.array([grouping.of.get(patient, "") for patient in answers.patients], str)
    rows = {name: names == name for name in grouping.groups}
    groups = tuple(_group(name, own, answers) for name, own in rows.items())
    return GroupedColumn(
        column=grouping.column,
        groups=groups,
        differences=tuple(_differences(groups, rows, answers)),
        note=grouping.note,
    )


def _group(name: str, rows: Bools, answers: Answers) -> PatientGroup:
    truth, scores = answers.truth[rows], answers.scores[rows]
    n, positives = len(truth), int(truth.sum())
    called = scores >= answers.threshold
    figures = (
        _area(truth, answers.ranked[rows]),
        _share("sensitivity_cad", int(called[truth].sum()), positives, "labelled CAD"),
        _share("specificity_cad", int((~called[~truth]).sum()), n - positives, "labelled nonCAD"),
        _share("prevalence", positives, n, ""),
        _mean(scores),
    )
    return PatientGroup(name=name, n=n, positives=positives, figures=figures)


def _area(truth: Bools, ranked: Floats) -> GroupFigure:
    n, positives = len(truth), int(truth.sum())
    if min(positives, n - positives) < LEAST:
        return GroupFigure(figure="auc", n=n, reason=f"{positives} CAD, {n - positives} nonCAD; {LEAST} of each needed")
    return _figure("auc", auc(truth, ranked))


def _share(name: FigureName, hits: int, trials: int, of: str) -> GroupFigure:
    if trials < LEAST:
        return GroupFigure(figure=name, n=trials, reason=f"{trials} {of}".strip() + f"; {LEAST} needed")
    return _figure(name, proportion(hits, trials))


def _mean(scores: Floats) -> GroupFigure:
    if len(scores) < LEAST:
        return GroupFigure(figure="mean_score", n=len(scores), reason=f"{len(scores)} patients; {LEAST} needed")
    return _figure("mean_score", clustered_mean(scores, np.ones(len(scores))))


def _figure(name: FigureName, i: Interval) -> GroupFigure:
    return GroupFigure(figure=name, value=i.value, low=i.low, high=i.high, n=i.n, method=i.method)


def _differences(groups: Sequence[PatientGroup], rows: dict[str, Bools], answers: Answers) -> Iterator[GroupDifference]:
    """Each group less the largest; who is not given is in no group to compare with."""
    known = [group for group in groups if group.name != NOT_GIVEN]
    if len(known) < 2:
        return
    reference = max(known, key=lambda group: group.n)
    for group in known:
        for name in COMPARED if group is not reference else ():
            one, other = group.figure(name), reference.figure(name)
            if one and other and one.value is not None and other.value is not None:
                yield _difference(name, group, reference, _bounds(one), _bounds(other))


def _bounds(figure: GroupFigure) -> tuple[float, float, float]:
    """Value and bounds; of a proportion Wilson's, from which Newcombe's interval of a difference is made."""
    value, low, high = figure.value or 0.0, figure.low or 0.0, figure.high or 0.0
    if figure.figure == "auc":
        return value, low, high
    low, high = proportion_confint(round(value * figure.n), figure.n, method="wilson")
    return value, float(low), float(high)


def _difference(
    name: FigureName,
    group: PatientGroup,
    reference: PatientGroup,
    one: tuple[float, float, float],
    other: tuple[float, float, float],
) -> GroupDifference:
    """Of two independent figures by their own bounds, which need not lie evenly.

    Newcombe 1998 (Statistics in Medicine 17:873), method 10, for proportions; Zou and Donner 2008 (Statistics in
    Medicine 27:1693) for any two figures.
    """
    apart = one[0] - other[0]
    return GroupDifference(
        figure=name,
        group=group.name,
        reference=reference.name,
        difference=apart,
        low=float(apart - np.hypot(one[0] - one[1], other[2] - other[0])),
        high=float(apart + np.hypot(one[2] - one[0], other[0] - other[1])),
        method=MOVER if name == "auc" else NEWCOMBE,
    )
