"""The paper's six strategies of transfer learning, as data: which layers learn, for how long, how fast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from edgecad.errors import UsageError
from edgecad.system.words import did_you_mean

Part = Literal["head", "top", "after-first", "everything"]
"""What a stage trains: the head; the head and the top blocks; all but the first layers; all layers."""


@dataclass(frozen=True)
class Stage:
    """One stage of training.

    Attributes:
        name: word for tables and pictures.
        part: what is trained.
        epochs: how many; the best of them goes on.
        learning_rate: of Adam; with `layerwise`, of the head.
        hold_batch_norm: keep batch normalisation in inference mode.
        layerwise: lower the rate from block to block on the way down; see `edgecad_train.training.rates`.
    """

    name: str
    part: Part
    epochs: int
    learning_rate: float
    hold_batch_norm: bool = True
    layerwise: bool = False


@dataclass(frozen=True)
class Plan:
    """A strategy with its figures filled in."""

    strategy: str
    stages: tuple[Stage, ...]
    pretrained: bool
    lr_exponent: float = 4.0

    def at(self, lr_exponent: float) -> Plan:
        """The same plan with another a: all rates follow, since all are powers of ten of it."""
        factor = 10.0 ** (self.lr_exponent - lr_exponent)
        stages = tuple(replace(stage, learning_rate=stage.learning_rate * factor) for stage in self.stages)
        return replace(self, stages=stages, lr_exponent=lr_exponent)


@dataclass(frozen=True)
class _Figures:
    """What the stages of all strategies are made from."""

    lr1: float
    lr2: float
    warmup: int
    finetune: int
    layerwise: bool

    def head(self) -> Stage:
        return Stage("warm-up", "head", self.warmup, self.lr1)

    def top(self, rate: float) -> Stage:
        return Stage("fine-tuning", "top", self.finetune, rate, layerwise=self.layerwise)

    def long(self, name: str, part: Part) -> Stage:
        # From scratch, batch normalisation has nothing to hold: its statistics must be learnt.
        return Stage(name, part, self.warmup, self.lr1, hold_batch_norm=name != "scratch", layerwise=self.layerwise)


_PLANS: dict[str, tuple[str, Callable[[_Figures], tuple[Stage, ...]]]] = {
    "scratch": ("S1", lambda f: (f.long("scratch", "everything"),)),
    "all": ("S2", lambda f: (f.long("all layers", "everything"),)),
    "first-layers": ("S3", lambda f: (f.long("after the first layers", "after-first"),)),
    "warm-up": ("S4", lambda f: (f.head(),)),
    "fine-tuning": ("S5", lambda f: (f.top(f.lr2),)),
    "fine-tuning-lr1": ("S5, ours", lambda f: (f.top(f.lr1),)),
    "two-stage": ("S6", lambda f: (f.head(), f.top(f.lr2))),
}

STRATEGIES = tuple(_PLANS)
"""Names of all strategies, in the paper's order S1 to S6, and S5 at the rate of warm-up beside S5 as a variant."""


def paper_number(strategy: str) -> str:
    """The strategy's number in the paper, for tables: `S1` to `S6`."""
    return _PLANS[strategy][0]


def plan_for(
    strategy: str, lr_exponent: float = 4.0, warmup: int = 100, finetune: int = 30, layerwise: bool = False
) -> Plan:
    """Fill a strategy in.

    Learning rates follow equation (1) of the paper (Computers, Materials & Continua 2022,
    doi:10.32604/cmc.2022.031027), whose minus signs were lost in print: LR1 = 10^-a, LR2 = 10^-(a+2),
    with 3 <= a <= 4. Strategies of one stage run at LR1, S5 at LR2.

    Args:
        warmup: epochs of warm-up, and of the strategies that train more than the top from the start.
        finetune: epochs of fine-tuning the top.
        layerwise: differential rates for every stage that trains more than the head.
    """
    if not 3 <= lr_exponent <= 4:
        raise UsageError(f"--lr-exponent {lr_exponent:g} is not within 3 to 4, the rule's own range")
    if warmup < 1 or finetune < 1:
        raise UsageError("a stage needs at least one epoch")
    if strategy not in _PLANS:
        raise UsageError(
            f"no strategy is called {strategy!r}{did_you_mean(strategy, STRATEGIES)}; choose one of: "
            f"{', '.join(STRATEGIES)}"
        )
    figures = _Figures(10.0**-lr_exponent, 10.0 ** -(lr_exponent + 2), warmup, finetune, layerwise)
    return Plan(strategy, _PLANS[strategy][1](figures), pretrained=strategy != "scratch", lr_exponent=lr_exponent)
