"""How often a strategy is called better that is none, and how often one that is better is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from measures.simulations.drawing import SEPARATION, Design, area_of, draw_parts, separation_of
from measures.simulations.options import SimulationOptions

ROWS = 8
REPETITIONS = 2000
LESS = (0.07, 0.10)
"""By how much the area of one row is larger, where power is asked for."""


class Rate(msgspec.Struct, frozen=True):
    """A share of studies, and the standard error of it."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.3f}"


class StrategiesRow(msgspec.Struct, frozen=True):
    """One kind of study.

    Attributes:
        setting: how many runs, and what is unusual.
        difference: by which the first row's area is larger than the others'; 0 where all are equal.
        reference_false: studies that call any row other than the reference, though all are equal.
        reference_power: rows that are called worse than the first, which is the reference.
        best_false: studies that strike a row which is as good as any.
        best_power: rows that are struck although they are worse.
    """

    setting: str
    difference: float
    repetitions: int
    reference_false: Rate | None
    reference_power: Rate | None
    best_false: Rate
    best_power: Rate | None

    def words(self) -> str:
        """One line."""
        if self.reference_false:
            return (
                f"{self.setting}, all rows equal: false claims {self.reference_false} against a reference, "
                f"{self.best_false} of the best set"
            )
        return (
            f"{self.setting}, one row {self.difference:.2f} better: found {self.reference_power} against it, "
            f"{self.best_power} by the best set; the best row struck {self.best_false}"
        )


class StrategiesFound(msgspec.Struct, frozen=True):
    """All kinds of studies."""

    rows: int
    area: float
    found: tuple[StrategiesRow, ...]


@dataclass(frozen=True)
class _Study:
    """One kind of study: its design, the better row's gain, and words for what is unusual."""

    design: Design
    gain: float = 0.0
    unusual: str = ""

    @property
    def setting(self) -> str:
        return self.design.name + (f", {self.unusual}" if self.unusual else "")


def simulate_strategies(options: SimulationOptions) -> StrategiesFound:
    """Simulate every kind of study."""
    found = []
    for study in _studies():
        row = _simulated(study, options.repetitions or REPETITIONS, options.seed)
        found.append(row)
        print(row.words(), flush=True)
    return StrategiesFound(ROWS, area_of(SEPARATION), tuple(found))


def _studies() -> Iterator[_Study]:
    equal = Design(5, False, (SEPARATION,) * ROWS)
    kinds = (equal, replace(equal, runs=10), replace(equal, runs=20), replace(equal, folds=True))
    for design in kinds:
        yield _Study(design)
    for design in (kinds[0], kinds[3]):
        yield _Study(replace(design, training_sd=0.0), unusual="training brings nothing")
        yield _Study(
            replace(design, training_sd=(0.6, *(0.2,) * (ROWS - 1))),
            unusual="training of the first row alone varies much",
        )
    yield _Study(replace(equal, runs=3, separations=(SEPARATION,) * 3), unusual="3 rows")
    yield _Study(replace(equal, runs=3, separations=(SEPARATION,) * 2, classes=(40, 30)), unusual="2 rows, 70 patients")
    for gain in LESS:
        better = separation_of(area_of(SEPARATION) + gain)
        for design in kinds:
            yield _Study(replace(design, separations=(better, *design.separations[1:])), gain)


def _simulated(study: _Study, repetitions: int, seed: int) -> StrategiesRow:
    from edgecad_train.evaluation.claims.areas import areas_of, training_between_rows
    from edgecad_train.evaluation.claims.strategies import against_reference, may_be_best

    draw = np.random.default_rng(seed)
    rows = len(study.design.separations)
    called, struck = np.zeros((repetitions, rows)), np.zeros((repetitions, rows))
    for index in range(repetitions):
        areas = areas_of(draw_parts(study.design, draw))
        training = training_between_rows(areas)
        for found in against_reference(areas, training, [(row, 0) for row in range(1, rows)]):
            worse = found.claimed and (found.value < 0 or not study.gain)
            called[index, found.row] = worse
        kept = may_be_best(areas, training).rows
        struck[index] = [row not in kept for row in range(rows)]
    return _told(study, called, struck)


def _told(study: _Study, called: np.ndarray, struck: np.ndarray) -> StrategiesRow:
    equal = not study.gain
    return StrategiesRow(
        setting=study.setting,
        difference=study.gain,
        repetitions=len(called),
        reference_false=_rate(np.asarray(np.any(called, axis=1))) if equal else None,
        reference_power=None if equal else _rate(called[:, 1:].mean(axis=1)),
        best_false=_rate(np.asarray(np.any(struck, axis=1)) if equal else struck[:, 0]),
        best_power=None if equal else _rate(struck[:, 1:].mean(axis=1)),
    )


def _rate(each: Any) -> Rate:
    """Of a value a study, 0 to 1."""
    told = np.asarray(each, np.float64)
    return Rate(float(told.mean()), float(told.std() / np.sqrt(len(told))))
