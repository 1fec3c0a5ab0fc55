"""Intercept and slope of the log-odds, against statsmodels and scipy."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from edgecad_train.evaluation.recalibration.fitting import chance_of_none, fitted, fitted_intercept, log_losses

SITES = [(seed, n, intercept, slope) for seed, (n, intercept, slope) in enumerate(
    [(50, 0.0, 1.0), (60, -1.5, 0.7), (120, 0.5, 1.6), (200, 2.0, 0.4), (400, -0.3, 1.0), (75, 0.0, 2.5)]
)]  # fmt: skip


def drawn(seed: int, n: int, intercept: float, slope: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    log_odds = generator.normal(0.3, 1.6, n)
    return generator.random(n) < expit(intercept + slope * log_odds), log_odds


@pytest.mark.parametrize("site", SITES)
def test_the_plain_fit_is_that_of_statsmodels(site: tuple[int, int, float, float]) -> None:
    truth, log_odds = drawn(*site)
    predictors = np.column_stack([np.ones(len(truth)), log_odds])
    known = GLM(truth.astype(float), predictors, family=Binomial()).fit()
    np.testing.assert_allclose(fitted(truth, log_odds, penalised=False), known.params, atol=1e-6)
    of_none = GLM(truth.astype(float), np.zeros((len(truth), 1)), family=Binomial(), offset=log_odds)
    from scipy.stats import chi2

    statistic = 2 * (known.llf - of_none.loglike(np.zeros(1)))
    assert float(chance_of_none(truth, log_odds)) == pytest.approx(chi2.sf(statistic, 2), abs=1e-8)


@pytest.mark.parametrize("site", SITES)
def test_the_penalised_fit_is_the_minimum_that_scipy_finds(site: tuple[int, int, float, float]) -> None:
    truth, log_odds = drawn(*site)

    def loss(at: np.ndarray) -> float:
        moved = at[0] + at[1] * log_odds
        likelihood = np.where(truth, np.log(expit(moved)), np.log(expit(-moved))).sum()
        return float(-likelihood + at[0] ** 2 / 2 + 4 * np.var(log_odds) * (at[1] - 1) ** 2 / 2)

    known = minimize(loss, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000})
    np.testing.assert_allclose(fitted(truth, log_odds, penalised=True), known.x, atol=1e-5)


@pytest.mark.parametrize("wrong", [0.5, 0.1, 0.03])
def test_scores_of_0_and_1_are_fitted_as_others_are(wrong: float) -> None:
    """They have no curvature where the fit begins."""
    generator = np.random.default_rng(1)
    truth = generator.random(200) < 0.4
    log_odds = np.where(truth, 36.0, -36.0) * np.where(generator.random(200) < wrong, -1.0, 1.0)
    predictors = np.column_stack([np.ones(200), log_odds / 36])
    known = GLM(truth.astype(float), predictors, family=Binomial()).fit().params / [1.0, 36.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(fitted(truth, log_odds, penalised=False), known, atol=1e-5)
        assert float(chance_of_none(truth, log_odds)) < 1e-6
        penalised = fitted(truth, log_odds, penalised=True)

    def loss(at: np.ndarray) -> float:
        away = at[0] ** 2 / 2 + 2 * np.var(log_odds) * (at[1] - 1) ** 2
        return float(log_losses(truth, at[0] + at[1] * log_odds).sum() + away)

    least = minimize(loss, penalised, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 9000})
    assert loss(penalised) <= least.fun + 1e-4


def test_weights_count_patients_as_often_as_repeating_them_does() -> None:
    truth, log_odds = drawn(3, 80, -1.0, 0.6)
    counts = np.random.default_rng(0).multinomial(80, np.full(80, 1 / 80), 5)
    for penalised in (False, True):
        many = fitted(truth, log_odds, penalised=penalised, weights=counts)
        for row, count in zip(many, counts, strict=True):
            again = fitted(np.repeat(truth, count), np.repeat(log_odds, count), penalised=penalised)
            np.testing.assert_allclose(row, again, atol=1e-6)


def test_the_intercept_alone_is_that_of_an_offset() -> None:
    truth, log_odds = drawn(4, 90, 0.9, 1.3)
    known = GLM(truth.astype(float), np.ones((90, 1)), family=Binomial(), offset=log_odds).fit()
    found = fitted_intercept(truth, log_odds, np.ones((1, 90)))
    np.testing.assert_allclose(found, known.params, atol=1e-6)


@pytest.mark.parametrize("far", [1.0, 12.0])
def test_small_separated_and_far_samples_end_where_the_loss_is_least(far: float) -> None:
    """The undamped step diverges on such; of a separated sample the likelihood has no end, and its p is right."""
    generator = np.random.default_rng(5)
    for _ in range(50):
        log_odds = generator.normal(0, 2, 12) * far
        truth = generator.random(12) < 0.5
        if truth.all() or not truth.any():
            continue
        for penalised in (False, True):
            found = fitted(truth, log_odds, penalised=penalised)
            assert np.isfinite(found).all()

            def loss(at: np.ndarray, penalised: bool = penalised, log_odds: np.ndarray = log_odds,
                     truth: np.ndarray = truth) -> float:  # fmt: skip
                away = at[0] ** 2 / 2 + 2 * np.var(log_odds) * (at[1] - 1) ** 2 if penalised else 0.0
                return float(log_losses(truth, at[0] + at[1] * log_odds).sum() + away)

            for beside in generator.normal(0, 0.05, (20, 2)):
                assert loss(found) <= loss(found + beside) + 1e-9
    truth = np.arange(60) >= 30
    log_odds = np.where(truth, 1.0, -1.0) + np.linspace(0, 0.5, 60)
    from scipy.stats import chi2

    assert float(chance_of_none(truth, log_odds)) == pytest.approx(chi2.sf(2 * log_losses(truth, log_odds).sum(), 2))
