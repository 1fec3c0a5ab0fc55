"""Options of the benchmarks of limits and growth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.models.kept import NETWORKS
from measures.program import Options, option

GROWN = ("mobilenetv2", "resnet50v2")


@dataclass(frozen=True, kw_only=True)
class LimitOptions(Options):
    """Of `benchmarks/limits.py`."""

    what: Literal["limit", "growth"]
    backbones: tuple[str, ...] = option((), f"default: {' '.join(NETWORKS)}, for growth {' '.join(GROWN)}")
    rounds: int = option(10, "turns through everything that is timed")
    repeats: int = option(5, "times in each turn, after one that does not count")
    side: int = option(2048, "rows and columns of the matrices, for limit")
    megabytes: int = option(512, "of each array that is read or copied, for limit")
    precision: Literal["fp32", "int8"] = option("int8", "for growth")
    batches: tuple[int, ...] = option((1, 2, 4, 8, 12, 16), "images at once, for growth")
    sizes: tuple[int, ...] = option((96, 128, 160, 192, 224, 256, 288, 320), "pixels, for growth")
    models: Path = option(Path("edgecad-bench"), "folder where random models are kept")

    @property
    def networks(self) -> tuple[str, ...]:
        """Those that were named, or what is claimed."""
        return self.backbones or (NETWORKS if self.what == "limit" else GROWN)
