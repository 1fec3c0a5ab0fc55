"""The benchmark of heads goes the user's three lines and compares activations, small; no figure is judged."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "heads.py"
SHORT = ("warmup-epochs", "2", "finetune-epochs", "1")
Measured = Callable[[str], dict[str, Any]]
SMALL = ("--weights", "none", "--runs", "1", "--patients", "40", "--train-options", *SHORT)


@pytest.fixture
def measured(
    with_small_network: Callable[[Path], list[str]], with_real_network: Callable[[Path], list[str]], tmp_path: Path
) -> Measured:
    """Run it as a user does, and read its file. A study's workers are processes of their own, with the real network."""

    def run(what: str) -> dict[str, Any]:
        program = (with_real_network if what == "activations" else with_small_network)(PROGRAM)
        words = [what, *SMALL, "--kept", str(tmp_path / "kept"), "--results", str(tmp_path)]
        done = subprocess.run([*program, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads((tmp_path / f"heads_{what}_mobilenetv2.json").read_text()))

    return run


@pytest.mark.slow
def test_lines_tell_codes_files_and_maps_of_each_activation(measured: Measured) -> None:
    found = measured("lines")
    assert [(row["seed"], row["activation"]) for row in found["rows"]] == [(0, "silu"), (0, "relu")]
    for row in found["rows"]:
        assert row["codes"][0] == row["codes"][2] == 0
        assert row["codes"][1] == (0 if "model.fp16.onnx" in row["kept"] else 5)
        assert "model.onnx" in row["kept"]
        assert 0 <= row["score"] <= 1
        assert 0.4 < row["backbone_share"] <= 1.0  # with random weights nearly all vanishes in half, and stays wide


@pytest.mark.slow
def test_activations_are_compared_on_the_same_splits(measured: Measured) -> None:
    found = measured("activations")
    assert [row["strategy"] for row in found["rows"]] == ["warm-up", "two-stage"]
    for row in found["rows"]:
        value, low, high = row["difference"]
        assert -1 <= low <= value <= high <= 1
        assert value == pytest.approx(row["auc"]["silu"][0] - row["auc"]["relu"][0], abs=1e-9)
