"""`edgecad train` in a process of its own: its seconds from start to exit, and its most resident memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgecad.system.cores import usable_threads

Found = dict[str, Any]


def environment() -> dict[str, str]:
    """What both sides start with: as many threads, the same kernels."""
    from edgecad_train.study.orders import thread_limits

    return os.environ | thread_limits(usable_threads()) | {"TF_ENABLE_ONEDNN_OPTS": "1"}


@dataclass(frozen=True)
class Ended:
    """A command that has ended.

    Attributes:
        seconds: from start to exit.
        peak_gb: the most resident memory of its process.
        code: its exit code.
    """

    seconds: float
    peak_gb: float
    code: int = 0


def run_command(words: Sequence[object], folder: Path, allowed: Sequence[int] = (0,)) -> Ended:
    """Run Python with these words; what it says is shown only if it ends with a code that is not allowed."""
    said = folder / "said.txt"
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
    return Ended(seconds, peak, child.returncode)


def edgecad_train(arguments: Namespace, folder: Path, warmup: int, finetune: int) -> tuple[Ended, Found]:
    """Run `edgecad train` on the data of `folder`; how it ended, and its run.json."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        words = ["-m", "edgecad", "train", folder / "data", "--crop", "none", "--split", folder / "split.json"]
        words += ["--backbone", arguments.backbone, "--weights", arguments.weights, "--out", out, "--quiet"]
        ended = run_command([*words, "--warmup-epochs", warmup, "--finetune-epochs", finetune], folder)
        return ended, json.loads(next(Path(out).glob("*/run.json")).read_text())
