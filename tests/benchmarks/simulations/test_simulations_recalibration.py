"""The simulation of recalibrated sites: its truth is one, its shares are the product's, and its bars can fail."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
REPETITIONS = 200
KNOWN = {
    ("none", 50): 0.06, ("none", 100): 0.04, ("shift .5", 50): 0.07, ("shift .5", 100): 0.03, ("shift 1", 50): 0.0,
    ("shift 1", 100): 0.0, ("slope .6", 50): 0.08, ("slope .6", 100): 0.03,
}  # fmt: skip
"""Share of sites made worse, from a simulation of 500 sites each that was written apart from this one."""


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("measures.simulations.recalibration")


def _beyond(share: float, repetitions: int) -> float:
    """What chance may add to a share of `repetitions` beside one of 500, once in some thousand times."""
    spread = max(share, 0.01) * (1 - share)
    return float(3.3 * np.sqrt(spread / repetitions + spread / 500))


def _rows(found: dict[str, Any], how: str) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["truth"], row["patients"]): row for row in found["sites"] if row["how"] == how}


def test_sites_are_made_worse_as_seldom_as_a_gate_allows_and_without_one_more_often(tmp_path: Path) -> None:
    words = [sys.executable, BENCHMARKS / "simulations.py", "recalibration", "--repetitions", str(REPETITIONS)]
    done = subprocess.run([*words, "--results", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "simulations_recalibration.json").read_text())
    rule, plain, penalised = (_rows(found, how) for how in ("rule", "always plain", "always penalised"))
    for key, share in KNOWN.items():
        assert abs(rule[key]["worse"] - share) <= _beyond(share, REPETITIONS), key
    assert all(rule[truth, 20]["made"] == 0 for truth in ("none", "shift .5", "shift 1", "slope .6"))
    assert rule["none", 200]["made"] == rule["shift 1", 200]["made"] == 1
    for key in (("shift .5", 50), ("slope .6", 50)):
        assert plain[key]["worse"] > rule[key]["worse"] + 0.05, "the bar can fail"
        assert penalised[key]["worse"] > rule[key]["worse"]


def test_kept_figures_are_those_of_the_rule_within_their_error() -> None:
    kept = json.loads((BENCHMARKS / "results" / "simulations_recalibration.json").read_text())
    assert kept["repetitions"] >= 2000
    for key, share in KNOWN.items():
        assert abs(_rows(kept, "rule")[key]["worse"] - share) <= _beyond(share, kept["repetitions"]), key


@pytest.mark.parametrize("truth", ["none", "shift .5", "shift 1", "slope .6"])
def test_what_is_drawn_is_what_is_said(simulated: ModuleType, truth: str) -> None:
    wrong = shift, slope = simulated.TRUTHS[truth]
    cad, log_odds = simulated._drawn(wrong, (1, 200_000), np.random.default_rng(0))
    assert roc_auc_score(cad[0], log_odds[0]) == pytest.approx(0.85, abs=0.005)
    assert cad.mean() == pytest.approx(0.57, abs=0.005)
    right = expit(shift + slope * log_odds[0])
    for low in np.arange(0.1, 0.9, 0.2):
        own = (right > low) & (right < low + 0.2)
        assert cad[0][own].mean() == pytest.approx(right[own].mean(), abs=0.012)


@pytest.mark.parametrize("truth", ["none", "shift 1", "slope .6"])
def test_the_excess_loss_is_that_of_a_large_fresh_sample(simulated: ModuleType, truth: str) -> None:
    wrong = shift, slope = simulated.TRUTHS[truth]
    cad, log_odds = simulated._drawn(wrong, (1, 400_000), np.random.default_rng(1))
    assert simulated.excess_of(np.array([[shift, slope]]), wrong)[0] == pytest.approx(0, abs=1e-9)
    for fit in ((0.0, 1.0), (-0.4, 0.7), (1.0, 1.5)):
        moved, right = fit[0] + fit[1] * log_odds[0], shift + slope * log_odds[0]
        lost = simulated.log_losses(cad[0], moved) - simulated.log_losses(cad[0], right)
        known, error = lost.mean(), lost.std() / np.sqrt(len(lost))
        assert simulated.excess_of(np.array([fit]), wrong)[0] == pytest.approx(known, abs=4 * error)
