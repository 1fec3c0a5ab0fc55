"""The benchmark of pooled features trains, judges and times, small; no figure is judged but what must be so."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "features.py"
SMALL = (
    "--weights", "none", "--runs", "1", "--patients", "24", "--fresh", "8", "--strategies", "warm-up",
    "--train-options", "warmup-epochs", "1",
)  # fmt: skip
Measured = Callable[..., dict[str, Any]]


@pytest.fixture
def measured(
    with_small_network: Callable[[Path], list[str]], with_real_network: Callable[[Path], list[str]], tmp_path: Path
) -> Measured:
    """Run it as a user does, and read its file. `cost` takes the real network."""

    def run(what: str, *words: str) -> dict[str, Any]:
        program = (with_real_network if what == "cost" else with_small_network)(PROGRAM)
        folders = ["--kept", str(tmp_path / "kept"), "--results", str(tmp_path)]
        done = subprocess.run([*program, what, *words, *folders], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads((tmp_path / f"features_{what}.json").read_text()))

    return run


@pytest.mark.slow
def test_accuracy_pairs_each_choice_with_the_last_features(measured: Measured, tmp_path: Path) -> None:
    found = measured("accuracy", *SMALL)
    assert [list(row["auc"]) for row in found["rows"]] == [["stride-16", "last"], ["both", "last"]]
    for row in found["rows"]:
        value, low, high = row["difference"]
        assert -1 <= low <= value <= high <= 1
        one, other = row["auc"].values()
        assert value == pytest.approx(one[0] - other[0], abs=1e-9)
    assert len(list((tmp_path / "kept").rglob("model.keras"))) == 3


@pytest.mark.slow
def test_a_network_that_is_cut_costs_less(measured: Measured) -> None:
    (row,) = measured("cost", "--features", "stride-16", "--precisions", "--rounds", "20")["rows"]
    assert row["size"] < 4e6  # the whole network is 9 MB
    assert 0 < row["milliseconds"]["low"] <= row["milliseconds"]["high"]
