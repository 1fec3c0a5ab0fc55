"""What defines a run beside its scans and who of them is in which part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

from edgecad.decision.rules import BALANCED, Rule, rule_from_words
from edgecad.errors import UsageError
from edgecad_train.classes import CLASSES
from edgecad_train.networks.network import Head
from edgecad_train.training.stages import StageOptions
from edgecad_train.training.strategies import Plan

ClassWeights = Literal["none", "balanced"]


@dataclass(frozen=True)
class Settings:
    """What defines a run.

    Attributes:
        reference: who labelled the scans.
        class_weights: `balanced` weighs each class in the loss by the inverse of its share of the development scans.
        patience: end a stage after so many epochs without a better one; None runs the paper's epochs.
        passes: augmentation passes; 1 is none.
        search_trials: configurations that Hyperband tries for the head; 0 takes `head` and the plan's a.
        decide: rule of the threshold, as `--decide` takes it.
        select_on_test: also do what the paper did, and tell how much better it looks.
    """

    backbone: str
    weights: str
    plan: Plan
    head: Head = field(default_factory=Head)
    batch_size: int = 16
    seed: int = 0
    reference: str = "unnamed readers"
    class_weights: ClassWeights = "none"
    patience: int | None = None
    passes: int = 1
    search_trials: int = 0
    decide: str = BALANCED
    select_on_test: bool = False

    def __post_init__(self) -> None:
        if not self.plan.pretrained and self.weights != "none":
            raise UsageError(
                f"strategy {self.plan.strategy} starts from random weights, so {self.weights} would go unused; "
                "use --weights none, or another strategy"
            )
        if self.class_weights not in ("none", "balanced"):
            raise UsageError(f"--class-weights {self.class_weights}: none or balanced is wanted")
        if self.passes < 1 or self.search_trials < 0 or (self.patience is not None and self.patience < 1):
            raise UsageError("at least one pass, one epoch of patience and no negative number of trials are wanted")
        rule_from_words(self.decide)

    @property
    def rule(self) -> Rule:
        """The rule of the threshold."""
        return rule_from_words(self.decide)

    def stage_options(self, labels: NDArray[np.int64]) -> StageOptions:
        """How stages are run; `labels` `(n,)` are the class indices of the scans outside the test part."""
        if self.class_weights == "none":
            return StageOptions(self.batch_size, patience=self.patience)
        weights = compute_class_weight("balanced", classes=np.arange(len(CLASSES)), y=labels)
        return StageOptions(self.batch_size, tuple(float(weight) for weight in weights), self.patience)
