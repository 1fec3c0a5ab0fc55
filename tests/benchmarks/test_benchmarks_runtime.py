"""Each runtime benchmark runs, small, and its file says what it measured; no time is judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
