"""Bars on terminals of any width: no line is longer than the terminal, and what matters is there."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console

from edgecad.cli.progress import bars_on, silent, with_estimates
from edgecad.system.clock import RoughTime

TASKS = (
    ("reading", 218, 218, ""),
    ("fold 10, fine-tuning-lr1", 29, 30, "loss 0.123  val loss 0.234  val accuracy 0.876"),
    ("fold 3, the exported head, warm-up", 7, 100, "loss 1.234"),
    ("units", 12, 1000, "mobilenetv2/two-stage/seed-0: fold 1, warm-up 3/100  loss 0.1"),
    ("engine", 3, 5, "compiling backend"),
)


def lines_at(width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    paper = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with bars_on(console) as (progress, bars):
        for task in TASKS:
            bars(*task)
        paper.print(progress.get_renderable())
    written = paper.file
    assert isinstance(written, io.StringIO)
    return written.getvalue().splitlines()


@pytest.mark.parametrize("width", [30, 34, 40, 48, 51, 52, 59, 60, 61, 72, 75, 76, 80, 99, 100, 120, 200])
def test_every_task_has_one_line_that_fits_and_says_how_far_it_is(width: int) -> None:
    lines = lines_at(width)
    assert len(lines) == len(TASKS)
    for line, (task, done, total, figures) in zip(lines, TASKS, strict=True):
        assert len(line) <= width
        assert line.startswith(task[:6])
        assert re.search(rf"\b{done}/{total}\b", line), line
        assert re.search(r"\d:\d\d|-:--", line), line
        assert ("━" in line or "╸" in line or done < 50) if width >= 52 else "━" not in line
        assert figures[:8] in line or width < 76


def shown_on_a_terminal(columns: int, tmp_path: Path) -> str:
    """What a real terminal of so many columns gets, from a process of its own."""
    program = (
        "import time\n"
        "from edgecad.cli.progress import progress_bars\n"
        "with progress_bars() as bars:\n"
        f"    for task in {TASKS!r}:\n"
        "        bars(*task); time.sleep(0.15)\n"
    )
    main, side = pty.openpty()
    size = {**os.environ, "COLUMNS": str(columns), "LINES": "30", "TERM": "xterm"}
    child = subprocess.Popen([sys.executable, "-c", program], stderr=side, env=size, cwd=tmp_path)
    os.close(side)
    told = b""
    with suppress(OSError):  # the other end is closed when the child ends
        while part := os.read(main, 65536):
            told += part
    os.close(main)
    assert child.wait() == 0
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", told.decode())


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_terminal_gets_no_line_that_wraps(columns: int, tmp_path: Path) -> None:
    told = shown_on_a_terminal(columns, tmp_path)
    lines = [line for line in re.split(r"[\r\n]+", told) if line]
    assert any("218/218" in line for line in lines)
    assert max(map(len, lines)) <= columns


def test_without_a_terminal_nothing_is_drawn(tmp_path: Path) -> None:
    program = "from edgecad.cli.progress import progress_bars\nwith progress_bars() as bars: bars('a', 1, 2, '')\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=tmp_path, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_who_wants_no_progress_gets_no_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    assert with_estimates(silent, "reading") is silent


def test_estimates_are_of_the_tasks_that_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[str, int, int, str]] = []
    now = [0.0]
    monkeypatch.setattr("edgecad.cli.progress.RoughTime", lambda say: RoughTime(say, lambda: now[0]))
    bars = with_estimates(lambda *words: seen.append(words), "reading")
    for done in range(8):
        for task in ("reading at 224", "else"):
            bars(task, done, 1000, "x")
        now[0] += 1
    assert len(seen) == 16
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"reading at 224: about \d+ min left, roughly", line)
