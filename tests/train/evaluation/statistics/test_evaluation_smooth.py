"""The smooth calibration curve against statsmodels' lowess, its coverage, its distances and where there is none."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit
from statsmodels.nonparametric.smoothers_lowess import lowess

from edgecad.frozen import json_from_struct, struct_from_json
from edgecad_train.evaluation.statistics.calibration import Calibration, calibration_of
from edgecad_train.evaluation.statistics.smooth import (
    distances,
    integrated_calibration_index,
    line_weights,
    smooth_calibration,
)


def _drawn(seed: int, count: int, shift: float = 0.0, slope: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    log_odds = draw.normal(0, 1.5, count)
    return draw.random(count) < expit(slope * log_odds + shift), expit(log_odds)


@pytest.mark.parametrize("count", [20, 44, 218])
def test_the_curve_is_statsmodels_lowess_and_the_distances_follow(count: int) -> None:
    truth, scores = _drawn(0, count)
    wanted = lowess(truth.astype(float), scores, frac=0.75, it=0, delta=0, return_sorted=False)
    np.testing.assert_allclose(line_weights(scores, scores) @ truth, wanted, atol=1e-3)
    apart = np.abs(np.clip(wanted, 0, 1) - scores)
    got = smooth_calibration(truth, scores)
    assert got.ici.value == pytest.approx(apart.mean(), abs=2e-3)
    assert got.e50.value == pytest.approx(np.median(apart), abs=5e-3)
    assert got.e90.value == pytest.approx(np.quantile(apart, 0.9), abs=8e-3)
    assert integrated_calibration_index(truth, scores) == pytest.approx(got.ici.value)


@pytest.mark.parametrize(("count", "seeds"), [(20, 100), (44, 100), (218, 30)])
def test_the_band_covers_where_scores_are_calibrated(count: int, seeds: int) -> None:
    held = []
    for seed in range(seeds):
        truth, scores = _drawn(seed, count)
        band = smooth_calibration(truth, scores).band
        if band is not None:
            at = np.array(band.at)[3:-3]
            held.append(((np.array(band.low)[3:-3] <= at) & (at <= np.array(band.high)[3:-3])).mean())
    assert len(held) > 0.8 * seeds
    assert np.mean(held) >= 0.93


def test_the_index_of_calibrated_scores_may_be_nought_and_that_of_others_may_not() -> None:
    calibrated = [distances(*_drawn(seed, 100))[0].low == 0 for seed in range(40)]
    bent = [distances(*_drawn(seed, 218, shift=1.0))[0] for seed in range(10)]
    assert np.mean(calibrated) >= 0.85
    true = np.abs(expit(np.random.default_rng(1).normal(0, 1.5, 100_000)))
    true = np.abs(expit(np.log(true / (1 - true)) + 1.0) - true).mean()
    assert all(own.low is not None and own.low > 0 for own in bent)
    assert np.mean([own.low <= true <= own.high for own in bent]) >= 0.8


def test_it_is_the_same_again_and_survives_json() -> None:
    truth, scores = _drawn(3, 44)
    log_odds = np.log(scores / (1 - scores))
    one, other = (calibration_of(truth, log_odds, scores) for _ in range(2))
    assert one == other
    assert struct_from_json(json_from_struct(one), Calibration, "it", "") == one
    old = {name: value for name, value in json.loads(json_from_struct(one)).items() if name != "smooth"}
    assert struct_from_json(json.dumps(old), Calibration, "it", "").smooth is None


@pytest.mark.parametrize(("truth", "scores", "reason"), [
    (np.arange(19) < 9, np.linspace(0, 1, 19), "19 patients"),
    (np.ones(30, bool), np.linspace(0, 1, 30), "one class only"),
    (np.arange(30) < 9, np.full(30, 0.4), "1 different scores"),
    (np.arange(30) < 9, np.repeat([0.2, 0.5, 0.8], 10), "3 different scores"),
])  # fmt: skip
def test_where_there_is_no_curve_it_says_why(truth: np.ndarray, scores: np.ndarray, reason: str) -> None:
    got = smooth_calibration(truth, scores)
    assert got.reason.startswith(reason)
    assert (got.at, got.band, got.ici.value, got.ici.reason) == ((), None, None, got.reason)


@pytest.mark.parametrize("count", [20, 44, 218])
def test_classes_that_are_apart_and_ties_and_certainties_give_a_curve_with_a_width(count: int) -> None:
    truth = np.arange(count) < count // 2
    for scores in (
        np.where(truth, 0.9, 0.1) + np.linspace(-0.05, 0.05, count),
        np.clip(np.round(np.random.default_rng(0).random(count), 1), 0, 1),
        np.where(truth, np.linspace(0, 1, count), np.linspace(0, 1e-15, count)),
    ):
        got = smooth_calibration(truth, scores)
        if got.band is not None:
            assert np.isfinite([*got.observed, *got.band.low, *got.band.high]).all()
            assert (np.array(got.band.high) - np.array(got.band.low) > 0.01).all()
            assert got.ici.low <= got.ici.value <= got.ici.high
            assert got.ici.high - got.ici.low > 0.3 / np.sqrt(count)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("share", [0.76, 0.8, 0.85])
@pytest.mark.parametrize("place", [0.0, 0.4, 1.0])
def test_where_most_scores_are_equal_the_curve_is_known_everywhere(share: float, place: float) -> None:
    """At points between, all that the window holds lies at its edge, where tricube weights are nought."""
    draw = np.random.default_rng(5)
    equal = round(share * 100)
    scores = np.concatenate([np.full(equal, place), draw.random(100 - equal)])
    truth = draw.random(100) < 0.3 + 0.4 * scores
    got = smooth_calibration(truth, scores)
    assert got.band is not None
    shown = np.array([got.observed, got.band.low, got.band.high])
    assert np.isfinite(shown).all()
    assert (shown[1] <= shown[0] + 1e-6).all()
    assert (shown[0] <= shown[2] + 1e-6).all()
    assert struct_from_json(json_from_struct(got), type(got), "a curve", "draw it again") == got
