"""The simulation of the zone, small: its cross-fit is EdgeCAD's, its bar can fail, its kept figures hold it."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    module = importlib.import_module("measures.simulations.zone")
    heads = importlib.import_module("measures.simulations.heads")
    monkeypatch.setattr(heads, "EPOCHS", 6)
    monkeypatch.setattr(module, "SMALL_PHANTOMS", 400)
    monkeypatch.setattr(module, "SETTINGS", ((218, 1),))
    return module


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Features that two normals gave, in place of those of phantoms."""
    draw = np.random.default_rng(0)
    label = draw.random(400) < 0.57
    features = (draw.normal(0, 1, (400, 8)) + 0.5 * label[:, None]).astype(np.float32)
    np.savez(tmp_path / "features-mobilenetv2-400.npz", features=features, label=label, truth=label)
    return tmp_path


def options(simulated: ModuleType, kept: Path, repetitions: int) -> object:
    return simulated.SimulationOptions(what="zone", repetitions=repetitions, kept=kept, results=kept)


def test_every_class_is_covered_where_training_and_fresh_are_alike(simulated: ModuleType, kept: Path) -> None:
    found = simulated.simulate_zone(options(simulated, kept, 2))
    assert found.phantoms == 400
    assert {(row.alpha, row.scored) for row in found.rows if row.reference == "as given"} == {
        (alpha, scored) for alpha in simulated.ALPHAS for scored in simulated.SCORED
    }
    for row in found.rows:
        assert (row.runs, row.without, row.channels) == (2, 0, 8)
        assert row.worse >= 1 - row.alpha - 0.12, row.words()  # 2 runs of 182 fresh ones: more is chance
        assert 0 < row.uncertain.mean < 1
        assert row.clear_wrong.mean < row.all_wrong.mean


def test_the_bar_fails_where_fresh_ones_are_others(
    simulated: ModuleType, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = simulated._run

    def elsewhere(*given: object) -> object:
        found = run(*given)
        fit = simulated.replace(found.fit, fresh=found.fit.fresh - 2 * found.fit.fresh.std())
        return simulated.replace(found, fit=fit)

    monkeypatch.setattr(simulated, "_run", elsewhere)
    assert not simulated.simulate_zone(options(simulated, kept, 1)).holds


def test_without_kept_features_the_weights_are_asked_for(simulated: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="give --weights FILE"):
        simulated.simulate_zone(options(simulated, tmp_path, 1))


def test_the_kept_figures_hold_the_bar() -> None:
    found = json.loads((ROOT / "benchmarks" / "results" / "simulations_zone.json").read_text())
    judged = [
        row
        for row in found["rows"]
        if (row["patients"], row["reference"], row["scored"]) == (218, "as given", "the refit")
        and row["channels"] == max(own["channels"] for own in found["rows"])
    ]
    assert [row["alpha"] for row in judged] == [0.1, 0.2]
    for row in judged:
        assert row["runs"] >= 30
        assert min(row["cad"]["mean"], row["other"]["mean"]) >= 1 - row["alpha"] - 0.02
    assert found["holds"]
