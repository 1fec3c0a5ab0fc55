"""The benchmark of heads goes the user's three lines and compares activations, small; no figure is judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "heads.py"
SHORT = ("warmup-epochs", "2", "finetune-epochs", "1")
SMALL = ("--weights", "none", "--runs", "1", "--patients", "40", "--train-options", *SHORT)


def measured(what: str, folder: Path) -> dict[str, Any]:
    """Run it as a user does, and read its file."""
    command = [sys.executable, str(PROGRAM), what, *SMALL, "--kept", str(folder / "kept"), "--results", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads((folder / f"heads_{what}_mobilenetv2.json").read_text()))


@pytest.mark.slow
def test_lines_tell_codes_files_and_maps_of_each_activation(tmp_path: Path) -> None:
    found = measured("lines", tmp_path)
    assert [(row["seed"], row["activation"]) for row in found["rows"]] == [(0, "silu"), (0, "relu")]
    for row in found["rows"]:
        assert row["codes"][0] == row["codes"][2] == 0
        assert row["codes"][1] == (0 if "model.fp16.onnx" in row["kept"] else 5)
        assert "model.onnx" in row["kept"]
        assert 0 <= row["score"] <= 1
        assert 0.4 < row["backbone_share"] <= 1.0  # with random weights nearly all vanishes in half, and stays wide


@pytest.mark.slow
def test_activations_are_compared_on_the_same_splits(tmp_path: Path) -> None:
    found = measured("activations", tmp_path)
    assert [row["strategy"] for row in found["rows"]] == ["warm-up", "two-stage"]
    for row in found["rows"]:
        value, low, high = row["difference"]
        assert -1 <= low <= value <= high <= 1
        assert value == pytest.approx(row["auc"]["silu"][0] - row["auc"]["relu"][0], abs=1e-9)
