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
from edgecad_train.evaluation.statistics.clustered import clustered_proportion
from edgecad_train.evaluation.statistics.intervals import (
    Bools,
    Floats,
    Interval,
    bootstrapped,
    bootstrapped_mean,
    draws,
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
    that draws patients, with all their answers; the area under the curve is the mean of the runs' areas.
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
    """Mean of the runs' areas under the ROC curve, its interval from patients drawn with all their scores."""
    areas = drawn_areas(runs)
    return bootstrapped(float(areas[0]), areas[1:], runs.truth)


def drawn_areas(runs: Runs) -> Floats:
    """Mean area over the runs, `(1 + resamples,)`: of the patients as they are, then of each resample."""
    weights = np.vstack([np.ones(len(runs.truth)), draws(runs.truth)])
    each = [_areas(runs.truth[own], s[own], weights[:, own]) for own, s in zip(runs.tested, runs.scores, strict=True)]
    areas, known = np.stack([area for area, _ in each]), np.stack([both for _, both in each])
    means = (areas * known).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known.any(axis=0), means, means[0])


def _areas(truth: Bools, scores: Floats, weights: Floats) -> tuple[Floats, Bools]:
    """One run's area for each row of `weights` `(resamples, n)`, and whether both classes were drawn."""
    ranked = tied(logit(scores))
    cad, other = ranked[truth], ranked[~truth]
    beyond = (cad[:, None] > other[None]) + 0.5 * (cad[:, None] == other[None])
    pairs = weights[:, truth].sum(axis=1) * weights[:, ~truth].sum(axis=1)
    above = ((weights[:, truth] @ beyond) * weights[:, ~truth]).sum(axis=1)
    return above / np.maximum(pairs, 1), pairs > 0
