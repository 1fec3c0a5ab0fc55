"""The benchmark of colour bars draws, reads and counts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[3] / "benchmarks" / "uptake.py"


def test_bars_are_counted_with_what_was_wrong_of_them(tmp_path: Path) -> None:
    words = ["bars", "--bars", "6", "--bare-screens", "3", "--results", str(tmp_path)]
    done = subprocess.run([sys.executable, str(PROGRAM), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "6 of 6 bars read" in done.stdout
    found = json.loads((tmp_path / "uptake_bars.json").read_text())
    assert (found["drawn"], found["read"], found["given"], found["without"], found["taken"]) == (6, 6, 6, 3, 0)
    assert found["error"]["median"] < 0.5
    assert found["faults"] == []
    assert found["bars"]["read, at least"] == 0.98
