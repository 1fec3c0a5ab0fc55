"""How many runs a percentile takes, and what bounds it: the counts of MLPerf's rules, and a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad.bench.percentiles import runs_needed, upper_bound


@pytest.mark.parametrize(("percentile", "runs"), [(90, 64), (99, 662)])
def test_the_counts_are_those_of_the_rules(percentile: float, runs: int) -> None:
    assert runs_needed(percentile) == runs
    assert upper_bound([1.0] * (runs - 1), percentile) is None or runs == 64
    assert upper_bound([1.0] * runs, percentile) == 1.0


def test_too_few_runs_bound_nothing() -> None:
    assert upper_bound([1.0] * 63, 90) is None
    assert upper_bound([], 90) is None


def test_with_just_enough_runs_the_slowest_is_the_bound() -> None:
    values = list(np.random.default_rng(0).permutation(64).astype(float))
    assert upper_bound(values, 90) == 63.0


@pytest.mark.parametrize(("percentile", "runs"), [(90, 64), (90, 400), (99, 662), (99, 2000)])
def test_the_bound_holds_as_often_as_it_says(percentile: float, runs: int) -> None:
    draws = np.random.default_rng(1).exponential(size=(2000, runs))
    truth = -np.log(1 - percentile / 100)
    held = np.mean([(upper_bound(list(draw), percentile) or 0.0) >= truth for draw in draws])
    assert held >= 0.985


def test_more_runs_bound_it_more_narrowly() -> None:
    draw = np.random.default_rng(2).exponential(size=20_000)
    few, many = upper_bound(list(draw[:662]), 99), upper_bound(list(draw), 99)
    assert few is not None
    assert many is not None
    assert -np.log(0.01) < many < few
