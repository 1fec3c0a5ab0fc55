"""Options of `benchmarks/uptake.py`, and of what judges models of uptake on fresh phantoms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.decisions.options import PhantomRuns
from measures.program import option

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, kw_only=True)
class JudgedRuns(PhantomRuns):
    """Runs whose models are judged on fresh phantoms."""

    fresh: int = option(400, "phantoms that judge each model")
    kept: Path = option(Path("edgecad-bench/uptake"), "folder of phantoms and runs")

    def seeds(self, default: int) -> range:
        """Seeds of this run."""
        return range(self.runs or default)


@dataclass(frozen=True, kw_only=True)
class UptakeOptions(JudgedRuns):
    """Of all its measures."""

    what: Literal["score", "layouts", "fresh", "accuracy", "drawings", "preparation", "bars", "names"]
    runs: int = option(0, "seeds 0, 1, ...; default: 3 of score, 1 of layouts, 5 of accuracy, 2 of drawings")
    strategy: str = option("two-stage", "of score and layouts")
    folds: int = option(5, "of score and layouts; 0: one validation part. accuracy and drawings take one part")
    phantoms: int = option(40, "maps of score and drawings that score between .2 and .8")
    maps: int = option(8, "maps of layouts that score between .2 and .8")
    layouts: int = option(1, "every so manieth layout of the suite")
    drawings: int = option(1, "every so manieth drawing that is tried")
    fresh: int = option(400, "phantoms of fresh, and those that judge each model of accuracy and drawings")
    names: int = option(40, "screens of each style and table, of names")
    rounds: int = option(5, "of preparation, after one that does not count")
    screens: int = option(24, "of preparation")
    bars: int = option(200, "screens with a colour bar, of bars")
    bare_screens: int = option(100, "screens without one, of bars")
    real: Path = option(ROOT.parent / "shared" / "real", "folder of the one real map; left out where it is not there")
    pictures: Path = option(ROOT / "benchmarks" / "pictures", "folder of pictures")
