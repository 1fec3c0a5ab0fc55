"""Options of `benchmarks/ensembles.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from measures.decisions.options import PhantomRuns
from measures.program import option


@dataclass(frozen=True, kw_only=True)
class EnsembleOptions(PhantomRuns):
    """Runs of some splits, several of each; they are kept, so that a benchmark that was killed goes on."""

    runs: int = option(5, "splits 0, 1, ..., each of other phantoms")
    members: int = option(3, "trainings of each split")
    fresh: int = option(400, "phantoms that judge each split")
    rounds: int = option(200, "images through each file")
    kept: Path = option(Path("edgecad-bench/ensembles"), "folder of phantoms, runs and models")
