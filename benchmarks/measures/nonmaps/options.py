"""Options of `benchmarks/nonmaps.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.decisions.options import PhantomRuns
from measures.program import option

Part = Literal["building", "kept", "untellable"]
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, kw_only=True)
class NonMapsOptions(PhantomRuns):
    """Of both its measures."""

    what: Literal["answered", "maps"]
    model: tuple[Path, ...] = option((), "folders or pointers of models or runs, in place of models trained here")
    runs: int = option(5, "seeds 0, 1, ...")
    strategy: str = option("two-stage", "of the models that are trained here")
    folds: int = option(5, "of these; 0: one validation part")
    parts: tuple[Part, ...] = option(("building", "kept", "untellable"), "of answered: which kinds")
    pictures: int = option(8, "of each kind, of answered")
    kinds: int = option(1, "every so manieth kind, for trying out")
    fresh: int = option(400, "phantoms, of maps")
    real: Path = option(ROOT.parent / "shared" / "real", "folder of the one real map; left out where it is not there")
    kept: Path = option(Path("edgecad-bench/nonmaps"), "folder of phantoms, runs and models")
