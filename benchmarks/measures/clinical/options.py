"""Options of `benchmarks/clinical.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.program import Options, option


@dataclass(frozen=True, kw_only=True)
class ClinicalMeasured(Options):
    """What to measure, and how often."""

    what: Literal["coverage", "gain"]
    repetitions: int = option(500, "fits of each setting of `coverage`")
    runs: int = option(200, "whole fusions of `coverage`: five folds, decision, test part")
    seed: int = option(0, "of everything that is drawn")
    patients: int = option(218, "phantoms of `gain`")
    weights: str = option("imagenet", "first weights of MobileNetV2 of `gain`, as `edgecad train` takes them")
    epochs: int = option(100, "of warm-up, of `gain`")
    folder: Path | None = option(None, "where `gain` works; by default a folder that goes at the end")
