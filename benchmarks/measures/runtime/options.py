"""Options of the benchmarks of the runtime."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.program import Options, option


@dataclass(frozen=True, kw_only=True)
class RuntimeOptions(Options):
    """Of `benchmarks/runtime.py`."""

    what: Literal["start", "overhead", "folder"]
    backbone: str | None = option(None, "of the random model; default: mobilenetv2, for folder resnet50v2")
    model: Path | None = option(None, "model folder or .onnx file in place of a random one")
    rounds: int = option(20, "whole processes of each kind, for start")
    warm: int = option(300, "warm answers, for overhead")
    screens: int = option(500, "for folder")

    @property
    def network(self) -> str:
        """Of the random model."""
        return self.backbone or ("resnet50v2" if self.what == "folder" else "mobilenetv2")
