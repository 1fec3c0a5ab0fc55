"""`edgecad watch` as a process: signals, file events, what it says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "in").mkdir()
    return tmp_path / "in", tmp_path / "out"


@pytest.fixture
def started(folders: tuple[Path, Path], model_folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a watch, and wait until it looks."""
    processes = []

    def start(*more: str, hangs_up: bool = os.name != "nt") -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "edgecad", "watch", *map(str, folders), "--model", str(model_folder), *more]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_as_a_terminal_starts_it if hangs_up else None,
        )
        processes.append(process)
        _until(lambda: (folders[1] / "heartbeat.json").exists())
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _as_a_terminal_starts_it() -> None:
    """These tests may be run by `nohup`, whose programs inherit that they ignore the signal."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 0), ("SIGINT", 130), ("SIGHUP", 0)])
def test_a_signal_ends_it_in_order(
    started: Callable[..., subprocess.Popen[str]], folders: tuple[Path, Path], name: str, code: int
) -> None:
    process = started()
    process.send_signal(getattr(signal, name))
    said, complained = process.communicate(timeout=60)
    assert process.returncode == code
    assert said == ""
    assert "watching with tiny on cpu" in complained
    assert json.loads((folders[1] / "heartbeat.json").read_text())["state"] == "stopped"


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("names", [("SIGTERM",), ("SIGHUP",), ("SIGHUP", "SIGTERM")])
def test_many_signals_end_it_as_one_does(
    started: Callable[..., subprocess.Popen[str]], folders: tuple[Path, Path], names: tuple[str, ...]
) -> None:
    """Some of them come while the interpreter ends, where their default would be the exit code."""
    process = started()
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        for name in names:
            process.send_signal(getattr(signal, name))
        time.sleep(0.002)
    assert process.returncode == 0
    assert json.loads((folders[1] / "heartbeat.json").read_text())["state"] == "stopped"


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_watch_that_nohup_started_outlives_its_terminal(
    started: Callable[..., subprocess.Popen[str]], folders: tuple[Path, Path]
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` leaves it to its program
    try:
        process = started(hangs_up=False)
    finally:
        signal.signal(signal.SIGHUP, before)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None
    process.terminate()
    assert process.wait(60) == 0


def test_a_renamed_file_is_answered_at_once_by_its_event(
    started: Callable[..., subprocess.Popen[str]], folders: tuple[Path, Path], phantom_jpeg: Path
) -> None:
    """Looked for every minute only, so what answers within seconds was woken."""
    pytest.importorskip("watchdog", reason="file events need edgecad[watch]")
    incoming, out = folders
    process = started("--interval", "60")
    (incoming / "DOE.part").write_bytes(phantom_jpeg.read_bytes())
    time.sleep(0.3)
    (incoming / "DOE.part").rename(incoming / "DOE.jpg")
    _until(lambda: bool(list(out.glob("done/*/*.jpg"))), 20)
    process.terminate()
    _, complained = process.communicate(timeout=60)
    assert "answered: " in complained
    assert "PHANTOM MODEL - NOT FOR PATIENTS" in complained
    assert "DOE" not in complained


def test_once_ends_with_the_highest_code(
    edgecad: Run, folders: tuple[Path, Path], model_folder: Path, phantom_jpeg: Path
) -> None:
    incoming, out = folders
    (incoming / "a.jpg").write_bytes(phantom_jpeg.read_bytes())
    ended = edgecad("watch", str(incoming), str(out), "--model", str(model_folder), "--once", "-q")
    assert (ended.code, ended.stdout, ended.stderr) == (0, "", "")
    (incoming / "b.jpg").write_text("a letter")
    ended = edgecad("watch", str(incoming), str(out), "--model", str(model_folder), "--once", "--patience", "0.2")
    assert ended.code == 3
    assert "refused: NOT ANALYSED: neither JPEG" in ended.stderr


def test_wrong_folders_end_with_code_2_and_one_line(
    edgecad: Run, folders: tuple[Path, Path], model_folder: Path
) -> None:
    incoming, _ = folders
    for out in (incoming, incoming / "out"):
        ended = edgecad("watch", str(incoming), str(out), "--model", str(model_folder))
        assert ended.code == 2
        assert len(ended.stderr.splitlines()) == 1
        assert "lie in one another" in ended.stderr
    assert not list(incoming.iterdir())
