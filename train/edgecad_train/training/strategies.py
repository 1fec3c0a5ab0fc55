"""Strategies of transfer learning, as data: which layers learn, for how long, how fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgecad.errors import UsageError

Part = Literal["head", "top", "everything"]
"""What a stage trains: the head; the head and the top blocks; all layers."""


@dataclass(frozen=True)
class Stage:
    """One stage of training.

    Attributes:
        name: word for tables and pictures.
        part: what is trained.
        epochs: how many; the best of them goes on.
        learning_rate: of Adam.
        hold_batch_norm: keep batch normalisation in inference mode.
    """

    name: str
    part: Part
    epochs: int
    learning_rate: float
    hold_batch_norm: bool = True


@dataclass(frozen=True)
class Plan:
    """A strategy with its figures filled in."""

    strategy: str
    stages: tuple[Stage, ...]
    pretrained: bool


STRATEGIES = ("two-stage", "warm-up", "scratch")


def plan_for(strategy: str, lr_exponent: float = 4.0, warmup: int = 100, finetune: int = 30) -> Plan:
    """Fill a strategy in.

    Learning rates follow equation (1) of the paper (Computers, Materials & Continua 2022,
    doi:10.32604/cmc.2022.031027), whose minus signs were lost in print: LR1 = 10^-a, LR2 = 10^-(a+2),
    with 3 <= a <= 4.
    """
    if not 3 <= lr_exponent <= 4:
        raise UsageError(f"--lr-exponent {lr_exponent:g} is not within 3 to 4, the rule's own range")
    if warmup < 1 or finetune < 1:
        raise UsageError("a stage needs at least one epoch")
    lr1, lr2 = 10.0**-lr_exponent, 10.0 ** -(lr_exponent + 2)
    warm = Stage("warm-up", "head", warmup, lr1)
    fine = Stage("fine-tuning", "top", finetune, lr2)
    # From scratch, batch normalisation has nothing to hold: its statistics must be learnt.
    scratch = Stage("scratch", "everything", warmup, lr1, hold_batch_norm=False)
    stages = {"two-stage": (warm, fine), "warm-up": (warm,), "scratch": (scratch,)}
    if strategy not in stages:
        raise UsageError(f"no strategy is called {strategy!r}; choose one of: {', '.join(STRATEGIES)}")
    return Plan(strategy, stages[strategy], pretrained=strategy != "scratch")
