"""Whole processes: their seconds from start to exit, their most resident memory, their exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecad.system.cores import usable_threads

EDGECAD = ("-m", "edgecad")
SAID = "said.txt"
"""What the last command of a folder wrote."""


def environment() -> dict[str, str]:
    """What both sides start with: as many threads, the same kernels."""
    from edgecad_train.study.workers.messages import thread_limits

    return os.environ | thread_limits(usable_threads()) | {"TF_ENABLE_ONEDNN_OPTS": "1"}


@dataclass(frozen=True)
class ProcessEnd:
    """How a process ended.

    Attributes:
        seconds: from start to exit.
        peak_gb: the most resident memory of its process.
        code: its exit code.
        processor: seconds of processors that it and the processes below it took.
    """

    seconds: float
    peak_gb: float
    code: int = 0
    processor: float = 0.0


def run_command(words: Sequence[object], folder: Path, allowed: Sequence[int] = (0,)) -> ProcessEnd:
    """Run Python with these words; what it says is shown only if it ends with a code that is not allowed."""
    if sys.platform == "win32":
        sys.exit("Windows does not tell how much memory a process took that has ended; run this on Linux or macOS")
    said = folder / SAID
    with said.open("w") as file:
        begun = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *map(str, words)], cwd=folder, stdout=file, stderr=file, env=environment()
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in allowed:
        sys.exit(f"{' '.join(map(str, words))} ended with {child.returncode}: {said.read_text()[-2000:]}")
    # Linux counts kibibytes, macOS bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9
    return ProcessEnd(seconds, peak, child.returncode, usage.ru_utime + usage.ru_stime)


def words_of_options(pairs: Sequence[str]) -> list[str]:
    """Names and values in turn, the names without their --: options of a command that a benchmark passes on."""
    return [word if index % 2 else f"--{word}" for index, word in enumerate(pairs)]


def weights_word(word: str) -> str:
    """What `--weights` takes in another folder: a file by its whole path."""
    return word if word in ("none", "imagenet") else str(Path(word).absolute())


def seconds_in_turn(
    commands: Mapping[str, Sequence[str]], rounds: int, environment: Mapping[str, str] | None = None
) -> dict[str, list[float]]:
    """Seconds of Python processes, all kinds in turn; the first round fills the disk's cache and does not count.

    Args:
        environment: what they start with; default: this process' own.
    """
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, words in commands.items():
            begun = time.perf_counter()
            done = subprocess.run(
                [sys.executable, *words],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment, check=False,
            )  # fmt: skip
            seconds = time.perf_counter() - begun
            if done.returncode:
                sys.exit(f"{name} ended with {done.returncode}: {done.stderr[-2000:]}")
            if number:
                times[name].append(seconds)
    return times
