"""The simulation of areas: what it draws is what it says, its bars can fail, and its placements are all there are."""

from __future__ import annotations

import importlib
import itertools
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from edgecad_train.evaluation.statistics.auc import auc, placements

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
REPETITIONS = 300


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("measures.simulations.auc")


@pytest.fixture
def fewest(simulated: ModuleType) -> ModuleType:
    return importlib.import_module("measures.simulations.fewest")


def test_intervals_cover_and_claim_what_the_bars_ask_for_and_delongs_alone_would_not(tmp_path: Path) -> None:
    words = [sys.executable, BENCHMARKS / "simulations.py", "auc", "--repetitions", str(REPETITIONS)]
    done = subprocess.run([*words, "--results", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "simulations_auc.json").read_text())
    assert len(found["rows"]) == 60
    chance = 3.3 * np.sqrt(0.95 * 0.05 / REPETITIONS)  # of 60 shares
    for row in found["rows"]:
        assert row["ours"]["coverage"] >= 0.95 - chance, row
        assert row["ours"]["width"] >= row["logit_delong"]["width"] - 1e-12
    assert min(row["delong"]["coverage"] for row in found["rows"]) < 0.95 - chance
    assert found["most_claims_at_chance"] <= 0.03 + 3 * np.sqrt(0.03 * 0.97 / REPETITIONS)
    assert [own["rises"] for own in found["order"]] == [0, 0, 0, 0]


@pytest.mark.parametrize("shape", ["equal spread", "unequal spread", "ties"])
@pytest.mark.parametrize("area", [0.5, 0.9])
def test_the_true_area_is_that_of_the_scores_that_are_drawn(simulated: ModuleType, shape: str, area: float) -> None:
    true, values, _ = simulated._drawn_areas(np.random.default_rng(3), shape, 60, 40, area, 3000)
    assert values.mean() == pytest.approx(true, abs=4 * values.std() / np.sqrt(3000))
    assert true == area or (shape == "ties" and abs(true - area) < 0.01)


def test_areas_and_variances_are_those_that_evaluations_have(simulated: ModuleType) -> None:
    draw = np.random.default_rng(0)
    cad, others = np.round(draw.normal(1, 1, (5, 12)), 1), np.round(draw.normal(0, 1, (5, 9)), 1)
    values, variances = simulated.areas_of(cad, others)
    truth = np.arange(21) < 12
    for row in range(5):
        own = placements(truth, np.concatenate([cad[row], others[row]]))
        assert (values[row], variances[row]) == pytest.approx((own.mean, own.variance))


def test_placements_of_few_inversions_are_all_that_four_patients_of_each_class_can_have(fewest: ModuleType) -> None:
    def losses(cad: np.ndarray, others: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
        lost = (cad[:, None] < others[None]) + 0.5 * (cad[:, None] == others[None])
        return tuple(sorted(lost.sum(axis=1).tolist())), tuple(sorted(lost.sum(axis=0).tolist()))

    every = set()
    for cad in itertools.combinations_with_replacement(range(7), 4):
        for others in itertools.combinations_with_replacement(range(7), 4):
            own = losses(np.array(cad), np.array(others))
            if sum(own[0]) <= 2:
                every.add(own)
    found = set()
    for inversions, groups in fewest._placements(4, 4):
        truth, scores = fewest._patients(groups, 4, 4)
        own = losses(scores[truth], scores[~truth])
        assert sum(own[0]) == inversions
        found.add(own)
    assert found == every


def test_a_method_that_rises_with_a_further_inversion_is_seen(
    fewest: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def jumps(truth: np.ndarray, scores: np.ndarray) -> object:
        """The method of before: wide where nothing is the wrong way round, narrow where one pair is."""
        own, got = placements(truth, scores), auc(truth, scores)
        return type(got)(got.value, 0.8 if own.mean == 1 else own.mean - 1.96 * own.variance**0.5, 1.0, got.n, "")

    monkeypatch.setattr(fewest, "auc", jumps)
    assert fewest.order_found(26, 18).rises > 0


def test_the_kept_figures_hold_the_bars() -> None:
    kept = json.loads((BENCHMARKS / "results" / "simulations_auc.json").read_text())
    wanted = itertools.product([(10, 10), (26, 18), (60, 40), (124, 94)], [0.5, 0.8, 0.9, 0.95, 0.98])
    found = {((row["positives"], row["negatives"]), row["area"]) for row in kept["rows"]}
    assert found >= set(wanted)
    for row in kept["rows"]:
        assert row["repetitions"] >= 10_000
        assert row["ours"]["coverage"] >= 0.93, row
        assert row["area"] != 0.5 or row["claims"] <= 0.03, row
