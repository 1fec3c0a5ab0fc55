"""Options of the benchmarks that train on phantoms, a run a seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.program import Options, option


@dataclass(frozen=True, kw_only=True)
class PhantomRuns(Options):
    """Runs that are kept, so that a benchmark that was killed goes on."""

    backbone: str = option("mobilenetv2", "network")
    weights: str = option("imagenet", "none, imagenet or a file")
    runs: int = option(10, "seeds 0, 1, ...")
    patients: int = option(218, "phantoms of each run")
    train_options: tuple[str, ...] = option((), "for trying out: words for edgecad train, without their --")
    kept: Path = option(Path("edgecad-bench/decisions"), "folder of phantoms, runs and studies")


@dataclass(frozen=True, kw_only=True)
class DecisionOptions(PhantomRuns):
    """Of `benchmarks/decisions.py`."""

    fresh: int = option(400, "phantoms that judge each run")
    again: str = option("sensitivity>=0.95", "rule by which the same scores decide again")


@dataclass(frozen=True, kw_only=True)
class HeadOptions(PhantomRuns):
    """Of `benchmarks/heads.py`."""

    what: Literal["lines", "activations"]
    activations: tuple[str, ...] = option(("silu", "relu"), "the first is compared with the second")
    runs: int = option(5, "seeds 0, 1, ...")
    scan: Path | None = option(None, "for lines; default: the first phantom")
