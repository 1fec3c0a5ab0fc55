"""Figures over several runs: the counts add up, and nobody is counted as two patients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from fake_study import fake_plan, fake_run
from scipy import stats
from sklearn.metrics import (
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    precision_score,
    roc_auc_score,
)

from edgecad.contract import Metric
from edgecad_train.evaluation.statistics.clustered import KORN_GRAUBARD, clustered_proportion
from edgecad_train.evaluation.statistics.metrics import JOINTLY, averages
from edgecad_train.study.results.pooling import pooled, runs_of
from edgecad_train.study.results.unit_run import UnitRun


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[UnitRun]]:
    """Two-stage on one network: four seeds, and five folds."""
    found = {}
    for kind, changes in (("seeds", {"seeds": 4}), ("folds", {"seeds": 1, "folds": 5})):
        plan = fake_plan(strategies=("two-stage",), rates="uniform", **changes)
        own = [unit for unit in plan.study.units if unit.settings.backbone == "mobilenetv2"]
        found[kind] = [fake_run(plan, unit, tmp_path_factory.getbasetemp() / kind) for unit in own]
    return found


def figure(name: str, results: list[UnitRun]) -> Metric:
    """One figure of a row."""
    return next(metric for metric in pooled(results) if metric.name == name)


def stacked(results: list[UnitRun]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, scores and answers of all runs, one after the other."""
    truth = np.concatenate([r.tested.truth for r in results])
    scores = np.concatenate([r.tested.scores for r in results])
    said = np.concatenate([r.tested.scores >= r.tested.threshold for r in results])
    return truth, scores, said


@pytest.mark.parametrize("kind", ["seeds", "folds"])
def test_values_are_those_of_all_answers_together(kind: str, results: dict[str, list[UnitRun]]) -> None:
    own = results[kind]
    truth, scores, said = stacked(own)
    told = {metric.name: metric for metric in pooled(own)}
    wanted = {
        "accuracy": (truth == said).mean(),
        "sensitivity_cad": said[truth].mean(),
        "specificity_cad": (~said)[~truth].mean(),
        "ppv_cad": truth[said].mean(),
        "npv_cad": (~truth)[~said].mean(),
        "balanced_accuracy": balanced_accuracy_score(truth, said),
        "f1_cad": f1_score(truth, said),
        "macro_precision": precision_score(truth, said, average="macro"),
        "macro_f1": f1_score(truth, said, average="macro"),
        "brier": brier_score_loss(truth, scores),
        "auc": np.mean([roc_auc_score(r.tested.truth, r.tested.scores) for r in own]),
    }
    for name, value in wanted.items():
        assert told[name].value == pytest.approx(value), name
        assert told[name].low <= value <= told[name].high, name
        assert told[name].part == "test"


def test_a_single_run_keeps_its_own_figures(results: dict[str, list[UnitRun]]) -> None:
    first = results["seeds"][0]
    assert pooled([first]) == first.test.metrics


def test_folds_test_each_patient_once_and_have_clopper_pearsons_interval(results: dict[str, list[UnitRun]]) -> None:
    own = results["folds"]
    truth, _, said = stacked(own)
    told = next(metric for metric in pooled(own) if metric.name == "accuracy")
    wanted = stats.binomtest(int((truth == said).sum()), len(truth)).proportion_ci(0.95, "exact")
    assert (told.low, told.high) == pytest.approx((wanted.low, wanted.high))
    assert (told.n, told.method) == (60, "Clopper-Pearson")
    assert not runs_of(own).repeated


def test_seeds_test_some_patients_again_and_say_so(results: dict[str, list[UnitRun]]) -> None:
    own = results["seeds"]
    told = next(metric for metric in pooled(own) if metric.name == "accuracy")
    assert runs_of(own).repeated
    assert told.method == KORN_GRAUBARD
    assert told.n == len({patient for r in own for patient in r.tested.patients}) < 48


def test_asking_the_same_patients_thrice_is_worth_no_more_than_once() -> None:
    once = np.array([1] * 40 + [0] * 4)
    thrice = clustered_proportion(3 * once, np.full(44, 3))
    exact = stats.binomtest(40, 44).proportion_ci(0.95, "exact")
    assert thrice.value == pytest.approx(40 / 44)
    # The cluster variance has k - 1 below the line, so the effective sample is 43 of 44 patients.
    assert (thrice.low, thrice.high) == pytest.approx((exact.low, exact.high), abs=0.01)
    assert thrice.low <= exact.low


def test_all_right_is_as_wide_as_the_patients_allow() -> None:
    told = clustered_proportion(np.full(20, 5), np.full(20, 5))
    assert (told.low, told.high) == pytest.approx((stats.binomtest(20, 20).proportion_ci(0.95, "exact").low, 1.0))


def test_without_a_trial_there_is_no_proportion() -> None:
    assert np.isnan(clustered_proportion(np.zeros(3, int), np.zeros(3, int)).value)


def test_the_interval_holds_what_it_promises_where_patients_differ() -> None:
    """Patients of very different difficulty, three answers each: 95 % of intervals cover, naive ones do not."""
    draw, covered, naive = np.random.default_rng(1), 0, 0
    for _ in range(400):
        ease = draw.beta(0.5, 0.2, 40)
        hits = draw.binomial(3, ease)
        told = clustered_proportion(hits, np.full(40, 3))
        covered += told.low <= 5 / 7 <= told.high
        plain = stats.binomtest(int(hits.sum()), 120).proportion_ci(0.95, "exact")
        naive += plain.low <= 5 / 7 <= plain.high
    assert covered / 400 > 0.93
    assert naive / 400 < 0.90


def with_scores(results: list[UnitRun], score: Callable[[int, bool], float]) -> list[UnitRun]:
    """The same runs with other test scores, by place and label."""
    return [
        replace(r, tested=replace(r.tested, scores=np.array([score(*pair) for pair in enumerate(r.tested.truth)])))
        for r in results
    ]


def test_runs_that_all_separate_the_classes_do_not_have_an_interval_without_width(
    results: dict[str, list[UnitRun]],
) -> None:
    told = figure("auc", with_scores(results["seeds"], lambda _, cad: 0.9 if cad else 0.1))
    assert told.value == 1.0
    assert 0.5 < told.low < 0.95


def test_patients_who_were_not_tested_make_no_scores_equal(results: dict[str, list[UnitRun]]) -> None:
    """Log-odds 2e-5 apart: more than rounding, less than the rounding of log-odds of 36."""
    told = figure("auc", with_scores(results["seeds"], lambda _, cad: 0.5 + 5e-6 * cad))
    assert told.value == 1.0


def test_where_all_answers_to_a_class_are_right_both_classes_are_bounded_together(
    results: dict[str, list[UnitRun]],
) -> None:
    own = with_scores(results["folds"], lambda place, cad: 0.9 if cad or place % 3 == 0 else 0.1)
    told = figure("balanced_accuracy", own)
    assert told.method == JOINTLY
    truth, scores, _ = stacked(own)
    wanted = averages(truth, scores, 0.5)["balanced_accuracy"]
    assert (told.value, told.low, told.high) == pytest.approx((wanted.value, wanted.low, wanted.high))
