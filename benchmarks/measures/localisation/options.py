"""Options of `benchmarks/localisation.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from edgecad.contract import Features
from measures.decisions.options import PhantomRuns
from measures.program import option
from measures.uptake.options import ROOT


@dataclass(frozen=True, kw_only=True)
class LocalisationOptions(PhantomRuns):
    """Of the whole program."""

    runs: int = option(3, "seeds 0, 1, ...")
    strategies: tuple[str, ...] = option(("two-stage", "warm-up"), "S6 and S4")
    features: tuple[Features, ...] = option(("stride-16",), "which are pooled", choices=get_args(Features))
    beyond: Literal["black", "mirrored"] | None = option(None, "what is drawn outside the disc; default: as in train")
    fresh: int = option(240, "phantoms that judge each model: large defects that it scores .5 or more")
    real: Path = option(ROOT.parent / "shared" / "real", "folder of the one real map; left out where it is not there")
    pictures: Path = option(ROOT / "benchmarks" / "pictures", "folder of pictures")
    kept: Path = option(Path("edgecad-bench/localisation"), "folder of phantoms and runs")
