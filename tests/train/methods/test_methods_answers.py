"""What every method says: log-odds that rest on the fitting part alone, and maps that are the score."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from sklearn.svm import SVC

from edgecad.errors import UsageError
from edgecad_train.data import PreparedData
from edgecad_train.methods.answer import Answer
from edgecad_train.methods.features import linear
from edgecad_train.methods.features.frozen import frozen_grid
from edgecad_train.methods.limits.limits import SIDE, normal_limits
from edgecad_train.methods.table import METHODS, method_named
from edgecad_train.methods.task import MethodScans, Task
from edgecad_train.training.settings import Settings

OURS = ("normal-limits", "deep-features", "deep-features-rbf", "segments-svm", "segments-boosting", "segments-mlp",
        "segments-logistic")  # fmt: skip


@pytest.fixture
def task(phantoms: PreparedData) -> Task:
    rows = np.arange(len(phantoms.cases))
    settings = Settings("mobilenetv2", "none")
    return Task(MethodScans(phantoms), rows[rows % 3 > 0], rows[rows % 3 == 0], settings, seed=0)


def _answer(name: str, task: Task) -> Answer:
    answer: Answer = import_module(METHODS[name].module).answer(task)
    return answer


@pytest.mark.parametrize("name", OURS)
def test_a_method_answers_for_the_rows_that_were_asked_and_its_map_is_the_score(name: str, task: Task) -> None:
    answer = _answer(name, task)
    assert answer.log_odds.shape == (len(task.ask),)
    assert (answer.maps is not None) == METHODS[name].exact_map
    if answer.maps is not None:
        maps = answer.maps(task.ask)
        assert maps.shape[0] == len(task.ask)
        assert maps.shape[1] == maps.shape[2]
        constants = answer.log_odds - maps.mean(axis=(1, 2), dtype=np.float64)
        assert np.ptp(constants) < 2e-5
        assert np.ptp(answer.log_odds) > 1e-3  # or the constant would be all there is
    assert all(array.dtype != object for array in answer.learnt.values())


@pytest.mark.parametrize("name", ["normal-limits", "deep-features", "segments-boosting"])
def test_labels_of_those_who_do_not_teach_change_nothing(name: str, task: Task, phantoms: PreparedData) -> None:
    turned = {"CAD": "nonCAD", "nonCAD": "CAD"}
    held = set(task.ask.tolist())
    cases = tuple(
        replace(case, label=turned[case.label]) if row in held else case for row, case in enumerate(phantoms.cases)
    )
    other = replace(task, scans=MethodScans(replace(phantoms, cases=cases)))
    assert np.array_equal(_answer(name, task).log_odds, _answer(name, other).log_odds)


@pytest.mark.parametrize("name", ["normal-limits", "segments-mlp"])
def test_the_same_seed_gives_the_same_answer(name: str, task: Task, phantoms: PreparedData) -> None:
    again = replace(task, scans=MethodScans(phantoms))
    assert np.array_equal(_answer(name, task).log_odds, _answer(name, again).log_odds)


@pytest.mark.parametrize("name", [name for name in OURS if METHODS[name].needs_uptake])
def test_a_method_that_reads_uptake_refuses_colours(name: str, task: Task, coloured: PreparedData) -> None:
    with pytest.raises(UsageError, match=r"reads uptake.*--input uptake"):
        _answer(name, replace(task, scans=MethodScans(coloured)))


def test_the_linear_machine_is_scikit_learns_and_one_weight_a_feature(task: Task) -> None:
    answer = linear.answer(task)
    grid = frozen_grid(task)
    taught = grid.means[task.fit]
    scale = np.where(taught.std(axis=0) > 1e-9, taught.std(axis=0), 1)
    machine = SVC(kernel="linear", C=answer.chosen["C"]).fit((taught - taught.mean(axis=0)) / scale, task.truth)
    margins = machine.decision_function((grid.means[task.ask] - taught.mean(axis=0)) / scale)
    slope, _ = np.polyfit(margins, answer.log_odds, 1)
    assert slope > 0
    assert np.abs(np.polyval(np.polyfit(margins, answer.log_odds, 1), margins) - answer.log_odds).max() < 1e-6
    told = grid.means[task.ask] @ answer.learnt["weights"] + answer.learnt["bias"]
    assert np.abs(told - answer.log_odds).max() < 1e-6


def test_a_cold_place_is_a_deficit_there_and_a_usual_scan_has_hardly_any() -> None:
    draw = np.random.default_rng(0)
    usual = np.full((40, SIDE, SIDE), 80, np.float32) + draw.normal(0, 3, (40, SIDE, SIDE)).astype(np.float32)
    limits = normal_limits(usual[:39])
    cold = usual[39:].copy()
    cold[0, 10:16, 10:16] = 30
    least, most = limits.deficits(usual[39:])[0], limits.deficits(cold)[0]
    assert least < 0.1
    assert most > 10 * least
    assert limits.deficits(cold * 0.7)[0] == pytest.approx(most, rel=1e-4)  # relative: another scale is no deficit


def test_an_unknown_method_is_told_with_what_was_meant() -> None:
    with pytest.raises(UsageError, match="normal-limits"):
        method_named("normal-limit")


def test_every_method_says_what_is_theirs_and_what_is_ours() -> None:
    for method in METHODS.values():
        assert method.theirs.endswith(".")
        assert method.ours.endswith(".")
        assert not method.exportable or method.exact_map
