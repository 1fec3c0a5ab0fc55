"""How many patients allow which recalibration, and what it gains on those that it did not use."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import brier_score_loss, log_loss

from edgecad_train.evaluation.recalibration.crossfit import cross_fitted, fold_of
from edgecad_train.evaluation.recalibration.fitting import chance_of_none, fitted, log_losses
from edgecad_train.evaluation.recalibration.judging import RecalibrationJudged, _mean, judge_recalibration
from edgecad_train.evaluation.recalibration.rule import Method, method_for, ruled
from edgecad_train.evaluation.recalibration.words import (
    RECALIBRATED_HEADS,
    gain_words,
    recalibrated_figure_rows,
    recalibration_lines,
    recalibration_rows,
    sentences_about_recalibration,
)
from edgecad_train.evaluation.statistics.smooth import integrated_calibration_index

Site = tuple[np.ndarray, np.ndarray]
NETWORK = "a" * 64


@pytest.fixture
def site() -> Callable[..., Site]:
    """Draw patients of a site: `site(n, intercept, slope, cad)`; `cad` fixes how many are CAD."""

    def draw(n: int, intercept: float = 0.0, slope: float = 1.0, cad: int | None = None, seed: int = 0) -> Site:
        generator = np.random.default_rng(seed)
        cad = n // 2 if cad is None else cad
        truth = np.arange(n) < cad
        own = np.where(truth, 1.1, -1.1) + generator.normal(0, 1.5, n)
        return truth, (own - intercept) / slope

    return draw


@pytest.mark.parametrize(
    ("n", "cad", "method"),
    [
        (49, 24, None), (50, 25, "penalised"), (50, 10, "penalised"), (50, 40, "penalised"), (50, 9, None),
        (50, 41, None), (199, 90, "penalised"), (200, 90, "maximum-likelihood"), (200, 9, None), (500, 0, None),
        (500, 500, None), (1, 1, None),
    ],
)  # fmt: skip
def test_patients_and_the_smaller_class_allow_a_method(
    site: Callable[..., Site], n: int, cad: int, method: str | None
) -> None:
    truth, log_odds = site(n, intercept=-1.5, cad=cad)
    assert method_for(truth) == method
    judged = judge_recalibration(truth, log_odds, NETWORK)
    assert judged.method == method
    assert (judged.outcome == "too-few") == (method is None)
    if method is None:
        assert (judged.intercept, judged.slope, judged.p_value, judged.figures) == (None, None, None, ())
        assert f"{n} patients, {cad} of them CAD; at least 50" in judged.reason


def test_few_patients_are_fitted_where_the_test_wants_it_and_alone_there(site: Callable[..., Site]) -> None:
    seen = set()
    for seed in range(40):
        truth, log_odds = site(80, intercept=-0.5, seed=seed)
        wanted = float(chance_of_none(truth, log_odds)) < 0.05
        found = ruled(truth, log_odds, "penalised", tested=True)
        seen.add(found.outcome)
        assert found.outcome == ("fitted" if wanted else "not-needed")
        assert found.p_value == pytest.approx(float(chance_of_none(truth, log_odds)))
        if wanted:
            np.testing.assert_allclose([found.intercept, found.slope], fitted(truth, log_odds, penalised=True))
        else:
            assert (found.intercept, found.slope) == (0, 1)
            assert found.reason.endswith(f"(likelihood ratio, p = {found.p_value:.2f})")
    judged = judge_recalibration(*site(80, seed=2), NETWORK)
    assert (judged.outcome, judged.figures, judged.folds) == ("not-needed", (), 0)
    assert seen == {"fitted", "not-needed"}


def test_many_patients_and_a_known_prevalence_ask_no_test(site: Callable[..., Site]) -> None:
    truth, log_odds = site(200, seed=3)
    assert float(chance_of_none(truth, log_odds)) > 0.05
    many = judge_recalibration(truth, log_odds, NETWORK)
    np.testing.assert_allclose([many.intercept, many.slope], fitted(truth, log_odds, penalised=False))
    truth, log_odds = site(60, seed=1)
    assert judge_recalibration(truth, log_odds, NETWORK).outcome == "not-needed"
    known = judge_recalibration(truth, log_odds, NETWORK, known_to_differ=True)
    assert (known.outcome, known.tested, known.method) == ("fitted", False, "penalised")
    assert any("prevalence is known to differ" in line for line in recalibration_lines(known))
    assert judge_recalibration(truth[5:54], log_odds[5:54], NETWORK, known_to_differ=True).outcome == "too-few"


def _equal(n: int) -> Site:
    return np.arange(n) % 2 == 0, np.full(n, 0.7)


def _nearly_equal(n: int) -> Site:
    return np.arange(n) % 2 == 0, 0.7 + np.linspace(0, 5e-3, n)


def _beyond(n: int) -> Site:
    return np.arange(n) % 2 == 0, np.linspace(40, 90, n)


def _separated(n: int) -> Site:
    truth = np.arange(n) < n // 2
    return truth, np.where(truth, 2.0, -2.0) + np.linspace(0, 1, n)


def _falling(n: int) -> Site:
    generator = np.random.default_rng(0)
    truth = np.arange(n) < n // 2
    return truth, np.where(truth, -1.5, 1.5) + generator.normal(0, 1, n)


@pytest.mark.parametrize(
    ("draw", "n", "reason"),
    [
        (_equal, 60, "do not differ"), (_equal, 300, "do not differ"), (_nearly_equal, 60, "do not differ"),
        (_beyond, 300, "do not differ"),
        (_separated, 200, "separate the classes"),
        (_falling, 60, "fall where CAD is more common"), (_falling, 300, "fall where CAD is more common"),
    ],
)  # fmt: skip
def test_scores_that_allow_none_are_refused_with_the_reason(draw: Callable[[int], Site], n: int, reason: str) -> None:
    judged = judge_recalibration(*draw(n), NETWORK)
    assert (judged.outcome, judged.intercept, judged.slope) == ("impossible", None, None)
    assert reason in judged.reason
    assert next(iter(recalibration_lines(judged))).startswith("recalibration: refused: ")


def test_a_penalty_keeps_the_fit_of_few_separated_patients_finite() -> None:
    truth, log_odds = _separated(60)
    judged = judge_recalibration(truth, log_odds / 4, NETWORK)
    assert judged.outcome == "fitted"
    assert judged.slope is not None
    assert 1 < judged.slope < 10


def test_no_slope_below_nought_is_ever_given(site: Callable[..., Site]) -> None:
    """Scores that are noise give slopes on both sides of nought."""
    outcomes = set()
    for seed in range(60):
        generator = np.random.default_rng(seed)
        truth, log_odds = generator.random(220) < 0.5, generator.normal(0, 2, 220)
        found = ruled(truth, log_odds, "maximum-likelihood", tested=False)
        outcomes.add(found.outcome)
        assert found.outcome == "impossible" or found.slope > 0
    assert outcomes == {"fitted", "impossible"}


def test_an_overlap_is_said_and_nothing_is_fitted(site: Callable[..., Site]) -> None:
    judged = judge_recalibration(*site(100, intercept=-2.0), NETWORK, overlap="3 of 100 patients are among those")
    assert (judged.outcome, judged.intercept, judged.reason) == ("overlap", None, "3 of 100 patients are among those")
    assert sentences_about_recalibration(judged) == ("refused: 3 of 100 patients are among those",)


# --- on patients that it did not use -----------------------------------------------------------------------


@pytest.mark.parametrize(("n", "method"), [(60, "penalised"), (240, "maximum-likelihood")])
def test_each_tenth_is_moved_by_the_fit_of_the_others(site: Callable[..., Site], n: int, method: Method) -> None:
    truth, log_odds = site(n, intercept=-1.5)
    moved, folds = cross_fitted(truth, log_odds, method, tested=False), fold_of(truth)
    for fold in range(10):
        out = folds == fold
        assert n // 10 - 1 <= out.sum() <= n // 10 + 1
        assert abs(truth[out].sum() - truth.sum() / 10) <= 1
        intercept, slope = fitted(truth[~out], log_odds[~out], penalised=method == "penalised")
        np.testing.assert_allclose(moved[out], intercept + slope * log_odds[out])
    np.testing.assert_array_equal(moved, cross_fitted(truth, log_odds, method, tested=False))


def test_the_test_is_inside_each_fold_as_well(site: Callable[..., Site]) -> None:
    """Near p = .05 some nine tenths want a recalibration and others do not: those tenths stay as they are."""
    mixed = 0
    for seed in range(30):
        truth, log_odds = site(60, intercept=-0.6, seed=seed)
        moved, folds = cross_fitted(truth, log_odds, "penalised", tested=True), fold_of(truth)
        stayed = [bool((moved == log_odds)[folds == fold].all()) for fold in range(10)]
        for fold, own in enumerate(stayed):
            out = folds == fold
            assert own == (float(chance_of_none(truth[~out], log_odds[~out])) >= 0.05)
        mixed += any(stayed) and not all(stayed)
    assert mixed


def test_a_leaky_judge_would_be_seen(site: Callable[..., Site]) -> None:
    """Where nothing is wrong, a fit without a test gains on its own patients, and loses on those it did not use."""
    inside, outside = [], []
    for seed in range(60):
        truth, log_odds = _right(60, seed)
        own = fitted(truth, log_odds, penalised=False)
        before = log_loss(truth, expit(log_odds))
        inside.append(log_loss(truth, expit(own[0] + own[1] * log_odds)) - before)
        outside.append(log_loss(truth, expit(_moved(truth, log_odds))) - before)
    assert max(inside) <= 1e-9
    assert np.mean(outside) > 0.1 * -np.mean(inside)


def _right(n: int, seed: int) -> Site:
    generator = np.random.default_rng(seed)
    log_odds = generator.normal(0, 1.5, n)
    return generator.random(n) < expit(log_odds), log_odds


def _moved(truth: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    return cross_fitted(truth, log_odds, "maximum-likelihood", tested=False)


@pytest.fixture(scope="module")
def shifted() -> tuple[Site, RecalibrationJudged]:
    generator = np.random.default_rng(8)
    log_odds = generator.normal(0.5, 1.8, 150)
    truth = generator.random(150) < expit(log_odds - 1.5)
    return (truth, log_odds), judge_recalibration(truth, log_odds, NETWORK)


def test_figures_are_those_of_sklearn_before_and_after(shifted: tuple[Site, RecalibrationJudged]) -> None:
    (truth, log_odds), judged = shifted
    moved = cross_fitted(truth, log_odds, "penalised", tested=True)
    for name, known in (("log_loss", log_loss), ("brier", brier_score_loss)):
        figure = judged.figure(name)
        assert figure is not None
        assert figure.before.value == pytest.approx(known(truth, expit(log_odds)))
        assert figure.after.value == pytest.approx(known(truth, expit(moved)))
        assert figure.change.value == pytest.approx(figure.after.value - figure.before.value)  # type: ignore[operator]
    assert [each.name for each in judged.figures[2:]] == ["calibration_slope", "calibration_intercept", "ici"]
    for name, values in (("calibration_slope", (log_odds, moved)), ("calibration_intercept", (log_odds, moved))):
        figure = judged.figure(name)
        assert figure is not None
        from edgecad_train.evaluation.statistics.calibration import calibration_intercept, calibration_slope

        known = {"calibration_slope": calibration_slope, "calibration_intercept": calibration_intercept}[name]
        for estimate, own in zip((figure.before, figure.after), values, strict=True):
            assert estimate.value == pytest.approx(known(truth, own).value, abs=1e-4)


def test_the_mean_distance_of_score_and_share_is_that_of_the_smooth_curve(
    shifted: tuple[Site, RecalibrationJudged],
) -> None:
    (truth, log_odds), judged = shifted
    figure = judged.figure("ici")
    assert figure is not None
    moved = cross_fitted(truth, log_odds, "penalised", tested=True)
    assert figure.before.value == pytest.approx(integrated_calibration_index(truth, expit(log_odds)), abs=1e-9)
    assert figure.after.value == pytest.approx(integrated_calibration_index(truth, expit(moved)), abs=1e-9)
    assert figure.change.high is not None
    assert figure.change.high < 0, "a shift of 1.5 is a large distance, and it is mended"


@pytest.mark.parametrize("seed", [2, 3, 6])
def test_every_interval_holds_its_value_and_that_of_a_distance_of_calibrated_scores_begins_at_0(seed: int) -> None:
    judged = judge_recalibration(*_right(200, seed), NETWORK)
    for figure in judged.figures:
        for estimate in (figure.before, figure.after, figure.change):
            assert estimate.low is not None
            assert estimate.value is not None
            assert estimate.high is not None
            assert estimate.low <= estimate.value <= estimate.high, figure.name
    distance = judged.figure("ici")
    assert distance is not None
    assert distance.before.low == distance.after.low == 0.0


def test_a_paired_change_is_narrower_than_its_two_sides_and_has_them_apart(
    shifted: tuple[Site, RecalibrationJudged],
) -> None:
    figure = shifted[1].figure("log_loss")
    assert figure is not None
    width = {name: getattr(figure, name).high - getattr(figure, name).low for name in ("before", "after", "change")}
    assert figure.change.high < 0  # type: ignore[operator]
    assert width["change"] < width["before"]


def test_the_interval_of_the_change_covers_what_the_same_fit_does_to_others() -> None:
    fresh = np.random.default_rng(100).normal(0.5, 1.8, 4000)
    chance = expit(fresh - 1.0)

    def risk(log_odds: np.ndarray) -> float:
        return float((chance * log_losses(True, log_odds) + (1 - chance) * log_losses(False, log_odds)).mean())

    held, right = 0, 0
    for seed in range(150):
        generator = np.random.default_rng(seed)
        own = generator.normal(0.5, 1.8, 100)
        truth = generator.random(100) < expit(own - 1.0)
        found = ruled(truth, own, "penalised", tested=False)
        change = risk(found.intercept + found.slope * fresh) - risk(fresh)
        seen = _mean(log_losses(truth, cross_fitted(truth, own, "penalised", tested=False)) - log_losses(truth, own))
        assert seen.low is not None
        assert seen.high is not None
        held += seen.low <= change <= seen.high
        right += seen.high < 0
    assert held >= 132, "0.93 in a larger simulation; within each class alone it is 0.7"
    assert right > 40


# --- words -------------------------------------------------------------------------------------------------


def test_words_say_what_was_done_what_it_gains_and_what_it_cannot(shifted: tuple[Site, RecalibrationJudged]) -> None:
    judged = shifted[1]
    text = "\n".join(recalibration_lines(judged))
    for words in (
        f"intercept {judged.intercept:+.3f} and slope {judged.slope:.3f}", "penalised intercept and slope of 150",
        "it makes the probabilities better on patients that it did not use (10 folds",
        "changes no answer: the order of the patients, the AUC", "log loss: ", "before, ", "change -",
    ):  # fmt: skip
        assert words in text
    assert dict(recalibration_rows(judged))["network"] == NETWORK
    rows = list(recalibrated_figure_rows(judged))
    assert {len(row) for row in rows} == {len(RECALIBRATED_HEADS)}
    assert rows[0][0] == "log loss"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(-0.2, -0.1, "it makes the probabilities better"), (-0.1, 0.1, "not shown to make"), (0.1, 0.2, "WORSE on")],
)
def test_the_verdict_follows_from_the_interval(
    shifted: tuple[Site, RecalibrationJudged], low: float, high: float, words: str
) -> None:
    from msgspec.structs import replace

    judged = shifted[1]
    figure = judged.figures[0]
    change = replace(figure.change, low=low, high=high, value=(low + high) / 2)
    told = gain_words(replace(judged, figures=(replace(figure, change=change), *judged.figures[1:])))
    assert told.startswith(words)
