"""A row of the table: figures over all runs of one strategy on one network, with intervals by patient.

A seed draws its own test patients, so that one patient may be in several; that patient's answers are not
independent. Counts are added up over the runs, and every interval takes the patient as its unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from edgecad.contract import Metric
from edgecad.errors import UsageError
from edgecad_train.evaluation.claims.areas import SharedPart, areas_of
from edgecad_train.evaluation.claims.own import row_interval
from edgecad_train.evaluation.statistics.auc import placements
from edgecad_train.evaluation.statistics.clustered import clustered_proportion
from edgecad_train.evaluation.statistics.intervals import (
    ONE_CASE,
    Bools,
    Floats,
    Interval,
    bootstrapped,
    bootstrapped_mean,
    draws,
    smaller_class,
)
from edgecad_train.evaluation.statistics.metrics import JOINT_LEVEL, class_means, jointly
from edgecad_train.evaluation.statistics.ties import tied
from edgecad_train.study.results.unit_run import UnitRun

SHOWN = (
    "auc",
    "accuracy",
    "sensitivity_cad",
    "specificity_cad",
    "ppv_cad",
    "npv_cad",
    "balanced_accuracy",
    "f1_cad",
    "macro_sensitivity",
    "macro_precision",
    "macro_f1",
    "brier",
)
"""Figures of a row, in the order of the table."""


@dataclass(frozen=True)
class Runs:
    """Test answers of several runs over a common list of patients.

    Attributes:
        patients: names, each once.
        truth: `(patients,)`, True for CAD.
        tested: `(runs, patients)`, who was in each run's test part.
        said: `(runs, patients)`, True where the answer was CAD; False where not tested.
        scores: `(runs, patients)`, P(CAD); 0 where not tested.
    """

    patients: tuple[str, ...]
    truth: Bools
    tested: Bools
    said: Bools
    scores: Floats

    @property
    def right(self) -> Bools:
        """Where the answer was the label, `(runs, patients)`."""
        return (self.said == self.truth) & self.tested

    @property
    def repeated(self) -> bool:
        """Whether a patient was tested in more than one run."""
        return bool((self.tested.sum(axis=0) > 1).any())


def runs_of(units: Sequence[UnitRun]) -> Runs:
    """Lay the test parts of one row's runs beside each other; at least one run."""
    labels = {p: t for run in units for p, t in zip(run.tested.patients, run.tested.truth, strict=True)}
    patients = tuple(sorted(labels))
    column = {name: index for index, name in enumerate(patients)}
    tested = np.zeros((len(units), len(patients)), bool)
    scores = np.zeros(tested.shape)
    for row, run in enumerate(units):
        own = [column[name] for name in run.tested.patients]
        tested[row, own] = True
        scores[row, own] = run.tested.scores
    thresholds = np.array([run.tested.threshold for run in units])
    said = (scores >= thresholds[:, None]) & tested
    return Runs(patients, np.array([labels[name] for name in patients]), tested, said, scores)


def pooled(units: Sequence[UnitRun]) -> tuple[Metric, ...]:
    """Figures over all runs of a row.

    One run: that run's own figures. Several: proportions from the added counts, the rest by a bootstrap
    that draws patients, with all their answers; the area under the curve is the mean of the runs' areas, with the
    patient as the unit of its variance. No interval here holds what another training would bring.
    """
    if len(units) == 1:
        return units[0].test.metrics
    runs = runs_of(units)
    intervals = {**_proportions(runs), **_means(runs), "auc": mean_auc(runs)}
    return tuple(
        Metric(name=name, value=i.value, low=i.low, high=i.high, n=i.n, part="test", method=i.method)
        for name in SHOWN
        if np.isfinite((i := intervals[name]).value)
    )


def _proportions(runs: Runs) -> dict[str, Interval]:
    cad, other = runs.tested & runs.truth, runs.tested & ~runs.truth
    said, unsaid = runs.said, runs.tested & ~runs.said
    pairs = {
        "accuracy": (runs.right, runs.tested),
        "sensitivity_cad": (runs.right, cad),
        "specificity_cad": (runs.right, other),
        "ppv_cad": (runs.right, said),
        "npv_cad": (runs.right, unsaid),
    }
    return {name: clustered_proportion((hits & of).sum(axis=0), of.sum(axis=0)) for name, (hits, of) in pairs.items()}


def _means(runs: Runs) -> dict[str, Interval]:
    """Means over both classes, F1 and Brier, from counts added over the runs.

    Where all answers to one class were right, or all wrong, both classes' bounds are put together, as for one run.
    """
    truth, drawn = runs.truth, draws(runs.truth)
    tested, right = runs.tested.sum(axis=0), runs.right.sum(axis=0)
    hits_cad, hits_other, cad, other = (
        np.where(members, cells, 0) for cells in (right, tested) for members in (truth, ~truth)
    )
    whole = class_means(*(int(cells.sum()) for cells in (hits_cad, hits_other, cad, other)))
    one_sided = (hits.sum() in (0, trials.sum()) for hits, trials in ((hits_cad, cad), (hits_other, other)))
    if any(one_sided):
        one = clustered_proportion(hits_cad, cad, JOINT_LEVEL)
        two = clustered_proportion(hits_other, other, JOINT_LEVEL)
        made = jointly(whole, one, two, int(cad.sum()), int(other.sum()))
    else:
        values = class_means(*(drawn @ cells for cells in (hits_cad, hits_other, cad, other)))
        made = {name: bootstrapped(float(whole[name]), values[name], truth) for name in whole}
    return {**made, "brier": _brier(runs, drawn)}


def _brier(runs: Runs, drawn: Floats) -> Interval:
    squared = np.where(runs.tested, (runs.scores - runs.truth) ** 2, 0.0).sum(axis=0)
    tested = runs.tested.sum(axis=0)
    values = drawn @ squared / np.maximum(drawn @ tested, 1)
    return bootstrapped_mean(float(squared.sum() / tested.sum()), values, runs.truth)


def mean_auc(runs: Runs) -> Interval:
    """Mean of the runs' areas under the ROC curve; its interval is that of patients, each once, and of no training."""
    try:
        return row_interval(areas_of(parts_of([runs])), 0, None)
    except UsageError:
        each = [_area(runs.truth[own], s[own]) for own, s in zip(runs.tested, runs.scores, strict=True)]
        known = [area for area in each if np.isfinite(area)]
        return Interval(float(np.mean(known)) if known else np.nan, 0.0, 1.0, len(runs.truth), ONE_CASE)


def parts_of(rows: Sequence[Runs]) -> tuple[SharedPart, ...]:
    """The test part of each run, as every row scores it.

    Args:
        rows: at least one; all of the same test parts.
    """
    first = rows[0]
    names = np.array(first.patients)
    return tuple(
        SharedPart(tuple(names[own].tolist()), first.truth[own], np.stack([_ranked(row, run, own) for row in rows]))
        for run, own in enumerate(first.tested)
    )


def _ranked(row: Runs, run: int, own: Bools) -> Floats:
    return tied(np.asarray(logit(row.scores[run, own])))


def _area(truth: Bools, scores: Floats) -> float:
    if smaller_class(truth) == 0:
        return float("nan")
    return placements(truth, tied(np.asarray(logit(scores)))).mean
