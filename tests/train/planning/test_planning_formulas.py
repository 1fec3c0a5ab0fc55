"""Formulas against published examples, other libraries, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from scipy import stats

from edgecad_train.evaluation.claims.strategies import quantile_against
from edgecad_train.evaluation.statistics.auc import placements
from edgecad_train.planning.formulas.binormal import balanced_share, cox_snell_r2, largest_r2, separation_of
from edgecad_train.planning.formulas.comparison import StudySketch, covariance_of
from edgecad_train.planning.formulas.development import (
    parameters_carried,
    patients_for_error,
    patients_for_optimism,
    patients_for_prevalence,
    patients_for_shrinkage,
)
from edgecad_train.planning.formulas.proportions import expected_width, patients_for_width
from edgecad_train.planning.formulas.validation import (
    patients_for_ratio,
    patients_for_slope,
    ratio_error,
    slope_error,
    slope_variance,
)

PERCENT = 0.01


@pytest.mark.parametrize(
    ("r2", "parameters", "prevalence", "wanted"),
    [
        # The example of pmsampsize 1.1.3 (R and Python), type "b", csrsquared 0.288: criteria 1, 2 and 3.
        (0.288, 24, 0.174, (623, 662, 221)),
        # pmsampsize, rsquared 0.1845, 30 parameters, prevalence 0.47, as printed by R.
        (0.1845, 30, 0.47, (1308, 709, 383)),
    ],
)
def test_sizes_for_development_are_those_of_pmsampsize(
    r2: float, parameters: int, prevalence: float, wanted: tuple[int, int, int]
) -> None:
    largest = largest_r2(prevalence)
    found = patients_for_shrinkage(parameters, r2), patients_for_optimism(parameters, r2, largest)
    assert (*found, patients_for_prevalence(prevalence)) == wanted


def test_an_area_in_place_of_r2_gives_what_pmsampsize_simulates() -> None:
    """pmsampsize, cstatistic 0.89, 24 parameters, prevalence 0.174: 615, 660, 221."""
    r2 = cox_snell_r2(0.89, 0.174)
    assert patients_for_shrinkage(24, r2) == 615
    assert patients_for_optimism(24, r2, largest_r2(0.174)) == 660


@pytest.mark.parametrize(("auc", "r2"), [(0.75, 0.18), (0.85, 0.34), (0.92, 0.48)])
def test_r2_of_an_area_is_that_of_a_logistic_regression_on_binormal_scores(auc: float, r2: float) -> None:
    sm = pytest.importorskip("statsmodels.api")
    rng, n, prevalence = np.random.default_rng(7), 60_000, 0.57
    truth = np.arange(n) < prevalence * n
    scores = rng.normal(size=n) + separation_of(auc) * truth
    fitted = sm.Logit(truth.astype(float), sm.add_constant(scores)).fit(disp=0)
    simulated = 1 - math.exp(-fitted.llr / n)
    assert cox_snell_r2(auc, prevalence) == pytest.approx(simulated, abs=0.012)
    assert cox_snell_r2(auc, prevalence) == pytest.approx(r2, abs=0.005)


@pytest.mark.parametrize(
    ("parameters", "prevalence", "patients"),
    # Riley et al. 2020 (BMJ 368:m441), figure 2: 461; the others by its formula, computed elsewhere.
    [(10, 0.3, 461), (30, 0.05, 544), (24, 0.17, 792), (10, 0.7, 461)],
)
def test_sizes_for_the_mean_absolute_error(parameters: int, prevalence: float, patients: int) -> None:
    assert patients_for_error(parameters, prevalence) == patients


def test_the_error_has_no_size_beyond_the_parameters_that_its_formula_was_fitted_to() -> None:
    assert patients_for_error(31, 0.3) is None


@pytest.mark.parametrize("auc", [0.6, 0.75, 0.85, 0.95, 0.99])
@pytest.mark.parametrize("prevalence", [0.02, 0.3, 0.57, 0.9])
def test_so_many_patients_carry_as_many_parameters_as_the_sizes_say(auc: float, prevalence: float) -> None:
    r2, largest = cox_snell_r2(auc, prevalence), largest_r2(prevalence)
    for patients in (20, 174, 1000):
        carried = parameters_carried(patients, r2, largest)
        sizes = [
            max(patients_for_shrinkage(p, r2), patients_for_optimism(p, r2, largest)) for p in (carried, carried + 1)
        ]
        assert sizes[0] <= patients < sizes[1]


def test_the_slope_on_new_patients_takes_as_many_as_pmvalsampsize_says() -> None:
    """pmvalsampsize, its first example: log-odds N(-5, 2.5), width 0.2, prevalence 0.018, a million simulated: 4544."""
    nodes, weights = hermegauss(200)
    weights = weights / weights.sum()
    variance = slope_variance(lambda function: float(weights @ function(-5 + 2.5 * nodes)))
    assert variance / (0.2 / 2 / 1.96) ** 2 == pytest.approx(4544, rel=PERCENT)


def test_observed_over_expected_takes_as_many_as_pmvalsampsize_says() -> None:
    """The same example, width 1 of the interval: 905. Its search for the standard error takes steps of 0.0001."""
    error = math.asinh(1 / 2) / 1.96
    assert patients_for_ratio(error, 0.018) == pytest.approx(905, abs=1)


def test_sizes_for_validation_are_the_fewest() -> None:
    n = patients_for_slope(0.15, 0.85, 0.57)
    assert n == 188
    assert slope_error(n, 0.85, 0.57) <= 0.15 < slope_error(n - 1, 0.85, 0.57)
    assert [patients_for_slope(0.15, 0.85, share) for share in (0.3, 0.8)] == [209, 253]
    assert ratio_error(patients_for_ratio(0.1, 0.57), 0.57) <= 0.1


def test_the_slope_of_simulated_validations_is_as_exact_as_the_formula_says() -> None:
    sm = pytest.importorskip("statsmodels.api")
    rng, n, auc, prevalence = np.random.default_rng(3), 400, 0.85, 0.57
    d, slopes = separation_of(auc), []
    for _ in range(300):
        truth = rng.random(n) < prevalence
        log_odds = math.log(prevalence / (1 - prevalence)) + d * (rng.normal(size=n) + d * truth) - d * d / 2
        slopes.append(sm.Logit(truth.astype(float), sm.add_constant(log_odds)).fit(disp=0).params[1])
    assert np.std(slopes) == pytest.approx(slope_error(n, auc, prevalence), rel=0.15)


@pytest.mark.parametrize("patients", [1, 2, 10, 44, 150, 400])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.77, 0.9, 0.95, 1.0])
def test_the_expected_width_is_the_mean_of_clopper_pearson_intervals(patients: int, share: float) -> None:
    widths = [
        stats.binomtest(k, patients).proportion_ci(0.95, method="exact") for k in range(patients + 1)
    ]  # fmt: skip
    wanted = sum(
        stats.binom.pmf(k, patients, share) * (one.high - one.low) for k, one in enumerate(widths)
    )  # fmt: skip
    assert expected_width(patients, share) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(("width", "share"), [(0.1, 0.9), (0.2, 0.9), (0.3, 0.5), (0.05, 0.95)])
def test_patients_for_a_width_are_the_fewest(width: float, share: float) -> None:
    n = patients_for_width(width, share)
    assert expected_width(n, share) <= width < expected_width(n - 1, share)


def test_a_width_that_nobody_can_have_is_an_error() -> None:
    with pytest.raises(ValueError, match="more than 50"):
        patients_for_width(0.01, 0.5, most=50)


def test_the_balanced_share_halves_the_distance() -> None:
    """Two normals a distance d apart, cut in the middle."""
    assert balanced_share(0.85) == pytest.approx(stats.norm.cdf(separation_of(0.85) / 2))
    assert stats.norm.cdf(separation_of(0.85) / math.sqrt(2)) == pytest.approx(0.85)


@pytest.mark.parametrize("folds", [False, True])
def test_the_covariance_of_a_study_is_that_of_simulated_studies(folds: bool) -> None:
    """Scores of two strategies, with the parts that the simulation of studies draws."""
    rng, runs = np.random.default_rng(5), 5
    patients, auc, training = (60, 45), 0.85, 0.05
    tested = (12, 9)
    truth = np.arange(sum(patients)) < patients[0]
    d, n, found = separation_of(auc), len(truth), []
    slope = math.exp(-d * d / 4) / (2 * math.sqrt(math.pi))  # of the area by d
    for _ in range(400):
        patient, row = rng.normal(size=n) * math.sqrt(0.7), rng.normal(size=(2, n)) * math.sqrt(0.15)
        areas = np.empty((2, runs))
        dealt = [rng.permutation(np.flatnonzero(truth == cad)) for cad in (True, False)]
        for run in range(runs):
            part = np.concatenate(
                [
                    own[run * size : (run + 1) * size] if folds else rng.choice(own, size, replace=False)
                    for own, size in zip(dealt, tested, strict=True)
                ]
            )
            for strategy in range(2):
                own_d = d + rng.normal() * training / slope
                noise = rng.normal(size=n) * math.sqrt(0.15)
                scores = own_d * truth + patient + row[strategy] + noise
                areas[strategy, run] = placements(truth[part], scores[part]).mean
        found.append(areas.mean(axis=1))
    sketch = StudySketch(auc, patients, tested, 2, runs, folds, training)
    wanted, simulated = covariance_of(sketch), np.cov(np.transpose(found))
    assert wanted[0, 0] == pytest.approx((simulated[0, 0] + simulated[1, 1]) / 2, rel=0.15)
    assert wanted[0, 1] == pytest.approx(simulated[0, 1], rel=0.25)


def test_power_is_that_of_the_simulated_studies_of_eight_strategies() -> None:
    """Differences of .10 seen with power .45 by 5 seeds, .07 with .75 by 20; 218 patients, one row best."""
    for runs, difference, power in ((5, 0.10, 0.45), (20, 0.07, 0.75)):
        sketch = StudySketch(0.905, (124, 94), (25, 19), 8, runs)
        covariance = covariance_of(sketch)
        error = math.sqrt(2 * (covariance[0, 0] - covariance[0, 1]))
        assert stats.norm.cdf(difference / error - quantile_against(covariance, 28)) == pytest.approx(power, abs=0.12)
