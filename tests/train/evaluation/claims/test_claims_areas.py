"""Areas of several rows over several runs: covariances by other ways, and what they are with one run."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from edgecad.errors import UsageError
from edgecad_train.evaluation.claims.areas import (
    Areas,
    SharedPart,
    Training,
    areas_of,
    training_between_rows,
    training_of_a_row,
)
from edgecad_train.evaluation.claims.own import PATIENTS, TRAINING, row_interval
from edgecad_train.evaluation.statistics.auc import auc
from edgecad_train.evaluation.statistics.comparison import compare_auc


def part(draw: np.random.Generator, rows: int, positives: int, negatives: int, first: int = 0) -> SharedPart:
    """Scores that know something, rounded so that some are equal; patients are numbered from `first`."""
    truth = np.repeat([True, False], (positives, negatives))
    common = draw.normal(size=len(truth))
    scores = np.round(common + 0.8 * draw.normal(size=(rows, len(truth))) + truth, 1)
    return SharedPart(tuple(f"p{first + number}" for number in range(len(truth))), truth, scores)


def by_double_loop(one: np.ndarray, other: np.ndarray, truth: np.ndarray) -> float:
    """DeLong's covariance of two areas as DeLong, DeLong and Clarke-Pearson wrote it: every pair of patients."""

    def kernel(scores: np.ndarray) -> np.ndarray:
        cad, rest = scores[truth], scores[~truth]
        return np.array([[1.0 if x > y else 0.5 if x == y else 0.0 for y in rest] for x in cad])

    first, second = kernel(one), kernel(other)
    m, n = first.shape
    centre = first.mean(), second.mean()
    ten = sum((first[i].mean() - centre[0]) * (second[i].mean() - centre[1]) for i in range(m)) / (m - 1)
    one_ = sum((first[:, j].mean() - centre[0]) * (second[:, j].mean() - centre[1]) for j in range(n)) / (n - 1)
    return ten / m + one_ / n


def test_with_one_run_the_covariance_is_delongs() -> None:
    own = part(np.random.default_rng(1), 4, 11, 9)
    areas = areas_of([own])
    for one, other in product(range(4), repeat=2):
        wanted = by_double_loop(own.log_odds[one], own.log_odds[other], own.truth)
        assert areas.patients[one, other] == pytest.approx(wanted, abs=1e-14)
        assert areas.by_run[0, one, other] == pytest.approx(wanted, abs=1e-14)
    found = compare_auc(own.truth, own.log_odds[0], own.log_odds[1])
    assert areas.means[0] - areas.means[1] == pytest.approx(found.difference)


def test_runs_without_common_patients_add_their_variances_and_the_same_run_again_adds_nothing() -> None:
    draw = np.random.default_rng(2)
    parts = [part(draw, 3, 8, 7, first=100 * number) for number in range(4)]
    areas = areas_of(parts)
    np.testing.assert_allclose(areas.patients, areas.by_run.sum(axis=0) / 16, atol=1e-15)
    np.testing.assert_allclose(areas.within, areas.by_run.mean(axis=0), atol=1e-15)
    assert (areas.positives, areas.negatives, areas.smaller, areas.runs, areas.rows) == (32, 28, 28, 4, 3)
    again = areas_of([parts[0]] * 3)
    np.testing.assert_allclose(again.patients, areas.by_run[0], atol=1e-15)
    np.testing.assert_allclose(again.within, 0, atol=1e-15)
    assert again.positives == 8


def test_the_clustered_covariance_is_that_of_drawing_patients_anew() -> None:
    """Five random test parts of one cohort: spread of the mean area over cohorts, beside the mean of what is told."""
    draw = np.random.default_rng(3)
    truth = np.repeat([True, False], (60, 50))
    values, told = [], []
    for _ in range(400):
        common = draw.normal(size=110)
        parts = []
        for _ in range(5):
            members = np.concatenate([draw.choice(60, 14, False), 60 + draw.choice(50, 12, False)])
            scores = common[members] + 0.3 * draw.normal(size=(1, 26)) + 1.2 * truth[members]
            parts.append(SharedPart(tuple(map(str, members)), truth[members], scores))
        areas = areas_of(parts)
        values.append(areas.means[0])
        told.append(areas.patients[0, 0])
    assert np.sqrt(np.mean(told)) == pytest.approx(np.std(values), rel=0.12)


def test_training_is_what_the_rows_differ_by_from_run_to_run_less_what_patients_explain() -> None:
    draw = np.random.default_rng(4)
    areas = areas_of([part(draw, 5, 9, 8, first=100 * number) for number in range(6)])
    own = areas.each
    total, df = 0.0, 4 * 5
    for r, s in product(range(5), range(6)):
        total += (own[r, s] - own[r].mean() - own[:, s].mean() + own.mean()) ** 2
    centred = np.eye(5) - 1 / 5
    explained = np.trace(centred @ areas.within @ centred) / 4
    assert training_between_rows(areas) == Training(pytest.approx(max(0.0, total / df - explained)), df)
    between = own.var(axis=1, ddof=1).mean() - np.trace(areas.within) / 5
    assert training_of_a_row(areas) == Training(pytest.approx(max(0.0, between)), 5)


