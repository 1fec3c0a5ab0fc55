"""Patients of a plan are divided as training would divide them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgecad.errors import UsageError
from edgecad_train.data import Case
from edgecad_train.planning.options import PlanOptions
from edgecad_train.planning.parts import PartCounts, planned_parts, shared_out
from edgecad_train.splits.split import Folds, divide


def _cases(cad: int, other: int) -> tuple[Case, ...]:
    labels = ["CAD"] * cad + ["nonCAD"] * other
    return tuple(Case(Path(f"{index}.jpg"), label, f"p{index}") for index, label in enumerate(labels))


def _counted(patients: tuple[str, ...], cad: int) -> PartCounts:
    own = sum(int(name[1:]) < cad for name in patients)
    return PartCounts(own, len(patients) - own)


@pytest.mark.parametrize("seed", range(20))
def test_a_plan_counts_what_training_would_divide(seed: int) -> None:
    rng = np.random.default_rng(seed)
    patients, share = int(rng.integers(40, 700)), float(rng.uniform(0.15, 0.85))
    parts = planned_parts(patients, share, PlanOptions())
    divided = divide(_cases(parts.everybody.cad, parts.everybody.other), seed)
    cad = parts.everybody.cad
    assert parts.folds == (len(divided.folds) if isinstance(divided, Folds) else 0)
    for planned, members in (
        (parts.test, divided.test), (parts.development, divided.development), (parts.held, divided.held),
    ):  # fmt: skip
        counted = _counted(members, cad)
        assert planned.n == counted.n
        assert abs(planned.cad - counted.cad) <= 1  # where two remainders are equal, chance decides


def test_the_papers_patients() -> None:
    parts = planned_parts(218, 0.57, PlanOptions())
    assert (parts.test, parts.development, parts.folds) == (PartCounts(25, 19), PartCounts(99, 75), 5)
    assert parts.held == parts.development


def test_from_500_patients_on_one_part_chooses() -> None:
    parts = planned_parts(500, 0.5, PlanOptions())
    assert parts.folds == 0
    assert parts.held == PartCounts(40, 40)
    assert planned_parts(500, 0.5, PlanOptions(folds=5)).held == PartCounts(200, 200)


@pytest.mark.parametrize(("patients", "share", "more"), [(8, 0.5, {}), (300, 0.01, {}), (40, 0.5, {"test": 0.01})])
def test_a_part_without_two_of_each_class_is_refused(patients: int, share: float, more: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="every figure needs 2 of each"):
        planned_parts(patients, share, PlanOptions(**more))


def test_more_folds_than_patients_of_a_class_are_refused() -> None:
    with pytest.raises(UsageError, match="--folds 20, but the smaller class has 8 patients"):
        planned_parts(100, 0.1, PlanOptions(folds=20))


@pytest.mark.parametrize("seed", range(10))
def test_nobody_is_lost_in_sharing_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = PartCounts(*map(int, rng.integers(1, 200, 2)))
    drawn, rest = shared_out(counts, float(rng.uniform(0.01, 0.99)))
    assert (drawn.cad + rest.cad, drawn.other + rest.other) == (counts.cad, counts.other)
    assert min(drawn.cad, drawn.other, rest.cad, rest.other) >= 0
