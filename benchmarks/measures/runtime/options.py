"""Options of the benchmarks of the runtime."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.program import Options, option

MOST = 64
"""Images at once that engines of `gpu`'s batches are built for; tuned for 16."""


@dataclass(frozen=True, kw_only=True)
class RuntimeOptions(Options):
    """Of `benchmarks/runtime.py`."""

    what: Literal["start", "overhead", "folder", "gpu"]
    backbone: str | None = option(None, "of the random model; default: mobilenetv2, for folder resnet50v2")
    backbones: tuple[str, ...] = option(("mobilenetv2", "resnet50v2", "resnet152v2"), "for gpu")
    model: Path | None = option(None, "model folder or .onnx file in place of a random one")
    rounds: int = option(20, "whole processes of each kind, for start")
    warm: int = option(300, "warm answers, for overhead")
    screens: int = option(500, "for folder")
    batches: tuple[int, ...] = option((1, 2, 4, 8, 16, 32, MOST), "images at once, for gpu")
    side: int = option(8192, "rows and columns of the matrices that show a rate, for gpu")
    megabytes: int = option(1024, "of the array that shows a bandwidth, for gpu")
    models: Path = option(Path("edgecad-bench"), "folder where random models are kept, for gpu")

    @property
    def network(self) -> str:
        """Of the random model."""
        return self.backbone or ("resnet50v2" if self.what == "folder" else "mobilenetv2")
