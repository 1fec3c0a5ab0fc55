"""The zone's bounds: coverage of each class on exchangeable scores, ties, classes that are apart, too few patients."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from edgecad.decision.zone import certainty_of, order
from edgecad_train.evaluation.decision.choice import choose_decision, with_test_part
from edgecad_train.evaluation.decision.points import Patients
from edgecad_train.evaluation.decision.zone import shares_of, wrong_up_to, zone_of
from edgecad_train.evaluation.evaluation import evaluate_part
from edgecad_train.evaluation.statistics.intervals import Bools, Floats

DRAWS = 1500


def scores(draw: np.random.Generator, truth: Bools, apart: float, grid: float = 0.0) -> Floats:
    drawn = draw.normal(0, 1, truth.shape) + apart * truth
    return np.asarray(np.round(drawn / grid) * grid if grid else drawn)


@pytest.mark.parametrize("grid", [0.0, 1.0])
@pytest.mark.parametrize(("cad", "other", "alpha", "apart"), [
    (9, 30, 0.1, 1.0), (60, 40, 0.1, 1.5), (40, 60, 0.2, 0.3), (30, 25, 0.05, 1.5), (25, 30, 0.2, 4.0),
])  # fmt: skip
def test_at_most_alpha_of_either_class_falls_on_the_wrong_side(
    cad: int, other: int, alpha: float, apart: float, grid: float
) -> None:
    """Over many draws, each with one new patient of each class; with ties and classes that are apart as well."""
    draw, truth = np.random.default_rng(cad + other), np.arange(cad + other) < cad
    wrong = np.zeros(2)
    for _ in range(DRAWS):
        zone = zone_of(truth, scores(draw, truth, apart, grid), 0.5, alpha, "out-of-fold")
        found, cleared = expit(scores(draw, np.array([True, False]), apart, grid))
        wrong += (found < zone.low, cleared > zone.high)
    # One-sided exact test of each class, at a level that a right zone fails in one of a million runs.
    for count in wrong:
        assert stats.binom.sf(count - 1, DRAWS, alpha) > 1e-6


@pytest.mark.parametrize("alpha", [0.1, 0.2])
def test_without_the_one_more_patient_coverage_would_be_missed(alpha: float) -> None:
    """The test above can fail: the plain quantile of 9 patients, k = 2 for 1, leaves twice as many outside."""
    draw, n = np.random.default_rng(0), 9
    k = order(alpha, n) + 1
    wrong = sum(draw.normal() < np.sort(draw.normal(size=n))[k - 1] for _ in range(DRAWS))
    assert stats.binom.sf(wrong - 1, DRAWS, alpha) < 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_the_bounds_are_the_order_statistics_of_their_own_class(seed: int) -> None:
    draw = np.random.default_rng(seed)
    truth = draw.random(174) < 0.57
    log_odds = scores(draw, truth, 1.0)
    zone = zone_of(truth, log_odds, 0.6, 0.1, "validation")
    cad, other = np.sort(log_odds[truth]), np.sort(log_odds[~truth])
    assert zone.low == pytest.approx(expit(cad[(len(cad) + 1) // 10 - 1]), abs=3e-6)
    assert zone.high == pytest.approx(expit(other[-((len(other) + 1) // 10)]), abs=3e-6)
    assert (zone.cad, zone.other, zone.part) == (truth.sum(), (~truth).sum(), "validation")


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("value", [0.3, 5.0, 14.0, 17.0, 30.0, 60.0])
@pytest.mark.parametrize("noise", [0.0, 3e-7])
def test_a_runtime_finds_the_score_that_set_a_bound_in_the_zone(sign: int, value: float, noise: float) -> None:
    """In float32, with another engine's rounding, and where the score is 1 for all that a float32 can tell."""
    draw, truth = np.random.default_rng(1), np.arange(40) < 20
    log_odds = np.full(40, sign * value) * (1 + noise * draw.normal(size=40))
    log_odds[:9], log_odds[20:29] = value + 2, -value - 2
    zone = zone_of(truth, log_odds, 0.5, 0.1, "out-of-fold")
    for own in log_odds[[*range(9, 20), *range(29, 40)]]:
        for moved in (own, own * (1 + 3e-7), own * (1 - 3e-7)):
            seen = float(1 / (1 + np.exp(-np.float32(moved))))
            assert certainty_of(seen, float(expit(sign * value)), zone) == "uncertain"


@pytest.mark.parametrize(("threshold", "put"), [(0.5, 0.5), (0.01, "high"), (0.99, "low")])
def test_where_the_classes_are_apart_the_zone_shrinks_to_the_threshold(threshold: float, put: float | str) -> None:
    truth = np.arange(60) < 30
    log_odds = np.where(truth, 1, -1) * np.linspace(1, 3, 60)
    zone = zone_of(truth, log_odds, threshold, 0.1, "out-of-fold")
    assert zone.low == zone.high
    k = order(0.1, 30)
    ends = {"low": np.sort(log_odds[truth])[k - 1], "high": np.sort(log_odds[~truth])[-k]}
    expected = expit(ends[put]) if isinstance(put, str) else put
    assert zone.low == pytest.approx(expected, abs=3e-6)


