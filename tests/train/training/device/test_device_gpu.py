"""Training on a real GPU: near to that on the processor, and twice the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from edgecad.engines.gpu import gpu_here

SMALL = Path(__file__).parents[2] / "small.py"
NEAR = 1e-4
"""Largest relative difference of first losses. Sums of fp32 in another order should stay below it, TF32 should not."""


def _trained(data: Path, folder: Path, device: str) -> tuple[dict[str, Any], list[dict[str, float]]]:
    words = (
        "train", data, "--out", folder, "--device", device, "--backbone", "mobilenetv2", "--weights", "none",
        "--warmup-epochs", 2, "--finetune-epochs", 1, "--folds", 0, "--dropout", 0, "--quiet",
    )  # fmt: skip
    done = subprocess.run([sys.executable, SMALL, *map(str, words)], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-2000:]
    run = folder / (folder / "latest").read_text().strip()
    epochs = [
        epoch
        for stage in json.loads((run / "history.json").read_text())["trainings"][0]["stages"]
        for epoch in stage["epochs"]
    ]
    return json.loads((run / "run.json").read_text()), epochs


@pytest.mark.gpu
def test_a_gpu_trains_as_the_processor_does_and_twice_the_same(phantom_folder: Path, tmp_path: Path) -> None:
    if gpu_here() is None:
        pytest.skip("no NVIDIA driver shows a GPU here, and this trains on one")
    if not tf.config.list_physical_devices("GPU"):
        pytest.skip("this TensorFlow sees no GPU: install the extra train-gpu")
    _, wanted = _trained(phantom_folder, tmp_path / "cpu", "cpu")
    record, found = _trained(phantom_folder, tmp_path / "gpu", "cuda")
    assert record["device"]["name"] == "cuda:0"
    assert record["device"]["gpu"] == str(gpu_here())
    assert set(record["frozen_on"].values()) == {"device"}
    assert found[0]["loss"] == pytest.approx(wanted[0]["loss"], rel=NEAR)
    assert found[0]["val_loss"] == pytest.approx(wanted[0]["val_loss"], rel=NEAR)
    assert _trained(phantom_folder, tmp_path / "again", "cuda")[1] == found
