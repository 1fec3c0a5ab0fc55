"""How `edgecad train` should train, judged as far as it can be before TensorFlow is imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edgecad.contract import Activation
from edgecad.decision.rules import BALANCED, rule_from_words
from edgecad.errors import UsageError
from edgecad_train.networks.backbones import Backbone, backbone_named
from edgecad_train.training.strategies import Plan, plan_for

if TYPE_CHECKING:
    from edgecad_train.settings import Settings

ClassWeights = Literal["none", "balanced"]


@dataclass(frozen=True)
class Training:
    """How to train, in the command's words; the defaults are the command's.

    Attributes:
        weights: `imagenet`, `none` or a file; None takes what the strategy wants.
        search_trials: configurations that the search tries, if there is one.

    Raises:
        UsageError: a name that is unknown, a figure out of range, or weights that are not there.
    """

    backbone: str = "resnet152v2"
    weights: str | None = None
    strategy: str = "two-stage"
    lr_exponent: float = 4.0
    layerwise: bool = False
    warmup_epochs: int = 100
    finetune_epochs: int = 30
    early_stopping: int | None = None
    units: int = 64
    activation: Activation = "silu"
    dropout: float = 0.3
    search: bool = False
    search_trials: int = 60
    batch_size: int = 16
    class_weights: ClassWeights = "none"
    augment: int = 1
    decide: str = BALANCED
    labelled_by: str = "unnamed readers"
    select_on_test: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        rule_from_words(self.decide)
        if self.search and not self.units:
            raise UsageError("--search finds the units of a hidden layer, and --units 0 wants none; leave one out")
        if not self.plan.pretrained and self.first_weights != "none":
            raise UsageError(
                f"--strategy {self.strategy} starts from random weights, so --weights {self.weights} would go unused; "
                "use --weights none, or another strategy"
            )
        # Here, because `--help` wants the defaults and no arrays.
        from edgecad_train.networks.weights import check_first_weights

        check_first_weights(self.first_weights, self.network)

    @property
    def plan(self) -> Plan:
        """The strategy, filled in."""
        return plan_for(self.strategy, self.lr_exponent, self.warmup_epochs, self.finetune_epochs, self.layerwise)

    @property
    def network(self) -> Backbone:
        """The backbone's entry in the table."""
        return backbone_named(self.backbone)

    @property
    def first_weights(self) -> str:
        """What training starts from: `imagenet`, `none`, or a file's path from the root, so that a run may be gone on
        with from another folder."""
        given = self.weights or ("imagenet" if self.plan.pretrained else "none")
        return given if given in ("imagenet", "none") else str(Path(given).absolute())

    def settings(self) -> Settings:
        """The same in the words of `edgecad_train.run`; imports Keras."""
        from edgecad_train.networks.network import Head
        from edgecad_train.settings import Settings

        return Settings(
            backbone=self.backbone,
            weights=self.first_weights,
            plan=self.plan,
            head=Head(self.units, self.dropout, self.activation),
            batch_size=self.batch_size,
            seed=self.seed,
            reference=self.labelled_by,
            class_weights=self.class_weights,
            patience=self.early_stopping,
            passes=self.augment,
            search_trials=self.search_trials if self.search else 0,
            decide=str(rule_from_words(self.decide)),
            select_on_test=self.select_on_test,
        )