def test_a_better_model_never_leaves_more_uncertain() -> None:
    """Sets of both bounds alone would be empty for a good model, which would be called uncertain."""
    draw, truth = np.random.default_rng(3), np.arange(400) < 200
    noise, shares = draw.normal(size=400), []
    for apart in (0.5, 1.0, 2.0, 4.0, 8.0):
        log_odds = noise + apart * truth
        zone = zone_of(truth, log_odds, float(expit(apart / 2)), 0.1, "out-of-fold")
        shares.append(shares_of(zone, float(expit(apart / 2)), Patients(truth, expit(log_odds))).uncertain.value)
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.5
    assert shares[-1] == 0


@pytest.mark.parametrize(("cad", "other"), [(8, 40), (40, 8), (8, 8)])
def test_with_too_few_patients_there_is_no_zone_and_the_reason_is_said(cad: int, other: int) -> None:
    draw, truth = np.random.default_rng(2), np.arange(cad + other) < cad
    decision = choose_decision(scores(draw, truth, 2.0), truth, "out-of-fold")
    assert decision.zone is None
    seen = f"9 patients of each class wanted at alpha 0.1; {cad} CAD and {other} other out-of-fold patients are there"
    assert decision.zone_words == f"no zone: {seen}"
    enough = choose_decision(scores(draw, truth, 2.0), truth, "out-of-fold", uncertain=0.2)
    assert enough.zone is not None
    assert enough.zone_words == enough.zone.claim()


def test_where_scores_do_not_rise_there_is_no_zone_and_the_reason_is_said() -> None:
    draw, truth = np.random.default_rng(2), np.arange(80) < 40
    decision = choose_decision(-scores(draw, truth, 2.0), truth, "out-of-fold")
    assert decision.zone is None
    assert "do not rise with CAD" in str(decision.zone_words)
    assert choose_decision(scores(draw, truth, 2.0), truth, uncertain=0.0).zone_words == (
        "no zone: none was wanted (--uncertain 0)"
    )


@pytest.mark.parametrize(("n", "expected"), [(99, 1 - 0.847), (75, 1 - 0.848)])
def test_how_bad_a_zone_may_be_is_the_percentile_of_its_beta(n: int, expected: float) -> None:
    assert wrong_up_to(0.1, n) == pytest.approx(expected, abs=1e-3)
    k, draw = order(0.1, n), np.random.default_rng(0)
    below = stats.norm.cdf(np.sort(draw.normal(size=(4000, n)), axis=1)[:, k - 1])
    assert np.quantile(below, 0.95) == pytest.approx(wrong_up_to(0.1, n), abs=0.006)


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8])
def test_shares_count_what_a_runtime_would_say(threshold: float) -> None:
    draw = np.random.default_rng(7)
    truth, new = draw.random(120) < 0.5, draw.random(300) < 0.5
    zone = zone_of(truth, scores(draw, truth, 1.0), 0.5, 0.1, "out-of-fold")
    said = expit(scores(draw, new, 1.0))
    found = shares_of(zone, threshold, Patients(new, said))
    clear = [certainty_of(float(score), threshold, zone) == "clear" for score in said]
    wrong = [own and (score >= threshold) != label for own, score, label in zip(clear, said, new, strict=True)]
    assert found.uncertain.count == 300 - sum(clear)
    assert found.clear_wrong is not None
    assert (found.clear_wrong.count, found.clear_wrong.n) == (sum(wrong), sum(clear))
    for share, members in ((found.cad, new), (found.other, ~new)):
        assert share is not None
        missed = sum(own for own, is_in in zip(wrong, members, strict=True) if is_in)
        assert (share.count, share.n) == (members.sum() - missed, members.sum())
    alone = shares_of(zone, threshold, Patients(new[new], said[new]))
    assert alone.other is None


def test_the_test_part_is_counted_at_the_models_own_temperature() -> None:
    draw = np.random.default_rng(9)
    truth, new = draw.random(200) < 0.5, draw.random(2000) < 0.5
    decision = choose_decision(7 * scores(draw, truth, 1.5), truth, "out-of-fold")
    log_odds = 7 * scores(draw, new, 1.5)
    shown = with_test_part(decision, new, log_odds).zone
    assert decision.temperature > 2
    assert shown is not None
    assert shown.test is not None
    assert shown.test == evaluate_part(new, log_odds, decision, "test").zone
    for share in (shown.test.cad, shown.test.other):
        assert share is not None
        assert 0.8 < share.value < 0.97
    assert evaluate_part(new, log_odds, decision, "out-of-fold").zone is None, "these set it"
