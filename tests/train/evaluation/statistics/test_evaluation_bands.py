"""Bands of ROC and decision curve: coverage where the truth is known, a bootstrap, and their ends."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import beta, norm

from edgecad.frozen import json_from_struct, struct_from_json
from edgecad_train.evaluation.statistics.decision_curve import DecisionCurve, decision_curve
from edgecad_train.evaluation.statistics.intervals import draws, proportion, proportion_bounds
from edgecad_train.evaluation.statistics.roc import RATES, Roc, roc_band, roc_of


def _drawn(seed: int, count: int, apart: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Truth, and its true probability given a score that is normal in both classes."""
    draw = np.random.default_rng(seed)
    truth = draw.random(count) < 0.57
    log_odds = apart * draw.normal(apart * truth, 1.0) - apart**2 / 2 + np.log(0.57 / 0.43)
    return truth, 1 / (1 + np.exp(-log_odds))


def test_bounds_of_many_proportions_are_those_of_each() -> None:
    low, high = proportion_bounds(np.arange(19), 18)
    for k in range(19):
        wanted = proportion(k, 18)
        assert (low[k], high[k]) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


@pytest.mark.parametrize(("m", "n", "apart", "spread"), [(26, 18, 1.2, 1.0), (26, 18, 2.3, 0.5), (60, 40, 0.0, 1.0)])
def test_the_bands_sensitivity_covers_at_every_false_positive_rate(m: int, n: int, apart: float, spread: float) -> None:
    draw, rates, held = np.random.default_rng(0), np.array(RATES), []
    true = norm.sf((norm.isf(rates) - apart) / spread)
    for _ in range(300):
        band = roc_band(draw.normal(apart, spread, m), draw.normal(0, 1, n))
        held.append((np.array(band.low) <= true + 1e-6) & (true - 1e-6 <= np.array(band.high)))
    assert np.mean(held, axis=0).min() >= 0.92  # 0.95 less what 300 draws and 101 rates may miss


def test_the_band_holds_the_curve_rises_and_ends_in_the_corner() -> None:
    truth, scores = _drawn(1, 44)
    roc = roc_of(truth, scores)
    assert roc.band is not None
    assert roc.band.at == RATES
    low, high = np.array(roc.band.low), np.array(roc.band.high)
    falses, trues = np.array(roc.false_positive_rate), np.array(roc.true_positive_rate)
    steps = np.array([trues[falses <= rate + 1e-9].max() for rate in RATES])
    assert (low <= steps + 1e-6).all()
    assert (steps - 1e-6 <= high).all()
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) >= 0).all()
    assert (low[-1], high[-1]) == (1.0, 1.0)


def test_classes_that_are_apart_keep_a_band_that_both_classes_sizes_tell() -> None:
    truth = np.arange(44) < 26
    band = roc_of(truth, np.where(truth, 0.8, 0.2)).band
    assert band is not None
    sure = beta.ppf(0.975, 1, 18)  # the largest true rate at which 18 of 18 are still refused, 1 in 40
    for rate, low in zip(RATES, band.low, strict=True):
        assert low == pytest.approx(proportion(26, 26).low if sure <= rate < 1 else float(rate == 1), abs=1e-6)
    assert set(band.high) == {1.0}


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 30), (30, 1), (2, 2)])
def test_few_patients_have_a_band_that_says_little(m: int, n: int) -> None:
    band = roc_band(np.linspace(1, 2, m), np.linspace(0, 1, n))
    assert np.isfinite([*band.low, *band.high]).all()
    assert band.low[0] == 0.0
    assert min(np.array(band.high) - np.array(band.low)) >= 0


def test_runs_from_before_the_bands_are_read() -> None:
    truth, scores = _drawn(2, 30)
    for kind, own in ((Roc, roc_of(truth, scores)), (DecisionCurve, decision_curve(truth, scores))):
        kept = json.loads(json_from_struct(own))
        old = {name: value for name, value in kept.items() if "band" not in name}
        assert len(old) < len(kept)
        read = struct_from_json(json.dumps(old), kind, "it", "")
        assert json.loads(json_from_struct(read)).items() >= old.items()


def test_one_class_has_no_band_and_a_decision_curve_that_keeps_its() -> None:
    assert roc_of(np.ones(5, bool), np.linspace(0, 1, 5)).band is None
    curve = decision_curve(np.ones(5, bool), np.linspace(0, 1, 5))
    assert curve.model_band is not None
    assert all(low < high for low, high in zip(curve.model_band.low, curve.model_band.high, strict=True))


def test_the_band_of_net_benefit_is_near_a_bootstraps_by_patient() -> None:
    truth, scores = _drawn(3, 218)
    curve = decision_curve(truth, scores)
    assert curve.model_band is not None
    drawn = draws(np.ones(218, bool))
    for index in range(4, 80, 5):
        level = curve.thresholds[index]
        worth = (scores >= level) * np.where(truth, 1.0, -level / (1 - level))
        low, high = np.quantile(drawn @ worth / 218, [0.025, 0.975])
        got = curve.model_band.low[index], curve.model_band.high[index]
        assert got == pytest.approx((low, high), abs=0.02 + 0.1 * (high - low))
        assert got[0] <= curve.model[index] <= got[1]


def test_calling_everybody_has_the_bounds_of_the_prevalence() -> None:
    truth, scores = _drawn(4, 44)
    curve, cad = decision_curve(truth, scores), proportion(int(truth.sum()), 44)
    assert curve.treat_all_band is not None
    for level, low, high in zip(curve.thresholds, curve.treat_all_band.low, curve.treat_all_band.high, strict=True):
        odds = level / (1 - level)
        assert (low, high) == pytest.approx(
            (cad.low - odds * (1 - cad.low), cad.high - odds * (1 - cad.high)), abs=1e-5
        )


@pytest.mark.parametrize("apart", [1.5, 3.5])
def test_net_benefit_is_covered_at_every_threshold(apart: float) -> None:
    held = []
    for seed in range(250):
        truth, scores = _drawn(1000 + seed, 44, apart)
        curve = decision_curve(truth, scores)
        assert curve.model_band is not None
        levels = np.array(curve.thresholds)
        odds = levels / (1 - levels)
        cut = (np.log(odds) - np.log(0.57 / 0.43) + apart**2 / 2) / apart
        true = 0.57 * norm.sf(cut - apart) - odds * 0.43 * norm.sf(cut)
        held.append((np.array(curve.model_band.low) <= true) & (true <= np.array(curve.model_band.high)))
    assert np.mean(held, axis=0).min() >= 0.91


def test_a_perfect_score_keeps_a_band() -> None:
    truth = np.arange(44) < 26
    band = decision_curve(truth, truth.astype(float)).model_band
    assert band is not None
    assert min(np.array(band.high) - np.array(band.low)) > 0.25
