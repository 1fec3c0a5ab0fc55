"""Options of `benchmarks/features.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from edgecad.contract import Features
from measures.program import option
from measures.uptake.options import JudgedRuns

ALL: tuple[Features, ...] = get_args(Features)


@dataclass(frozen=True, kw_only=True)
class FeatureOptions(JudgedRuns):
    """Of both measures."""

    what: Literal["accuracy", "cost"]
    runs: int = option(0, "seeds 0, 1, ... of accuracy; default: 5")
    strategies: tuple[str, ...] = option(("warm-up", "two-stage"), "of accuracy: S4 and S6")
    features: tuple[Features, ...] = option(ALL, "which are compared with the last, or measured", choices=ALL)
    backbones: tuple[str, ...] = option(("mobilenetv2",), "networks of cost", metavar="NAME")
    precisions: tuple[Literal["fp16", "int8"], ...] = option(("fp16", "int8"), "of cost, beside fp32")
    rounds: int = option(200, "answers of each file, of cost")
