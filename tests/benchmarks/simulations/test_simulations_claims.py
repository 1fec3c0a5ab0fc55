"""The simulations of claims: what is drawn is what is said, and the bars can fail."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import stats

from edgecad_train.evaluation.claims.areas import Training, areas_of, training_between_rows
from edgecad_train.evaluation.claims.strategies import against_reference

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("measures.simulations.drawing")


@pytest.mark.parametrize(("what", "count"), [("strategies", 18), ("networks", 6)])
def test_every_kind_of_study_is_simulated_and_kept(what: str, count: int, tmp_path: Path) -> None:
    words = [sys.executable, BENCHMARKS / "simulations.py", what, "--repetitions", "4", "--results", tmp_path]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / f"simulations_{what}.json").read_text())["found"]
    assert len(found) == count == done.stdout.count("\n")
    assert {row["repetitions"] for row in found} == {4}


def test_scores_are_as_far_apart_and_as_alike_as_they_say(drawing: ModuleType) -> None:
    design = drawing.Design(2, False, (1.6, 2.2), training_sd=0.0, classes=(6000, 5000))
    first, second = drawing.draw_parts(design, np.random.default_rng(0))
    assert (int(first.truth.sum()), int((~first.truth).sum())) == (1200, 1000)
    means = areas_of([first, second]).means
    assert means == pytest.approx([drawing.area_of(1.6), drawing.area_of(2.2)], abs=0.012)
    inside = first.log_odds[:, first.truth]
    assert np.corrcoef(inside)[0, 1] == pytest.approx(drawing.PATIENT, abs=0.05)
    both = sorted(set(first.patients) & set(second.patients))
    one, other = (
        np.array(
            [part.log_odds[0, index] - 1.6 * (part.truth[index] - 0.5) for index in map(part.patients.index, both)]
        )
        for part in (first, second)
    )
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(drawing.PATIENT + drawing.PATIENT_BY_ROW, abs=0.06)
    assert drawing.separation_of(drawing.area_of(1.6)) == pytest.approx(1.6)
    folds = drawing.draw_parts(replace(design, runs=5, folds=True), np.random.default_rng(0))
    names = [name for part in folds for name in part.patients]
    assert len(names) == len(set(names)) == 11_000


def test_with_training_false_claims_are_few_and_without_it_they_are_many(drawing: ModuleType) -> None:
    """The bar of the issue, by fewer repetitions; patients alone would miss it by far."""
    draw, count = np.random.default_rng(0), 150
    design = drawing.Design(5, False, (drawing.SEPARATION,) * 8)
    pairs = [(row, 0) for row in range(1, 8)]
    held, alone = 0, 0
    for _ in range(count):
        areas = areas_of(drawing.draw_parts(design, draw))
        held += any(own.claimed for own in against_reference(areas, training_between_rows(areas), pairs))
        alone += any(own.claimed for own in against_reference(areas, Training(0.0, 10_000), pairs))
    assert held <= stats.binom.ppf(0.999, count, 0.06)
    assert alone > stats.binom.ppf(0.999, count, 0.06)


def _kept(what: str) -> dict[str, dict[str, Any]]:
    found = json.loads((BENCHMARKS / "results" / f"simulations_{what}.json").read_text())["found"]
    assert min(row["repetitions"] for row in found) >= 2000
    return {f"{row['setting']}, {row.get('difference', 0.0):g}": row for row in found}


def test_the_kept_figures_hold_the_bars() -> None:
    strategies = _kept("strategies")
    for setting, most in (("5 seeds", 0.06), ("5 folds", 0.08)):
        for claims in ("reference_false", "best_false"):
            assert strategies[f"{setting}, 0"][claims]["value"] <= most, (setting, claims)
        for difference in ("0.07", "0.1"):
            assert strategies[f"{setting}, {difference}"]["reference_power"]["value"] > 0
    assert all(row["false"]["value"] <= 0.06 for row in _kept("networks").values())
