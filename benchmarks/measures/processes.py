"""Whole processes in turn, and what is told of times."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

import numpy as np


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


def spread(times: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    """Median and quartiles of each."""
    return {name: quartiles(taken) for name, taken in times.items()}


def quartiles(values: Sequence[float]) -> dict[str, float]:
    """Median and quartiles."""
    return dict(zip(("low", "median", "high"), map(float, np.percentile(values, (25, 50, 75))), strict=True))
