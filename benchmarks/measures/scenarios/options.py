"""Options of the benchmark under LoadGen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.program import Options, option

Scenario = Literal["SingleStream", "Offline", "Server"]
SINGLE: Scenario = "SingleStream"
OFFLINE: Scenario = "Offline"
SERVER: Scenario = "Server"


@dataclass(frozen=True, kw_only=True)
class ScenarioOptions(Options):
    """Of `benchmarks/scenarios.py`."""

    backbone: str = option("mobilenetv2", "network")
    precision: Literal["fp32", "int8", "auto"] = option("auto", "of the model's files")
    scenarios: tuple[Scenario, ...] = option((SINGLE, OFFLINE, SERVER), "which of them")
    seconds: float = option(30.0, "that each scenario lasts at least")
    queries: int = option(700, "that each scenario has at least; 662 give a p99")
    screens: int = option(24, "in memory, drawn from")
    bound: float = option(500.0, "milliseconds, of an answer in Server")
    percentile: float = option(0.99, "share of the answers of Server that must come within it")
    shares: tuple[float, ...] = option((0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4), "of the Offline rate")
    model: Path | None = option(None, "model folder or .onnx file in place of a random one")
    models: Path = option(Path("edgecad-bench"), "folder where random models are kept")
