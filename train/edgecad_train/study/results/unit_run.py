"""What the table takes from a unit's run folder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from edgecad_train.classes import POSITIVE
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.evaluation.localisation.located import LocatedScan
from edgecad_train.evaluation.statistics.comparison import Scores
from edgecad_train.evaluation.statistics.intervals import Bools, Floats
from edgecad_train.runs.reading import RunRecords
from edgecad_train.study.definition.units import Unit


@dataclass(frozen=True, eq=False)
class UnitScores:
    """The test part of a unit, a row a patient, in the order of the patients' names.

    Attributes:
        patients: `n` names, as in the data: a study folder stays where the data lie.
        truth: `(n,)`, True for CAD.
        scores: `(n,)`, P(CAD), 0 to 1, at the run's temperature.
        threshold: `score >= threshold` is CAD; chosen on other patients than these.
    """

    patients: tuple[str, ...]
    truth: Bools
    scores: Floats
    threshold: float

    @property
    def answers(self) -> Scores:
        """The same without names."""
        return Scores(self.scores, self.threshold)


@dataclass(frozen=True, eq=False)
class UnitRun:
    """A finished unit. The figures are fixed by `unit`; times and threads are those of this run."""

    unit: Unit
    records: RunRecords
    tested: UnitScores

    @classmethod
    def of(cls, unit: Unit, records: RunRecords) -> UnitRun:
        """Lay out the test part of a run that was read."""
        tested = sorted((line for line in records.predictions if line.part == "test"), key=lambda line: line.patient)
        decision = records.contract.decision
        scores = UnitScores(
            patients=tuple(line.patient for line in tested),
            truth=np.array([line.label == POSITIVE for line in tested], bool),
            scores=expit(np.array([line.log_odds for line in tested], np.float64) / decision.temperature),
            threshold=decision.threshold,
        )
        return cls(unit, records, scores)

    @property
    def test(self) -> Evaluation:
        """Figures of the test part."""
        return next(evaluation for evaluation in self.records.evaluations if evaluation.part == "test")

    @property
    def located(self) -> tuple[LocatedScan, ...]:
        """Where the heat maps of the test part lie, a scan each; none in runs of earlier versions."""
        return tuple(line.located for line in self.records.located if line.part == "test")

    @property
    def seconds(self) -> float:
        """Building, training and evaluation. What the run found in the cache counts as if it had been computed here:
        the first to come pays for no other."""
        return round(sum(self.records.record.seconds_by_step.values()), 2)
