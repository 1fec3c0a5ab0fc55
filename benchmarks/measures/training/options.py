"""Options of the benchmarks of training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.program import Options, option

StageName = Literal["warm-up", "fine-tuning"]
STAGES: tuple[StageName, StageName] = ("warm-up", "fine-tuning")


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(Options):
    """Of `benchmarks/training.py`."""

    what: Literal["same", "speed", "plain", "search", "memory", "growth"]
    backbone: str = option("resnet152v2", "network; growth takes mobilenetv2")
    weights: str = option("none", "none, imagenet or a file")
    train: int = option(174, "scans to learn from, for same, speed, plain and search")
    held: int = option(44, "scans that judge each epoch, for same, speed and plain")
    test: int = option(4, "scans of the test part, for speed, memory and growth")
    epochs: int = option(12, "of each stage, for same")
    warmup_epochs: int = option(100, "for speed; for search, the most of a configuration")
    finetune_epochs: int = option(30, "for speed")
    repeats: int = option(1, "whole runs, for speed")
    plain_epochs: int = option(3, "timed at a turn, after one that compiles, for speed and plain")
    stage: StageName = option(STAGES[0], "for plain")
    trials: int = option(200, "for search")
    images: int = option(10_000, "for memory")
    counts: tuple[int, ...] = option((60, 120, 240, 480, 960), "images, for growth")
    epoch_counts: tuple[int, ...] = option((10, 20, 40, 80, 160), "of each stage, for growth")
    epoch_images: int = option(240, "images for growth by epochs")
    scratch: Path | None = option(None, "folder for large files; default: the system's own")

    @property
    def suffix(self) -> str:
        """What the name of the results' file ends with: the network, where one is asked for."""
        return "" if self.what in ("search", "growth") else f"_{self.backbone}"
