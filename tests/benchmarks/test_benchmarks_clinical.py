"""The benchmark of clinical columns: what it draws is what it says, and it finds terms and coefficients."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from .conftest import Words

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
PROGRAM = BENCHMARKS / "clinical.py"


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("measures.clinical.drawing")


def test_what_is_drawn_has_the_effects_that_it_is_drawn_with(drawing: ModuleType) -> None:
    effects = drawing.TrueEffects()
    scores, columns = drawing.drawn_patients((40_000, 40_000), effects, np.random.default_rng(0), "test")
    number, yes, category = (np.array(list(column.values.values())) for column in columns)
    cad = scores.truth
    assert number[cad].mean() - number[~cad].mean() == pytest.approx(effects.number, abs=0.03)
    odds = [own.mean() / (1 - own.mean()) for own in (yes[cad], yes[~cad])]
    assert np.log(odds[0] / odds[1]) == pytest.approx(effects.yes, abs=0.05)
    for name, true in effects.category.items():
        assert np.log((category[cad] == name).mean() / (category[~cad] == name).mean()) == pytest.approx(true, abs=0.06)
    true_log_odds = (scores.log_odds[cad].mean() - scores.log_odds[~cad].mean()) / drawing.SCALE
    assert true_log_odds == pytest.approx(effects.separation**2, abs=0.05)


def test_coverage_and_terms_are_found(tmp_path: Path) -> None:
    words = [sys.executable, PROGRAM, "coverage", "--repetitions", "20", "--runs", "4", "--results", tmp_path]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr  # four runs cover in quarters
    found = json.loads((tmp_path / "clinical_coverage.json").read_text())
    assert len(found["rows"]) == 4 * 3 * 6
    assert found["whole"]["largest_miss"] < 1e-6
    assert all(0.5 <= row["coverage"] <= 1 for row in found["rows"])
    assert "terms miss" not in done.stdout


@pytest.mark.slow
def test_a_run_with_columns_gains_and_every_answer_adds_up(with_small_network: Words, tmp_path: Path) -> None:
    words = ["gain", "--patients", "60", "--weights", "none", "--epochs", "1", "--results", str(tmp_path)]
    done = subprocess.run([*with_small_network(PROGRAM), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "clinical_gain.json").read_text())
    assert found["answers"] > 0
    assert found["largest_miss"] < 1e-6
    assert found["out_of_fold"]["low"] < found["out_of_fold"]["gain"] < found["out_of_fold"]["high"]
    assert found["coefficients"]["diabetes"]["true"] == 1.2
