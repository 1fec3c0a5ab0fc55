"""The demo, as a stranger runs it: no weights to be had, so it says so and trains from scratch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("tensorflow", reason="the demo needs the extras edgecad[train,export]")
pytest.importorskip("tf2onnx", reason="the demo needs the extras edgecad[train,export]")


def _demo(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    # A proxy that nobody serves: the download fails at once, on any machine.
    offline = {"https_proxy": "http://127.0.0.1:9", "KERAS_HOME": str(folder / "keras")}
    return subprocess.run(
        [sys.executable, "-m", "edgecad", "demo", "out", "--patients", "40"],
        cwd=folder,
        env={**os.environ, **offline, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.shared
def test_the_demo_goes_the_whole_way_twice_and_leaves_other_work_alone(tmp_path: Path, shared: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "latest").write_text("mine\n")
    weights = str(shared / "weights" / "mobilenetv2_imagenet_notop.weights.h5")
    first = _demo(tmp_path, EDGECAD_WEIGHTS=weights)
    assert first.returncode == 0, first.stderr
    for words in ("from $EDGECAD_WEIGHTS", "6 of 6", "PHANTOM MODEL - NOT FOR PATIENTS"):
        assert words in first.stdout
    assert "FROM SCRATCH" not in first.stdout
    assert (tmp_path / "runs" / "latest").read_text() == "mine\n"
    assert not (tmp_path / "models").exists()
    (tmp_path / "out" / "data" / "stale").write_text("of the first demo")
    second = _demo(tmp_path, EDGECAD_WEIGHTS=weights)
    assert second.returncode == 0, second.stderr
    assert not (tmp_path / "out" / "data" / "stale").exists()


@pytest.mark.slow
def test_without_weights_the_demo_says_that_it_trains_from_scratch(tmp_path: Path) -> None:
    done = _demo(tmp_path, EDGECAD_WEIGHTS="")
    assert done.returncode == 0, done.stderr
    assert "FROM SCRATCH" in done.stdout
    assert "cannot be reached (Connection refused)" in done.stderr
    assert "Traceback" not in done.stderr
    assert "PHANTOM MODEL - NOT FOR PATIENTS" in done.stdout
    pictures = [tmp_path / line.strip() for line in done.stdout.splitlines() if line.startswith("  out/")]
    assert {path.name for path in pictures if path.parent.name != "answers"} == {"report.html", "curves.png"}
    assert len(pictures) == 3
    assert all(path.is_file() for path in pictures)
