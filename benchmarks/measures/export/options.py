"""Options of the benchmarks of exported files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.program import Options, option

UNTRAINED = ("resnet152v2", "efficientnetb0", "densenet121", "vgg16", "inceptionv3", "xception")


@dataclass(frozen=True, kw_only=True)
class ExportOptions(Options):
    """Of `benchmarks/export.py`."""

    what: Literal["trained", "untrained", "cam", "int8"]
    weights: tuple[str, ...] = option((), "for trained and int8; for int8 also NAME=lively", metavar="NAME=FILE")
    backbones: tuple[str, ...] = option(UNTRAINED, "for untrained and cam, and for int8 without --weights and --runs")
    precisions: tuple[Literal["fp16", "int8"], ...] = option(("fp16", "int8"), "beside fp32, for trained and untrained")
    patients: int = option(218, "phantoms, for trained and int8")
    epochs: tuple[int, int] = option((100, 30), "of warm-up and fine-tuning, for trained and int8")
    inputs: tuple[Literal["uptake", "rgb"], ...] = option(("uptake",), "that trained networks see, for int8")
    seeds: tuple[int, ...] = option((0,), "of trainings, for int8")
    fresh: int = option(240, "phantoms that nothing has seen, which int8 is compared with fp32 on")
    models: Path | None = option(None, "for cam: folder of models that are made once; without it one is made anew")
    runs: tuple[Path, ...] = option((), "for int8: run folders that lie there already")
    rounds: int = option(200, "images through each file that count")
