"""Options of all simulations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.program import Options, option


@dataclass(frozen=True, kw_only=True)
class SimulationOptions(Options):
    """What to simulate, and how often."""

    what: Literal["auc", "strategies", "networks", "zone", "recalibration"]
    repetitions: int | None = option(None, "of each setting; without it as many as the kept figures have")
    seed: int = option(0, "of everything that is drawn")
    weights: Path | None = option(None, "MobileNetV2's of ImageNet, where networks are trained")
    kept: Path = option(Path("edgecad-bench/simulations"), "folder in which what takes long is kept")
