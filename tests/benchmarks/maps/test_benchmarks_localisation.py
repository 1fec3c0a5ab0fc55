"""The benchmark of localisation runs, small, and its figures are those of what it says; none of them is judged."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edgecad_train.phantoms import draw_patient, percent_map

PROGRAM = Path(__file__).resolve().parents[3] / "benchmarks" / "localisation.py"


def test_fresh_phantoms_and_the_real_map_are_told(
    within_small_network: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    np.save(tmp_path / "real" / "polar_percent.npy", percent_map(draw_patient(3, 1)))
    small = (
        "--weights", "none", "--runs", "1", "--patients", "24", "--fresh", "6", "--strategies", "warm-up",
        "--train-options", "warmup-epochs", "1",
    )  # fmt: skip
    folders = [f"--{name}={tmp_path / name}" for name in ("kept", "results", "pictures", "real")]
    command = [*within_small_network(PROGRAM), *small, *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "results" / "localisation.json").read_text())
    (row,) = found["rows"]
    assert (row["strategy"], row["features"], row["found"]["scans"], row["found"]["truths"]) == (
        "warm-up", "stride-16", 6, {"mask": 6},
    )  # fmt: skip
    figures = {one["name"]: one["value"] for one in row["found"]["judged"]["figures"]}
    assert row["each"] == [figures["peak_on_defect"]]
    # The outline at half of the depth is the smaller target.
    share, outline = row["within_outline"]
    assert share <= figures["peak_on_defect"]
    assert 0 < outline < figures["chance"] < 1
    assert row["tried"] >= 6
    (real,) = row["real"]
    assert 0 <= real["coldest_outlined"] <= 1
    assert cv2.imread(str(tmp_path / "pictures" / real["picture"])).shape == (900, 1600, 3)
    assert "map's peak lies on the defect" in done.stdout
    assert "real map: score" in done.stdout
