"""Scores become log-odds out of fold, and nothing but the fitting part teaches or chooses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from edgecad_train.data import PreparedData
from edgecad_train.methods.fitting.choosing import Setting, fitted
from edgecad_train.methods.fitting.folds import inner_folds
from edgecad_train.methods.fitting.platt import LEAST_SLOPE, log_loss, platt_line
from edgecad_train.methods.fitting.standardised import Standardised
from edgecad_train.methods.task import MethodScans, Task
from edgecad_train.training.settings import Settings


def test_a_line_gives_back_the_log_odds_that_labels_were_drawn_from() -> None:
    draw = np.random.default_rng(0)
    scores = draw.normal(50, 7, 20_000)
    truth = draw.random(20_000) < expit(0.2 * (scores - 47))
    line = platt_line(scores, truth)
    assert line.slope == pytest.approx(0.2, abs=0.01)
    assert line(np.array([47.0]))[0] == pytest.approx(0, abs=0.1)


def test_a_line_stays_finite_where_scores_divide_the_classes_and_never_turns_the_order() -> None:
    scores = np.array([0.0, 1, 2, 10, 11, 12])
    truth = scores > 5
    assert np.abs(platt_line(scores, truth)(scores)).max() < 10
    line = platt_line(scores, ~truth)
    assert 0 < line.slope <= LEAST_SLOPE


def test_the_loss_is_that_of_the_probabilities() -> None:
    log_odds, truth = np.array([2.0, -1.0, 0.5]), np.array([True, False, False])
    chance = expit(log_odds)
    assert log_loss(log_odds, truth) == pytest.approx(-np.log(np.where(truth, chance, 1 - chance)).mean())


@pytest.fixture
def task(phantoms: PreparedData) -> Task:
    """All phantoms teach but every fifth; scans go by pairs under one patient's name."""
    labels = sorted(phantoms.cases, key=lambda case: case.label)
    cases = tuple(replace(case, patient=f"{case.label}-{number // 2}") for number, case in enumerate(labels))
    scans = MethodScans(replace(phantoms, cases=cases))
    rows = np.arange(len(cases))
    return Task(scans, rows[rows % 5 > 0], rows[rows % 5 == 0], Settings("mobilenetv2", "none"), seed=1)


def test_folds_share_the_rows_out_and_part_no_patient(task: Task) -> None:
    folds = inner_folds(task)
    assert sorted(np.concatenate([held for _, held in folds])) == list(range(len(task.fit)))
    for teach, held in folds:
        assert not {*task.patients[teach]} & {*task.patients[held]}
        assert set(task.truth[teach]) == {True, False}
    assert all(np.array_equal(one[1], other[1]) for one, other in zip(folds, inner_folds(task), strict=True))


class _Weigher:
    """Scores by the one column, times a factor; a factor below 0 puts everybody on the wrong side."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def fit(self, values: np.ndarray, truth: np.ndarray) -> None: ...

    def scores(self, values: np.ndarray) -> np.ndarray:
        return self.factor * values[:, 0]


def test_the_setting_is_the_one_whose_held_out_scores_tell_the_labels(task: Task) -> None:
    told = task.scans.truth.astype(float)[:, None]
    settings = [Setting({"factor": factor}, lambda factor=factor: _Weigher(factor)) for factor in (-1.0, 0.0, 1.0)]
    found = fitted(task, settings, lambda teach: told)
    assert found.chosen == {"factor": 1.0}
    assert ((found.log_odds(task.ask) > 0) == task.scans.truth[task.ask]).all()


def test_values_are_made_anew_from_the_rows_that_teach_each_fold(task: Task) -> None:
    asked: list[set[int]] = []

    def values(teach: np.ndarray) -> np.ndarray:
        asked.append(set(teach.tolist()))
        return np.zeros((len(task.scans.truth), 1))

    fitted(task, [Setting({}, lambda: _Weigher(1.0))], values)
    assert all(rows < set(task.fit.tolist()) for rows in asked[:-1])
    assert asked[-1] == set(task.fit.tolist())


def test_a_column_that_does_not_vary_is_no_division_by_nought() -> None:
    class Sum:
        def fit(self, values: np.ndarray, truth: np.ndarray) -> None: ...

        def decision_function(self, values: np.ndarray) -> np.ndarray:
            return np.asarray(values.sum(axis=1))

    model = Standardised(Sum())
    values = np.array([[1.0, 5], [3, 5]])
    model.fit(values, np.array([True, False]))
    assert model.scores(values).tolist() == [-1, 1]
