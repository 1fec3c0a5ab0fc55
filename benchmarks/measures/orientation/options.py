"""Options of `benchmarks/orientation.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.program import Options, option

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, kw_only=True)
class OrientationOptions(Options):
    """Of all its measures."""

    what: Literal["rates", "screens", "watch"]
    runs: int = option(5, "seeds 0, 1, ...")
    patients: int = option(218, "phantoms behind a reference")
    fresh: int = option(1_000, "phantoms of each seed that are judged, by rates and watch")
    screens: int = option(120, "phantoms whose screens are read in each orientation, by screens")
    real: Path = option(ROOT.parent / "shared" / "real", "folder of the one real map; left out where it is not there")