def test_training_is_found_where_it_is_and_not_where_it_is_not() -> None:
    draw, truth = np.random.default_rng(5), np.repeat([True, False], (60, 50))
    for deviation in (0.0, 0.05):
        found = []
        for _ in range(150):
            common = draw.normal(size=110)
            parts = []
            for _ in range(5):
                members = np.concatenate([draw.choice(60, 14, False), 60 + draw.choice(50, 12, False)])
                gain = 1.2 + deviation / 0.2 * draw.normal(size=(4, 1))  # an area of .8 grows by .2 for each of d'
                scores = common[members] + 0.4 * draw.normal(size=(4, 26)) + gain * truth[members]
                parts.append(SharedPart(tuple(map(str, members)), truth[members], scores))
            found.append(training_between_rows(areas_of(parts)).variance)
        assert np.mean(found) == pytest.approx(deviation**2, abs=6e-4)


def test_a_class_of_one_patient_has_no_variance() -> None:
    with pytest.raises(UsageError, match="a variance needs two"):
        areas_of([part(np.random.default_rng(0), 2, 5, 1)])


@pytest.mark.parametrize(("rows", "runs"), [(1, 3), (3, 1)])
def test_training_cannot_be_told_from_one_row_or_one_run(rows: int, runs: int) -> None:
    draw = np.random.default_rng(0)
    areas = areas_of([part(draw, rows, 5, 5) for _ in range(runs)])
    with pytest.raises(UsageError, match="needs two"):
        training_between_rows(areas)
    if runs == 1:
        with pytest.raises(UsageError, match="needs two"):
            training_of_a_row(areas)


def test_the_interval_of_one_run_is_that_of_any_area_and_training_makes_it_wider() -> None:
    draw = np.random.default_rng(6)
    own = part(draw, 1, 30, 20)
    plain, told = auc(own.truth, own.log_odds[0]), row_interval(areas_of([own]), 0, None)
    assert (told.value, told.low, told.high, told.n) == pytest.approx((plain.value, plain.low, plain.high, plain.n))
    assert told.method == f"{plain.method}; {PATIENTS}"
    areas = areas_of([part(draw, 1, 30, 20, first=100 * number) for number in range(4)])
    widths = [row_interval(areas, 0, each).width for each in (None, Training(0.001, 3), Training(0.01, 3))]
    assert widths == sorted(widths)
    assert widths[0] < widths[1] < widths[2]
    assert row_interval(areas, 0, Training(0.01, 3)).method.endswith(TRAINING)


def test_runs_that_all_separate_the_classes_have_an_interval_with_a_width() -> None:
    truth = np.repeat([True, False], (6, 5))
    parts = [SharedPart(tuple(f"{run}-{n}" for n in range(11)), truth, truth[None] * 1.0) for run in range(3)]
    areas = areas_of(parts)
    told = row_interval(areas, 0, training_of_a_row(areas))
    assert (told.value, told.high) == (1.0, 1.0)
    assert 0.6 < told.low < 0.97


def test_the_interval_of_a_row_holds_what_it_promises() -> None:
    """Mean area of 5 runs with training's noise: about 95 % of intervals hold the area of such trainings."""
    draw, truth = np.random.default_rng(7), np.repeat([True, False], (124, 94))
    held, narrow, count, true = 0, 0, 300, 0.8608
    for _ in range(count):
        common = np.sqrt(0.85) * draw.normal(size=218)
        parts = []
        for _ in range(5):
            members = np.concatenate([draw.choice(124, 25, False), 124 + draw.choice(94, 19, False)])
            gain = 1.6 + 0.5 * draw.normal(size=(3, 1))
            scores = common[members] + np.sqrt(0.15) * draw.normal(size=(3, 44)) + gain * truth[members]
            parts.append(SharedPart(tuple(map(str, members)), truth[members], scores))
        areas = areas_of(parts)
        told, alone = row_interval(areas, 0, training_of_a_row(areas)), row_interval(areas, 0, None)
        held += told.low <= true <= told.high
        narrow += alone.low <= true <= alone.high
    assert held / count > 0.925
    assert narrow < held


def test_areas_are_frozen_and_know_their_size() -> None:
    areas = Areas(np.ones((2, 3)), np.zeros((2, 7)), np.zeros((3, 2, 2)), 4, 3)
    assert (areas.rows, areas.runs, areas.smaller) == (2, 3, 3)
    assert areas.variances_of_differences().tolist() == [[0, 0], [0, 0]]
