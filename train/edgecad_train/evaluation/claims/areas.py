"""Areas under the ROC curve of several rows over the same runs, with the patient as the unit of what patients add.

A run has a test part; each row's network scores it. A patient may be in the test parts of several runs, and every row
scores the same patients, so areas are not independent. `A[r, s]` is the area of row r in run s.

    phi[r, i, s]  (placement - A[r, s]) / sqrt(m (m - 1)), m patients of i's class in the test part of run s
    V[s]          sum over i of phi[r, i, s] phi[j, i, s]: DeLong's covariance of run s
    psi[r, i]     sum over s of phi[r, i, s] / S
    P[r, j]       sum over i of psi[r, i] psi[j, i]

P is the covariance of the mean areas with the patient as cluster (Obuchowski 1997, Biometrics 53:567). Over one run it
is DeLong's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgecad.errors import UsageError
from edgecad_train.evaluation.statistics.auc import placements
from edgecad_train.evaluation.statistics.intervals import Bools, Floats, smaller_class


@dataclass(frozen=True, eq=False)
class SharedPart:
    """The test part of one run, scored by every row.

    Attributes:
        patients: `n` names, each once.
        truth: `(n,)`, True for CAD.
        log_odds: `(rows, n)`, higher for CAD, any scale; those that are equal made so (`statistics.ties`).
    """

    patients: tuple[str, ...]
    truth: Bools
    log_odds: Floats


@dataclass(frozen=True, eq=False)
class Areas:
    """Areas of `R` rows over `S` runs.

    Attributes:
        each: `(R, S)`, 0 to 1.
        spread: `(R, patients)`, psi of the module's docstring.
        by_run: `(S, R, R)`, DeLong's covariance within each run.
        positives: patients with CAD who are in any test part.
        negatives: the others.
    """

    each: Floats
    spread: Floats
    by_run: Floats
    positives: int
    negatives: int

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.each)

    @property
    def runs(self) -> int:
        """How many runs each has."""
        return self.each.shape[1]

    @property
    def smaller(self) -> int:
        """Patients of the smaller class."""
        return min(self.positives, self.negatives)

    @property
    def means(self) -> Floats:
        """Mean over the runs, `(R,)`."""
        return np.asarray(self.each.mean(axis=1))

    @cached_property
    def patients(self) -> Floats:
        """Covariance of the means that patients explain, `(R, R)`: P."""
        return np.asarray(self.spread @ self.spread.T)

    @cached_property
    def within(self) -> Floats:
        """What patients add to the covariance of one run and not to that of two: W, `(R, R)`.

        Runs that share no patient have all of it; runs of the same patients nothing.
        """
        total, runs = self.by_run.sum(axis=0), self.runs
        if runs == 1:
            return np.asarray(total)
        shared = (runs**2 * self.patients - total) / (runs * (runs - 1))
        return np.asarray(total / runs - shared)

    def variances_of_differences(self) -> Floats:
        """Of each two rows' mean areas, patients alone, `(R, R)`; exactly 0 where both place every patient alike."""
        return np.stack([((self.spread - own) ** 2).sum(axis=1) for own in self.spread])


def areas_of(parts: Sequence[SharedPart]) -> Areas:
    """Areas and their covariance.

    Args:
        parts: one a run, at least one; all of the same rows.

    Raises:
        UsageError: a class has fewer than two patients in a test part, so that no variance is known.
    """
    names = sorted({name for part in parts for name in part.patients})
    column = {name: index for index, name in enumerate(names)}
    truth = {name: cad for part in parts for name, cad in zip(part.patients, part.truth.tolist(), strict=True)}
    spread = np.zeros((len(parts[0].log_odds), len(names)))
    each, by_run = [], []
    for part in parts:
        area, phi = _spread_of(part)
        each.append(area)
        by_run.append(phi @ phi.T)
        spread[:, [column[name] for name in part.patients]] += phi / len(parts)
    positives = sum(truth.values())
    return Areas(np.stack(each, axis=1), spread, np.stack(by_run), positives, len(names) - positives)


def _spread_of(part: SharedPart) -> tuple[Floats, Floats]:
    """Area of each row `(rows,)`, and what each patient adds to its deviation `(rows, n)`."""
    truth = np.asarray(part.truth, bool)
    fewest = smaller_class(truth)
    if fewest < 2:
        raise UsageError(f"a class has {fewest} patients in a test part; a variance needs two")
    phi = np.zeros(part.log_odds.shape)
    areas = np.zeros(len(phi))
    for row, scores in enumerate(part.log_odds):
        own = placements(truth, scores)
        areas[row] = own.mean
        for members, placed in ((truth, own.positives), (~truth, own.negatives)):
            phi[row, members] = (placed - own.mean) / np.sqrt(len(placed) * (len(placed) - 1))
    return areas, phi


@dataclass(frozen=True)
class Training:
    """Variance of an area that another training brings and patients do not explain.

    Attributes:
        variance: of the area of one run, 0 or more.
        df: degrees of freedom that it was estimated with.
    """

    variance: float
    df: int


def training_between_rows(areas: Areas) -> Training:
    """What training adds to the difference of two rows: the mean square of row by run, less what patients explain.

    Pooled over the rows: with five runs a row of its own would have four degrees of freedom.

    Raises:
        UsageError: fewer than two rows or two runs.
    """
    if areas.rows < 2 or areas.runs < 2:
        raise UsageError(f"{areas.rows} rows and {areas.runs} runs; training's variance needs two of each")
    own = areas.each
    residual = own - own.mean(axis=1, keepdims=True) - own.mean(axis=0) + own.mean()
    df = (areas.rows - 1) * (areas.runs - 1)
    centred = areas.within - areas.within.mean(axis=0)
    explained = float(np.trace(centred)) / (areas.rows - 1)
    return Training(max(0.0, float((residual**2).sum()) / df - explained), df)


def training_of_a_row(areas: Areas) -> Training:
    """What training adds to one row's own area, on other patients of this cohort each time; pooled over the rows.

    Rows share their training patients run by run, so that more rows add no degrees of freedom that could be counted on.

    Raises:
        UsageError: one run.
    """
    if areas.runs < 2:
        raise UsageError("one run; training's variance needs two")
    between = float(areas.each.var(axis=1, ddof=1).mean())
    return Training(max(0.0, between - float(np.trace(areas.within)) / areas.rows), areas.runs - 1)
