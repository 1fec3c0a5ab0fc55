"""Options of the proof of a GPU."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from measures.program import option

MOST = 64
"""Images at once that engines for batches are built for; tuned for 16."""
WITHOUT_CARD = 100.0
"""Seconds that the steps may take where there is no card."""


@dataclass(frozen=True, kw_only=True)
class GpuOptions:
    """Of `benchmarks/gpu.py`."""

    models: Path | None = option(None, "a model folder, or a folder with some in it")
    out: Path = option(Path("gpu-proof.json"), "file that is written")
    minutes: float = option(10.0, "after which no step begins any more")
    phantoms: int = option(40, "that are answered on the CPU and on each device")
    runs: int = option(200, "images one after another, of each target")
    starts: int = option(3, "cold starts of each target")
    batches: tuple[int, ...] = option((1, 2, 4, 8, 16, 32, MOST), "images at once")
    rounds: int = option(20, "of each batch")
    side: int = option(4096, "rows and columns of the matrices that show a rate")
    megabytes: int = option(256, "of the array that shows a bandwidth")
    devices: tuple[str, ...] = option(("cuda", "tensorrt"), "words of the table of devices; cpu tries the steps out")
