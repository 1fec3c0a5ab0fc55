"""Each runtime benchmark runs, small, and its file says what it measured; no time is judged."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edgecad.engines.gpu import gpu_here

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "runtime.py"


@pytest.mark.parametrize(
    ("what", "words", "fields"),
    [
        ("start", ("--rounds", "2"), {"seconds", "ratios"}),
        ("overhead", ("--warm", "5"), {"milliseconds", "stages", "ratio"}),
        ("folder", ("--screens", "6"), {"a_second", "ratio"}),
    ],
)
def test_it_measures_a_given_model(
    what: str, words: tuple[str, ...], fields: set[str], model_folder: Path, tmp_path: Path
) -> None:
    command = [sys.executable, str(PROGRAM), what, *words, "--model", str(model_folder), "--results", str(tmp_path)]
    if what == "start":  # the bare script opens a file
        command[command.index("--model") + 1] = str(model_folder / "model.onnx")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((tmp_path / f"runtime_{what}.json").read_text())
    assert fields <= set(found)
    assert isinstance(found["held"], bool)
    assert found["machine"]["threads"] >= 1


def test_without_a_gpu_its_measurement_says_so(tmp_path: Path) -> None:
    if gpu_here() is not None:
        pytest.skip("a GPU is here: benchmarks/runtime.py gpu measures it")
    command = [sys.executable, str(PROGRAM), "gpu", "--results", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "no NVIDIA GPU answers here, and this measures one\n"
    assert not list(tmp_path.iterdir())


def test_batches_and_floors_of_a_device_are_measured_the_same_way_on_a_cpu(
    kept_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    gpu, kept = (importlib.import_module(f"measures.{name}") for name in ("runtime.gpu", "models.kept"))
    rates = gpu.device_rates("cpu", 128, 4, 2)
    assert set(rates) == {"fp32", "fp16"}
    assert all(rate.operations > 1e7 and rate.bytes > 1e7 for rate in rates.values())
    model = kept.model_in(kept.kept_model("mobilenetv2", kept_models))
    rows = gpu.batches(model, "fp32", ("cpu",), (1, 4), rates, 2)
    assert [row.images for row in rows] == [1, 4]
    assert all(row.share == row.floor_ms / row.milliseconds.median for row in rows)
    assert rows[0].floor_ms < rows[1].floor_ms < 4.001 * rows[0].floor_ms
    assert all(row.engine_ms is None for row in rows)


@pytest.mark.skipif(gpu_here() is not None, reason="a GPU is here")
def test_a_device_that_is_not_here_has_a_row_with_the_reason(
    kept_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    gpu, kept = (importlib.import_module(f"measures.{name}") for name in ("runtime.gpu", "models.kept"))
    model = kept.model_in(kept.kept_model("mobilenetv2", kept_models))
    rows = gpu.batches(model, "fp16", ("cuda", "tensorrt"), (1,), {}, 2)
    assert [row.device for row in rows] == ["cuda", "tensorrt"]
    assert all("use --device cpu" in row.reason for row in rows)
