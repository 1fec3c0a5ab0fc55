"""What a unit leaves behind: its result, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Frozen, Origin
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.study.units import Unit

SCHEMA: Literal[1] = 1


class Predictions(Frozen, frozen=True, kw_only=True):
    """Test patients of a unit, a row each. Patients are named as in the data: results stay where the data lie."""

    patients: tuple[str, ...]
    truth: tuple[bool, ...]
    """True for CAD."""
    scores: tuple[float, ...]
    """P(CAD), 0 to 1, at the unit's temperature."""
    threshold: float
    """`score >= threshold` is CAD; chosen on the unit's validation part."""

    def __post_init__(self) -> None:
        if not len(self.patients) == len(self.truth) == len(self.scores):
            raise ValueError("predictions need as many patients as truths and scores")


class StageRun(Frozen, frozen=True, kw_only=True):
    """One stage as it went; `best` is the index of the epoch whose weights went on."""

    name: str
    epochs: int
    best: int


class Result(Frozen, frozen=True, kw_only=True):
    """A finished unit. The figures are fixed by `unit`; times and threads are those of this run."""

    schema: Literal[1] = SCHEMA
    unit: Unit
    origin: Origin
    evaluations: tuple[Evaluation, ...]
    predictions: Predictions
    weights: str
    """Where the first weights came from, and what they lacked."""
    full_scale: float
    """Logit units at which this model's heat map is saturated."""
    evidence_outside: float | None
    """Mean share of the heat map's magnitude outside the disc, over the test scans, 0 to 1; None without a disc."""
    stages: tuple[StageRun, ...]
    scans: int
    """Of those who are not tested."""
    seconds: float
    seconds_by_step: dict[str, float]
    threads: int

    @property
    def test(self) -> Evaluation:
        """Figures of the test part."""
        return next(evaluation for evaluation in self.evaluations if evaluation.part == "test")


class Failure(Frozen, frozen=True, kw_only=True):
    """A unit that could not be done: one line for people and the exit code it stands for."""

    schema: Literal[1] = SCHEMA
    unit: Unit
    message: str
    exit_code: int


class PlainTime(Frozen, frozen=True, kw_only=True):
    """Measured seconds an epoch of a stage, had the whole graph been trained by Keras' `fit`."""

    schema: Literal[1] = SCHEMA
    backbone: str
    kind: str
    """Of the stage: what it trains, and whether batch normalisation is held."""
    seconds: float | None
    """None where it could not be measured; `note` then says why, and the next run tries again."""
    epochs: int
    """How many were measured."""
    threads: int
    note: str = ""


@dataclass(frozen=True)
class Finished:
    """A result with its test scans' heat maps.

    Attributes:
        score_maps: `(n, h, w)` float32, logit units, in the order of `scans`.
        scans: `(n,)` row of each in the prepared data.
        log_odds: `(n,)` logit of CAD minus the other's.
    """

    result: Result
    score_maps: NDArray[np.float32]
    scans: NDArray[np.int64]
    log_odds: NDArray[np.float64]
