"""The demo, as a stranger runs it: no weights to be had, so it says so and trains from scratch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgecad.cli import demo
from edgecad.cli.demo import MARK
from edgecad.errors import UsageError

pytest.importorskip("tensorflow", reason="the demo needs the extras edgecad[train,export]")
pytest.importorskip("tf2onnx", reason="the demo needs the extras edgecad[train,export]")


def _demo(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    # A proxy that nobody serves: the download fails at once, on any machine.
    offline = {"https_proxy": "http://127.0.0.1:9", "KERAS_HOME": str(folder / "keras")}
    return subprocess.run(
        [sys.executable, "-m", "edgecad", "demo", "out", "--patients", "20"],
        cwd=folder,
        env={**os.environ, **offline, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_demo_goes_the_whole_way_from_scratch_and_leaves_other_work_alone(tmp_path: Path) -> None:
    """Where an earlier demo was, whose folder is made anew; there are no weights to be had, and it says so."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "latest").write_text("mine\n")
    (tmp_path / "out" / "data").mkdir(parents=True)
    (tmp_path / "out" / "data" / "stale").write_text("of the first demo")
    (tmp_path / "out" / MARK).touch()
    done = _demo(tmp_path, EDGECAD_WEIGHTS="")
    assert done.returncode == 0, done.stderr
    for words in ("FROM SCRATCH", "6 of 6", "PHANTOM MODEL - NOT FOR PATIENTS"):
        assert words in done.stdout
    assert "cannot be reached (Connection refused)" in done.stderr
    assert "Traceback" not in done.stderr
    pictures = [tmp_path / line.strip() for line in done.stdout.splitlines() if line.startswith("  out/")]
    assert {path.name for path in pictures if path.parent.name != "answers"} == {"report.html", "curves.png"}
    assert len(pictures) == 3
    assert all(path.is_file() for path in pictures)
    assert (tmp_path / "runs" / "latest").read_text() == "mine\n"
    assert not (tmp_path / "models").exists()
    assert not (tmp_path / "out" / "data" / "stale").exists()


@pytest.mark.soak
@pytest.mark.shared
def test_the_demo_goes_the_whole_way_from_imagenet_weights_twice(tmp_path: Path, shared: Path) -> None:
    for _ in range(2):
        weights = str(shared / "weights" / "mobilenetv2_imagenet_notop.weights.h5")
        done = _demo(tmp_path, EDGECAD_WEIGHTS=weights)
        assert done.returncode == 0, done.stderr
        for words in ("from $EDGECAD_WEIGHTS", "6 of 6", "PHANTOM MODEL - NOT FOR PATIENTS"):
            assert words in done.stdout
        assert "FROM SCRATCH" not in done.stdout


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Titles and words of the demo's steps, none of which is gone; the demo's folder is empty."""
    seen: list[tuple[str, list[str]]] = []

    def noted(title: str, *words: object) -> int:
        seen.append((title, [str(word) for word in words]))
        return 0

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "_run", noted)
    monkeypatch.setattr(demo, "_unseen_scan", lambda out: out / "scan.jpg")
    return seen


def test_weights_of_ones_own_are_trained_from_in_two_stages(
    steps: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGECAD_WEIGHTS", "my weights.h5")
    answer = CliRunner().invoke(demo.app, ["out"])
    assert answer.exit_code == 0, answer.output
    assert [title.partition(":")[0] for title, _ in steps] == [f"{number} of 6" for number in range(1, 7)]
    assert [words[0] for _, words in steps] == ["phantom", "train", "export", "verify", "infer", "bench"]
    title, words = steps[1]
    assert title.endswith("from $EDGECAD_WEIGHTS")
    assert words[words.index("--weights") + 1] == "my weights.h5"
    assert "scratch" not in words
    assert "FROM SCRATCH" not in answer.stdout


def test_a_folder_that_no_demo_made_is_left_alone(
    steps: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("out/data").mkdir(parents=True)
    answer = CliRunner().invoke(demo.app, ["out"])
    assert isinstance(answer.exception, UsageError)
    assert "out is not a demo's folder" in str(answer.exception)
    assert (steps, [path.name for path in Path("out").iterdir()]) == ([], ["data"])
