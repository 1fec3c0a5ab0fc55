"""Claims: quantiles and adjustments against other people's, and no claim where nothing supports one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from edgecad_train.evaluation.claims import strategies
from edgecad_train.evaluation.claims.areas import Areas, SharedPart, Training, areas_of, training_between_rows
from edgecad_train.evaluation.claims.networks import holm, network_pairs
from edgecad_train.evaluation.claims.strategies import (
    DRAWS,
    POWER,
    against_reference,
    may_be_best,
    quantile_against,
    smallest_seen,
)
from edgecad_train.evaluation.statistics.comparison import compare_auc


def spherical(means: list[float], runs: int = 5) -> Areas:
    """Rows whose mean areas are independent and equally uncertain by patients: 0.0001 each."""
    rows = len(means)
    spread = np.kron(np.eye(rows), np.full((1, 100), 0.001))
    return Areas(np.tile(np.array(means)[:, None], runs), spread, np.zeros((runs, rows, rows)), 60, 40)


@pytest.mark.parametrize(("rows", "df"), [(3, 8), (8, 28), (5, 1000)])
def test_against_a_reference_the_quantile_is_dunnetts(rows: int, df: int) -> None:
    """Multivariate t with correlations of one half, which scipy integrates: Dunnett 1955."""
    found = quantile_against(np.eye(rows) * 0.002, df)
    correlation = np.full((rows - 1, rows - 1), 0.5) + np.eye(rows - 1) * 0.5
    law = stats.multivariate_t(shape=correlation, df=df, seed=0)
    bound = np.full(rows - 1, found)
    assert law.cdf(bound, lower_limit=-bound, maxpts=100_000) == pytest.approx(0.95, abs=0.011)


@pytest.mark.parametrize(("rows", "df"), [(3, 8), (8, 28)])
def test_over_all_pairs_the_quantile_is_tukeys(rows: int, df: int) -> None:
    """The range of independent rows over their standard error: the studentised range over the root of 2."""
    quantile = stats.studentized_range.ppf(0.95, rows, df) / np.sqrt(2)
    error = np.sqrt(2 * 0.0001)
    kept = [len(may_be_best(spherical([0.8] * (rows - 1) + [0.8 + share * quantile * error]), Training(0, df)).rows)
            for share in (0.93, 1.07)]  # fmt: skip
    assert kept == [rows, 1]


def test_the_largest_difference_carries_p_interval_and_what_would_have_been_seen() -> None:
    areas, training = spherical([0.8, 0.8, 0.83, 0.9]), Training(0.0001 * 5, 12)
    found = against_reference(areas, training, [(row, 0) for row in (1, 2, 3)])
    covariance = np.eye(4) * 0.0002
    quantile, error = quantile_against(covariance, 12), np.sqrt(0.0004)
    assert pytest.approx(0.8416, abs=1e-4) == POWER
    for own in found:
        assert (
            own.smallest == pytest.approx(smallest_seen(quantile, error)) == pytest.approx((quantile + POWER) * error)
        )
        assert own.high - own.low == pytest.approx(2 * quantile * error)
        assert own.claimed == (not own.low <= 0 <= own.high)
    assert [own.claimed for own in found] == [False, False, True]
    p_values = [own.p_value for own in found]
    assert p_values[0] == 1.0
    assert p_values[0] > p_values[1] > p_values[2] > 0  # type: ignore[operator]
    again = against_reference(areas, training, [(row, 0) for row in (1, 2, 3)])
    assert again == found


def test_p_and_interval_never_disagree() -> None:
    for value in np.linspace(0.02, 0.09, 60):
        (own,) = against_reference(spherical([0.8, 0.8 + value]), Training(0.0002, 4), [(1, 0)])
        assert own.claimed == (own.low > 0)
        assert own.p_value is not None
        assert own.p_value >= 1 / (DRAWS + 1)


def test_striking_by_blocks_is_striking_one_by_one() -> None:
    """The set is what the definition gives, which takes a new quantile after every row that is struck."""
    draw, sizes = np.random.default_rng(8), set()
    for _ in range(40):
        spread = draw.normal(size=(6, 30)) * draw.uniform(0.001, 0.003, (6, 1)) + draw.normal(size=30) * 0.002
        areas = Areas(np.tile(0.8 + 0.03 * draw.normal(size=(6, 1)), 5), spread, np.zeros((5, 6, 6)), 20, 10)
        training = Training(float(draw.uniform(0, 0.001)), 20)
        errors = strategies._standard_errors(areas, training)
        drawn = strategies._drawn(strategies._covariance(areas, training), training.df)
        left = list(range(6))
        while len(left) > 1:
            pairs = [(one, other) for one in left for other in left if areas.means[one] < areas.means[other]]
            lower, higher = max(pairs, key=lambda pair: (areas.means[pair[1]] - areas.means[pair[0]]) / errors[pair])
            largest = strategies._largest(drawn, strategies._pairs(left, errors), errors)
            if (areas.means[higher] - areas.means[lower]) / errors[lower, higher] <= strategies._quantile(largest):
                break
            left.remove(lower)
        assert may_be_best(areas, training).rows == tuple(left)
        sizes.add(len(left))
    assert len(sizes) > 3


def test_holm_is_that_of_statsmodels() -> None:
    draw = np.random.default_rng(9)
    for count in (1, 2, 7, 28):
        p_values = draw.uniform(size=count) ** 3
        p_values[: count // 3] = p_values[0]
        np.testing.assert_allclose(holm(p_values), multipletests(p_values, method="holm")[1])
    assert holm(np.array([])).size == 0


def test_two_networks_over_one_run_are_delongs_paired_test() -> None:
    draw = np.random.default_rng(10)
    truth = np.repeat([True, False], (20, 15))
    scores = draw.normal(size=(2, 35)) + truth * np.array([[1.5], [0.4]])
    (pair,) = network_pairs(areas_of([SharedPart(tuple(map(str, range(35))), truth, scores)]))
    wanted = compare_auc(truth, *scores)
    assert (pair.value, pair.p_value) == pytest.approx((wanted.difference, wanted.p_value))
    assert pair.adjusted == pair.p_value


def test_rows_that_are_alike_support_no_claim() -> None:
    draw = np.random.default_rng(11)
    truth = np.repeat([True, False], (9, 8))
    parts = []
    for run in range(3):
        scores = draw.normal(size=17) + truth
        parts.append(SharedPart(tuple(f"{run}-{n}" for n in range(17)), truth, np.stack([scores] * 3)))
    areas = areas_of(parts)
    training = training_between_rows(areas)
    assert training.variance < 1e-24, "rounding"
    for own in against_reference(areas, training, [(1, 0), (2, 0)]):
        assert (own.value, own.p_value, own.smallest, own.claimed) == (0.0, None, None, False)
        assert own.low < 0 < own.high
    best = may_be_best(areas, training)
    assert best.rows == (0, 1, 2)
    assert set(best.smallest) == {None}
    for pair in network_pairs(areas):
        assert (pair.value, pair.adjusted, pair.claimed, pair.smallest) == (0.0, 1.0, False, None)


def test_rows_that_all_separate_the_classes_support_no_claim_and_one_that_never_does_is_told_by_signs() -> None:
    truth = np.repeat([True, False], (9, 8))
    signs = np.array([[1.0], [1.0], [-1.0]])
    parts = [SharedPart(tuple(f"{run}-{n}" for n in range(17)), truth, signs * truth) for run in range(2)]
    areas = areas_of(parts)
    training = training_between_rows(areas)
    alike, apart = against_reference(areas, training, [(1, 0), (2, 0)])
    assert (alike.claimed, apart.claimed) == (False, False), "no variance was seen, so that none supports a claim"
    assert (apart.value, apart.p_value) == (-1.0, None)
    assert may_be_best(areas, training).rows == (0, 1, 2)
    both = {(pair.one, pair.other): pair for pair in network_pairs(areas)}
    assert not both[0, 1].claimed
    assert both[0, 2].p_value == pytest.approx(stats.binomtest(16, 16).pvalue)


def test_one_row_may_be_the_best_and_has_nobody_to_differ_from() -> None:
    areas = spherical([0.8])
    assert may_be_best(areas, Training(0.001, 4)).rows == (0,)
    assert network_pairs(areas) == ()
    assert against_reference(areas, Training(0.001, 4), []) == ()
