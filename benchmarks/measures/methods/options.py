"""Options of `benchmarks/methods.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from edgecad_train.classes import LabelRule
from edgecad_train.methods.table import METHODS
from measures.decisions.options import PhantomRuns
from measures.program import option
from measures.uptake.options import ROOT


@dataclass(frozen=True, kw_only=True)
class MethodOptions(PhantomRuns):
    """Studies of drawn phantoms; they are kept, so that a benchmark that was killed goes on."""

    what: Literal["table", "times", "words"]
    runs: int = option(5, "seeds 0, 1, ...: each another draw of phantoms; at least 2")
    folds: int = option(5, "of each study: every phantom is tested once")
    rules: tuple[LabelRule, ...] = option(("deficit", "LAD"), "what labels say", choices=get_args(LabelRule))
    methods: tuple[str, ...] = option(
        tuple(METHODS), "the quick ones share a study with two-stage, and are made together", choices=tuple(METHODS)
    )
    train_options: tuple[str, ...] = option((), "for trying out: words for edgecad study, without their --")
    pictures: Path = option(ROOT / "benchmarks" / "pictures", "folder of pictures")
    kept: Path = option(Path("edgecad-bench/methods"), "folder of phantoms and studies")
