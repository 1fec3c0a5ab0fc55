"""A strategy against two-stage on the same test patients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_study import fake_plan, fake_run
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from edgecad_train.evaluation.claims.areas import areas_of
from edgecad_train.evaluation.claims.networks import network_pairs
from edgecad_train.evaluation.statistics.comparison import Scores, compare
from edgecad_train.study.results.comparisons import ALL_ALIKE, AgainstReference, against
from edgecad_train.study.results.pooling import parts_of, runs_of
from edgecad_train.study.results.unit_run import UnitRun

Rows = Callable[..., tuple[list[UnitRun], list[UnitRun]]]


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """Make runs of warm-up and of two-stage on one network."""
    return lambda **changes: _rows(tmp_path, **changes)


def _rows(place: Path, **changes: object) -> tuple[list[UnitRun], list[UnitRun]]:
    plan = fake_plan(strategies=("warm-up", "two-stage"), rates="uniform", **changes)
    own = [unit for unit in plan.study.units if unit.settings.backbone == "mobilenetv2"]
    done = [fake_run(plan, unit, place) for unit in own]
    return tuple([r for r in done if r.unit.settings.strategy == name] for name in ("warm-up", "two-stage"))  # type: ignore[return-value]


def right(results: list[UnitRun]) -> np.ndarray:
    """Right answers of all runs, one after the other."""
    told = [r.tested for r in results]
    return np.concatenate([(p.scores >= p.threshold) == p.truth for p in told])


def found(mine: list[UnitRun], reference: list[UnitRun]) -> AgainstReference:
    told = against(mine, reference)
    assert told is not None
    return told


def test_one_run_is_compared_by_mcnemar_and_delong(rows: Rows) -> None:
    mine, reference = rows(seeds=1)
    told = found(mine, reference)
    p, q = mine[0].tested, reference[0].tested
    wanted = compare(p.truth, Scores(p.scores, p.threshold), Scores(q.scores, q.threshold))
    assert told.each == (wanted,)
    assert told.accuracy.p_value == wanted.accuracy.p_value
    assert wanted.auc is not None
    assert (told.auc.value, told.auc.p_value) == (wanted.auc.difference, wanted.auc.p_value)


def test_over_folds_the_sign_test_is_mcnemars(rows: Rows) -> None:
    mine, reference = rows(seeds=1, folds=5)
    told = found(mine, reference)
    one, other = right(mine), right(reference)
    table = [[(one & other).sum(), (one & ~other).sum()], [(~one & other).sum(), (~one & ~other).sum()]]
    assert told.accuracy.p_value == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert told.accuracy.value == pytest.approx(one.mean() - other.mean())
    assert told.accuracy.low <= told.accuracy.value <= told.accuracy.high
    assert told.runs == ("fold 1", "fold 2", "fold 3", "fold 4", "fold 5")


def test_over_seeds_a_patient_counts_once_in_the_test(rows: Rows) -> None:
    mine, reference = rows(seeds=4)
    told = found(mine, reference)
    gained: dict[str, int] = {}
    names = [patient for r in mine for patient in r.tested.patients]
    for name, a, b in zip(names, right(mine), right(reference), strict=True):
        gained[name] = gained.get(name, 0) + int(a) - int(b)
    better, worse = (sum(1 for g in gained.values() if sign * g > 0) for sign in (1, -1))
    assert told.accuracy.p_value == pytest.approx(stats.binomtest(better, better + worse).pvalue)
    each = [m.test.metric("auc").value - r.test.metric("auc").value for m, r in zip(mine, reference, strict=True)]  # type: ignore[union-attr]
    assert told.auc.value == pytest.approx(np.mean(each))
    assert told.auc.low <= told.auc.value <= told.auc.high
    areas = areas_of(parts_of([runs_of(mine), runs_of(reference)]))
    (pair,) = network_pairs(areas)
    assert told.auc.p_value == pair.p_value
    assert 0 < pair.p_value < 1


def test_a_row_does_not_differ_from_itself(rows: Rows) -> None:
    mine, _ = rows(seeds=3)
    told = found(mine, mine)
    assert (told.accuracy.value, told.accuracy.p_value, told.auc.value) == (0.0, 1.0, 0.0)


def test_rows_that_answer_alike_do_not_have_an_interval_without_width(rows: Rows) -> None:
    mine, _ = rows(seeds=3)
    told = found(mine, mine)
    patients = len({name for r in mine for name in r.tested.patients})
    apart = 1 - stats.binomtest(patients, patients).proportion_ci(0.95, "exact").low
    assert (told.accuracy.low, told.accuracy.high) == pytest.approx((-apart, apart))
    assert told.accuracy.method == ALL_ALIKE
    assert told.auc.low < -0.1 < 0.1 < told.auc.high


def test_only_runs_of_the_same_split_are_compared(rows: Rows) -> None:
    mine, reference = rows(seeds=3)
    assert found(mine[:2], reference[1:]).runs == ("seed 1",)
    assert against(mine[:1], reference[1:]) is None
    assert against(mine, []) is None


def test_other_test_patients_under_one_split_are_an_error(rows: Rows) -> None:
    mine, reference = rows(seeds=1)
    p = reference[0].tested
    renamed = replace(p, patients=("somebody else", *p.patients[1:]))
    with pytest.raises(ValueError, match="other test patients"):
        against(mine, [replace(reference[0], tested=renamed)])
