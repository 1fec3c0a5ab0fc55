"""Predictive values and likelihood ratios against Bayes, their definition, exact coverage and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep

from edgecad.decision.ratios import BoundedShare, ratio_bounds
from edgecad.errors import UsageError
from edgecad.frozen import json_from_struct, struct_from_json
from edgecad_train.evaluation.statistics.confusion import Confusion
from edgecad_train.evaluation.statistics.intervals import proportion
from edgecad_train.evaluation.statistics.prevalence import LocalFigure, at_prevalence, likelihood_ratios


def _figures(tp: int, fn: int, tn: int, fp: int, prevalence: float = 0.3) -> dict[str, LocalFigure]:
    found = at_prevalence(Confusion(tp, fn, tn, fp), prevalence)
    assert [own.name for own in found] == ["ppv", "npv", "positive_likelihood_ratio", "negative_likelihood_ratio"]
    return {own.name: own for own in found}


def test_values_follow_bayes() -> None:
    found = _figures(80, 20, 90, 10, 0.1)
    assert found["ppv"].value == pytest.approx(0.08 / (0.08 + 0.09))
    assert found["npv"].value == pytest.approx(0.81 / (0.81 + 0.02))
    assert found["positive_likelihood_ratio"].value == pytest.approx(8.0)
    assert found["negative_likelihood_ratio"].value == pytest.approx(0.2 / 0.9)
    assert found["ppv"].n == 200


def test_at_the_patients_own_prevalence_predictive_values_are_those_of_the_counts() -> None:
    found = _figures(20, 6, 14, 4, 26 / 44)
    assert found["ppv"].value == pytest.approx(20 / 24)
    assert found["npv"].value == pytest.approx(14 / 20)


@pytest.mark.parametrize("counts", [(20, 6, 14, 4), (26, 0, 14, 4), (20, 6, 18, 0), (1, 25, 1, 17), (9, 1, 9, 1)])
def test_bounds_end_where_the_difference_ends_at_nought(counts: tuple[int, int, int, int]) -> None:
    tp, fn, tn, fp = counts
    hit, alarm = proportion(tp, tp + fn), proportion(fp, tn + fp)

    def beyond(ratio: float, side: int) -> float:
        """Upper or lower end of the difference of sensitivity and `ratio` times the false alarms."""
        ends = (hit.low, alarm.high) if side < 0 else (hit.high, alarm.low)
        error = np.hypot(hit.value - ends[0], ratio * (alarm.value - ends[1]))
        return hit.value - ratio * alarm.value + side * error

    got = likelihood_ratios(Confusion(*counts))[0]
    assert got.low == pytest.approx(brentq(beyond, 0, 1e6, args=(-1,)), rel=1e-6)
    if fp:
        assert got.high == pytest.approx(brentq(beyond, 0, 1e6, args=(1,)), rel=1e-6)
    else:
        assert got.high is None


@pytest.mark.parametrize("prevalence", [0.05, 0.5, 0.9])
def test_a_predictive_value_has_the_ratios_interval_in_another_unit(prevalence: float) -> None:
    found, odds = _figures(20, 6, 14, 4, prevalence), prevalence / (1 - prevalence)
    positive, negative = found["positive_likelihood_ratio"], found["negative_likelihood_ratio"]
    assert positive.high is not None
    assert negative.high is not None
    for side in ("low", "high"):
        ratio = getattr(positive, side)
        assert getattr(found["ppv"], side) == pytest.approx(odds * ratio / (1 + odds * ratio))
    assert found["npv"].low == pytest.approx(1 / (1 + odds * negative.high))
    assert found["npv"].high == pytest.approx(1 / (1 + odds * negative.low))


@pytest.mark.parametrize(("m", "n"), [(10, 10), (26, 18)])
def test_intervals_cover_at_least_95_times_in_100_by_exact_sums(m: int, n: int) -> None:
    rows = [proportion(x, m) for x in range(m + 1)]
    columns = [proportion(y, n) for y in range(n + 1)]
    bounds = np.array(
        [
            [ratio_bounds(BoundedShare(a.value, a.low, a.high), BoundedShare(b.value, b.low, b.high)) for b in columns]
            for a in rows
        ]
    )
    for sensitivity in (0.3, 0.5, 0.7, 0.8, 0.9, 0.99):
        for alarms in (0.01, 0.05, 0.1, 0.2, 0.5):
            weights = np.outer(binom.pmf(np.arange(m + 1), m, sensitivity), binom.pmf(np.arange(n + 1), n, alarms))
            true = sensitivity / alarms
            held = (bounds[..., 0] <= true + 1e-12) & (true - 1e-12 <= bounds[..., 1])
            assert weights[held].sum() >= 0.95, (sensitivity, alarms)


def test_among_many_patients_the_bounds_are_near_statsmodels_score_interval() -> None:
    got = likelihood_ratios(Confusion(900, 100, 800, 200))[0]
    wanted = confint_proportions_2indep(900, 1000, 200, 1000, compare="ratio", method="score")
    assert (got.low, got.high) == pytest.approx(wanted, rel=0.015)


@pytest.mark.parametrize("counts", [
    (0, 26, 18, 0), (26, 0, 0, 18), (26, 0, 18, 0), (0, 26, 0, 18), (1, 0, 1, 0), (0, 1, 0, 1), (1, 0, 0, 1),
    (13, 13, 9, 9), (0, 5, 3, 2), (5, 0, 2, 3),
])  # fmt: skip
def test_every_table_gives_an_interval_with_width_that_holds_the_value_or_a_reason(
    counts: tuple[int, int, int, int],
) -> None:
    for own in _figures(*counts).values():
        top = np.inf if own.high is None else own.high
        assert 0 <= own.low < top, own
        if own.value is None:
            assert own.reason
            assert "no value" in str(own)
        else:
            assert own.low - 1e-12 <= own.value <= top + 1e-12, own
            assert not own.reason
        if own.name in ("ppv", "npv"):
            assert top <= 1
        assert struct_from_json(json_from_struct(own), LocalFigure, "it", "") == own


def test_reasons_name_what_is_missing() -> None:
    nobody = _figures(0, 26, 18, 0)
    assert nobody["ppv"].reason == "nobody is called positive"
    assert nobody["ppv"].low == 0.0
    assert nobody["npv"].value == pytest.approx(0.7)
    perfect = _figures(26, 0, 18, 0)
    assert "no upper bound" in perfect["positive_likelihood_ratio"].reason
    assert str(perfect["positive_likelihood_ratio"]).startswith("no value (at least 5.35)")
    assert perfect["ppv"].value == perfect["npv"].value == 1.0
    assert perfect["negative_likelihood_ratio"].value == 0.0


@pytest.mark.parametrize("prevalence", [0.0, 1.0, -0.2, 1.5, float("nan")])
def test_a_prevalence_that_is_none_is_refused(prevalence: float) -> None:
    with pytest.raises(UsageError, match="above 0 and below 1"):
        at_prevalence(Confusion(1, 1, 1, 1), prevalence)


def test_one_class_is_refused() -> None:
    with pytest.raises(UsageError, match="one class"):
        at_prevalence(Confusion(3, 1, 0, 0), 0.3)
